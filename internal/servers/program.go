package servers

import (
	"context"
	"errors"
	"os"
)

// RunKafka starts a fresh Kafka for a program that is no test, and returns its address when it is ready. It runs, with
// all its data, until stop is called.
func RunKafka(ctx context.Context) (addr string, stop func(), err error) {
	return standalone(ctx, kafka)
}

// RunCassandra is RunKafka for a Cassandra.
func RunCassandra(ctx context.Context) (addr string, stop func(), err error) {
	return standalone(ctx, cassandra)
}

func standalone(ctx context.Context, k *kind) (string, func(), error) {
	if why := k.missing(); why != "" {
		return "", nil, errors.New(why)
	}
	sweep()
	if err := os.MkdirAll(runRoot(), 0o755); err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp(runRoot(), k.name+"-program-")
	if err != nil {
		return "", nil, err
	}
	lock, err := waitAcquire(ctx, dir)
	if err != nil {
		return "", nil, err
	}
	remove := func() {
		os.RemoveAll(dir)
		lock.Close()
	}
	ctx, cancel := context.WithCancel(ctx)
	in, err := launch(ctx, k, dir)
	if err != nil {
		cancel()
		remove()
		return "", nil, err
	}
	return in.addr(), func() {
		cancel()
		<-in.child.done
		remove()
	}, nil
}
