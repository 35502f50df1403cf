package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"time"

	"golang.org/x/term"
)

// suite is what was asked for, and what came of it.
type suite struct {
	rows, partitions, batch, rounds  int
	stage, topology, out, cpuProfile string
	goalsOnly, real, long            bool
	kafka, cassandra, only           string
	stops                            []func() // of the servers that were started

	command    string
	began      time.Time
	busy       string // the load average then
	figures    []*figure
	curves     []curve
	nodes      []nodes
	histograms []histogram
	notes      []note
	results    map[goalID]*result
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if text := os.Getenv(childOrder); text != "" {
		return runChild(ctx, text)
	}
	s := &suite{began: time.Now(), busy: busy(), results: map[goalID]*result{}, command: "go run ./benchmarks " + strings.Join(os.Args[1:], " ")}
	s.flags()
	if s.cpuProfile != "" {
		f, err := os.Create(s.cpuProfile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	err := s.measure(ctx)
	for _, stop := range s.stops {
		stop()
	}
	s.progress("")
	s.write(os.Stdout)
	return errors.Join(err, s.save()) // what was measured before an error or an interrupt is kept
}

func (s *suite) flags() {
	flag.StringVar(&s.stage, "stage", "", "measure this stage only: "+strings.Join(stageNames, ", "))
	flag.StringVar(&s.topology, "topology", "", "measure this topology only: "+strings.Join(topologyNames, ", "))
	flag.StringVar(&s.only, "only", "", "measure this part only: topologies, stages, sinks, commits, upserts, steady, backlog, files, window, sweeps, nodes; with -real memory, cassandra, freshness")
	flag.BoolVar(&s.goalsOnly, "goals", false, "measure what the project's goals need, and nothing else")
	flag.BoolVar(&s.real, "real", false, "measure Cassandra, freshness and memory too, on servers of its own (Java 17, Maven) or those given")
	flag.BoolVar(&s.long, "long", false, "measure at full size: a table of 10 M rows, a backlog of 20 M")
	flag.StringVar(&s.kafka, "kafka", "", "host:port of a Kafka for -real, in place of one of its own")
	flag.StringVar(&s.cassandra, "cassandra", "", "host:port of a Cassandra for -real, in place of one of its own")
	flag.IntVar(&s.rows, "rows", 500_000, "rows of a trial")
	flag.IntVar(&s.partitions, "partitions", 4, "partitions of a topology")
	flag.IntVar(&s.batch, "batch", 1024, "rows of a batch")
	flag.IntVar(&s.rounds, "rounds", 5, "warm rounds, of which the median counts")
	flag.StringVar(&s.cpuProfile, "cpuprofile", "", "write a CPU profile of all of it to this file; its label \"node\" is the node")
	flag.StringVar(&s.out, "out", "benchmarks/results", "folder for the text and the page; empty: none")
	flag.Parse()
}

// measure does what was asked for, the parts that need no server first.
func (s *suite) measure(ctx context.Context) error {
	if s.stage != "" {
		return s.measureStages(ctx, s.stage)
	}
	if s.topology != "" {
		return s.measureTopologies(ctx, s.topology)
	}
	for _, p := range s.parts() {
		if s.only != "" && s.only != p.name {
			continue
		}
		if err := p.run(ctx); err != nil {
			return err
		}
	}
	return nil
}

// part is a group of figures that can be asked for by name.
type part struct {
	name string
	run  func(context.Context) error
}

func (s *suite) parts() []part {
	var only []string
	if s.goalsOnly {
		only = []string{"decode", "decode-nested"}
	}
	parts := []part{
		{"topologies", func(ctx context.Context) error { return s.measureTopologies(ctx, "") }},
		{"stages", func(ctx context.Context) error { return s.measureStages(ctx, only...) }},
		{"sinks", s.measureSinks},
		{"commits", s.measureCommits},
		{"upserts", s.measureUpserts},
		{"steady", s.measureSteady},
		{"backlog", s.measureBacklog},
		{"files", s.measureFiles},
		{"window", s.measureWindow},
	}
	if !s.goalsOnly {
		parts = append(parts, part{"sweeps", s.measureSweeps}, part{"nodes", s.measureAllNodes})
	}
	if s.real {
		parts = append(parts, part{"memory", s.measureMemory}, part{"cassandra", s.measureCassandra}, part{"freshness", s.measureFreshness})
	}
	return parts
}

// progress says what is measured now: in place on a terminal, else a line each.
func (s *suite) progress(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if term.IsTerminal(int(os.Stderr.Fd())) {
		fmt.Fprintf(os.Stderr, "\r\x1b[K%s", line)
	} else if line != "" {
		fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(s.began).Seconds(), line)
	}
}

// save writes the tables, and the page with plots, to files.
func (s *suite) save() error {
	if s.out == "" {
		return nil
	}
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return err
	}
	var text strings.Builder
	s.write(&text)
	name := filepath.Join(s.out, s.began.UTC().Format("2006-01-02")+"-"+slug())
	if err := os.WriteFile(name+".txt", []byte(text.String()), 0o644); err != nil {
		return err
	}
	f, err := os.Create(name + ".html")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := s.writePage(f, text.String()); err != nil {
		return err
	}
	fmt.Printf("\nwritten to %s.txt and .html\n", name)
	return f.Close()
}
