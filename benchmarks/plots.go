package main

import (
	"bytes"
	"html/template"
	"io"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// histogram is how often which latency was seen.
type histogram struct {
	what string
	ms   []float64
}

const width, height = 16 * vg.Centimeter, 9 * vg.Centimeter

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Benchmarks, {{.Date}}</title>
<style>body{font:15px sans-serif;max-width:75em;margin:2em auto;padding:0 1em}pre{overflow-x:auto;background:#f6f6f6;padding:1em}
figure{display:inline-block;margin:1em}</style></head>
<body><h1>Benchmarks, {{.Date}}</h1><p>{{.Machine}}</p><p><code>{{.Command}}</code></p>
{{range .Plots}}<figure>{{.}}</figure>
{{end}}<h2>Figures</h2><pre>{{.Text}}</pre></body></html>
`))

// writePage is the report as one file that needs no other.
func (s *suite) writePage(out io.Writer, text string) error {
	plots, err := s.plots()
	if err != nil {
		return err
	}
	return page.Execute(out, map[string]any{
		"Date": s.began.UTC().Format("2006-01-02 15:04 UTC"), "Machine": machine(), "Command": s.command, "Plots": plots, "Text": text,
	})
}

func (s *suite) plots() ([]template.HTML, error) {
	var all []*plot.Plot
	for _, add := range []func() ([]*plot.Plot, error){s.rates, s.curvePlots, s.cpuPlots, s.histogramPlots} {
		plots, err := add()
		if err != nil {
			return nil, err
		}
		all = append(all, plots...)
	}
	var drawn []template.HTML
	for _, p := range all {
		c := vgsvg.New(width, height)
		p.Draw(draw.New(c))
		var svg bytes.Buffer
		if _, err := c.WriteTo(&svg); err != nil {
			return nil, err
		}
		at := max(bytes.Index(svg.Bytes(), []byte("<svg")), 0) // after the XML declaration
		drawn = append(drawn, template.HTML(svg.Bytes()[at:]))
	}
	return drawn, nil
}

// rates is a bar chart of each part.
func (s *suite) rates() ([]*plot.Plot, error) {
	var all []*plot.Plot
	for list := s.figures; len(list) > 0; {
		n := slices.IndexFunc(list, func(f *figure) bool { return f.Part != list[0].Part })
		if n < 0 {
			n = len(list)
		}
		var names []string
		var values []float64
		for _, f := range list[:n] {
			names, values = append(names, f.Name), append(values, f.rate()/1000)
		}
		p, err := bars(list[0].Part, "thousand rows/s", names, values)
		if err != nil {
			return nil, err
		}
		all, list = append(all, p), list[n:]
	}
	return all, nil
}

func (s *suite) curvePlots() ([]*plot.Plot, error) {
	var all []*plot.Plot
	for _, c := range s.curves {
		points := make(plotter.XYs, len(c.points))
		for i, p := range c.points {
			points[i] = plotter.XY{X: p.size, Y: p.cost}
		}
		p := plot.New()
		p.Title.Text, p.X.Label.Text, p.Y.Label.Text = "cost against "+c.title, c.axis, c.unit
		p.X.Scale, p.X.Tick.Marker, p.Y.Min = plot.LogScale{}, ticks(c.points), 0
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, err
		}
		p.Add(plotter.NewGrid(), line, dots)
		p.Y.Min = 0
		all = append(all, p)
	}
	return all, nil
}

// ticks stand at the sizes that were measured.
func ticks(at []point) plot.ConstantTicks {
	var list plot.ConstantTicks
	for _, p := range at {
		list = append(list, plot.Tick{Value: p.size, Label: short(int64(p.size))})
	}
	return list
}

// cpuPlots is where the CPU goes, by node.
func (s *suite) cpuPlots() ([]*plot.Plot, error) {
	var all []*plot.Plot
	for _, n := range s.nodes {
		var names []string
		var values []float64
		for _, node := range n.Nodes {
			names, values = append(names, node.Node), append(values, n.cpu[node.Node].Seconds())
		}
		p, err := bars("CPU by node, "+n.title, "seconds", append(names, "elsewhere"), append(values, n.cpu[""].Seconds()))
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func (s *suite) histogramPlots() ([]*plot.Plot, error) {
	var all []*plot.Plot
	for _, h := range s.histograms {
		if len(h.ms) == 0 {
			continue
		}
		most := quantile(h.ms, 0.999)
		shown := slices.DeleteFunc(slices.Clone(h.ms), func(ms float64) bool { return ms > most })
		p := plot.New()
		p.Title.Text, p.X.Label.Text, p.Y.Label.Text = "freshness: "+h.what, "ms, up to p99.9", "rows"
		bins, err := plotter.NewHist(plotter.Values(shown), 50)
		if err != nil {
			return nil, err
		}
		p.Add(bins)
		all = append(all, p)
	}
	return all, nil
}

// bars lie on their side, the first on top, so that names have room.
func bars(title, unit string, names []string, values []float64) (*plot.Plot, error) {
	names, values = slices.Clone(names), slices.Clone(values)
	slices.Reverse(names)
	slices.Reverse(values)
	p := plot.New()
	p.Title.Text, p.X.Label.Text = title, unit
	b, err := plotter.NewBarChart(plotter.Values(values), vg.Points(12))
	if err != nil {
		return nil, err
	}
	b.Horizontal = true
	p.Add(b)
	p.NominalY(names...)
	p.X.Min = 0
	return p, nil
}
