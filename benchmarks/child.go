package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/sinks/parquet"
)

// childOrder is what a child process is to read, in the variable of that name.
const childOrder = "TANDEM_BENCHMARK_CHILD"

type order struct {
	Brokers   []string
	Topic     string
	Rows      int64
	Warehouse string
}

// inChild has this same program work a backlog off, and gives its peak memory.
func inChild(ctx context.Context, o order, limit string) (mib float64, err error) {
	text, err := json.Marshal(o)
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Env = append(os.Environ(), childOrder+"="+string(text))
	if limit != "" {
		cmd.Env = append(cmd.Env, "GOMEMLIMIT="+limit)
	}
	cmd.Stderr = os.Stderr
	said, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("the child process: %w", err)
	}
	var kib int64
	if _, err := fmt.Sscan(string(said), &kib); err != nil {
		return 0, fmt.Errorf("the child process said %q of its memory: %w", said, err)
	}
	return float64(kib) / 1024, nil
}

// highWater is the most memory that this process had at a time, in KiB. What
// wait4 tells of a child is no use: at exec Linux leaves in it what the parent
// had when it forked.
func highWater() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(after, &kib); err != nil {
		return 0, fmt.Errorf("/proc/self/status: VmHWM: %w", err)
	}
	return kib, nil
}

// runChild is the life of a child process, which says its peak memory last.
func runChild(ctx context.Context, text string) error {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	g := wire(topic{o.Brokers, o.Topic, o.Rows}.source(), work(), &memstore.Sink{Discard: true}, &parquet.Sink{Warehouse: o.Warehouse})
	if err := g.Run(ctx); err != nil {
		return err
	}
	if read := g.Ledger().Read; read != o.Rows {
		return fmt.Errorf("%d rows were counted in the stores, want %d", read, o.Rows)
	}
	kib, err := highWater()
	if err != nil {
		return err
	}
	_, err = fmt.Println(kib)
	return err
}
