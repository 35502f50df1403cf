package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tandemdata/tandem/pipeline/report"
)

// write is the text of all that was measured.
func (s *suite) write(out io.Writer) {
	fmt.Fprintf(out, "%s\n%s\n%s, %s\nload average over 1, 5 and 15 minutes: %s at the start, %s at the end\n\n",
		s.command, machine(), s.began.UTC().Format(time.RFC3339), revision(), s.busy, busy())
	for _, n := range s.nodes {
		fmt.Fprintf(out, "%s, node by node\n%s\n", n.title, n.Report)
	}
	s.writeFigures(out)
	s.writeNotes(out)
	if len(s.results) > 0 {
		s.writeGoals(out)
	}
}

func (s *suite) writeFigures(out io.Writer) {
	part := ""
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, f := range s.figures {
		if f.Part != part {
			part = f.Part
			fmt.Fprintf(w, "%s\trows\trows/s\tns/row\tleast\tmost\tcold\tCPU ns/row\tallocs/row\tbytes/row\t\n", part)
		}
		all := spreadOf(f.PerRow)
		fmt.Fprintf(w, "%s\t%s\t%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.2f\t%.0f\t\n", f.Name, report.Count(f.Rows),
			report.Count(int64(f.rate())), all.Mid, all.Min, all.Max, f.Cold, f.CPU, f.Allocs, f.Bytes)
	}
	_ = w.Flush()
	fmt.Fprintln(out)
}

func (s *suite) writeNotes(out io.Writer) {
	part := ""
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, n := range s.notes {
		if n.part != part {
			part = n.part
			fmt.Fprintf(w, "%s\tmedian\tleast\tmost\t\n", part)
		}
		fmt.Fprintf(w, "  %s %s\t%.4g\t%.4g\t%.4g\t\n", n.at, n.unit, n.Mid, n.Min, n.Max)
	}
	_ = w.Flush()
	fmt.Fprintln(out)
}

// writeGoals is the table of goals with this run's figures beside them. The
// control is what the first contestant makes beside itself.
func (s *suite) writeGoals(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "goal\twants\tgot\tleast to most\tcontrol\tverdict\t\t")
	for _, g := range goals {
		r := s.results[g.id]
		if r == nil {
			fmt.Fprintf(w, "%s\t%s\t-\t-\t-\tnot measured\t%s\t\n", g.what, g.wants(), g.slow)
			continue
		}
		control := "-"
		if r.control.Mid > 0 {
			control = fmt.Sprintf("%.2f to %.2f", r.control.Min, r.control.Max)
		}
		fmt.Fprintf(w, "%s\t%s\t%.3g%s\t%.3g to %.3g\t%s\t%s\t%s\t\n", g.what, g.wants(), r.got.Mid, g.unit, r.got.Min, r.got.Max, control, g.verdict(r), r.note)
	}
	_ = w.Flush()
}

// machine says what the figures were measured on.
func machine() string {
	return fmt.Sprintf("%s, %d CPUs, %s, %s/%s", cpuModel(), runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// busy says how many processes wanted a CPU of late, the program's own among
// them: above the number of CPUs, others took part of the time that is reported.
func busy() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown CPU"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, model, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return "unknown CPU"
}

// slug is the machine as part of a file's name.
func slug() string {
	name := strings.FieldsFunc(strings.ToLower(cpuModel()), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return fmt.Sprintf("%s-%dcpu", strings.Join(name, "-"), runtime.NumCPU())
}

func revision() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "outside of a repository"
	}
	return "revision " + strings.TrimSpace(string(out))
}
