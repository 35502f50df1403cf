package servers

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/tandemdata/tandem/internal/child"
)

const orderVariable = "TANDEM_SERVERS_SUPERVISE"

// order is the environment that makes a test binary the supervisor of one server for one run.
func order(k *kind, owner process) string {
	return fmt.Sprintf("%s=%s %d %s", orderVariable, k.name, owner.pid, owner.start)
}

// A test binary that was started with an order is no test: it ends here, before its tests begin.
func init() {
	if given := os.Getenv(orderVariable); given != "" {
		os.Unsetenv(orderVariable)
		obey(given)
		os.Exit(0)
	}
}

func obey(given string) {
	var name string
	var owner process
	if _, err := fmt.Sscan(given, &name, &owner.pid, &owner.start); err != nil {
		log.Fatalf("%s=%q: %v", orderVariable, given, err)
	}
	for _, k := range []*kind{kafka, cassandra, registry} {
		if k.name == name {
			supervise(k, owner)
		}
	}
}

// supervise keeps one server for as long as the owner lives, then ends it and removes all it wrote. A failure stays
// for the run too: the other packages shall not each wait for a server that can't be.
func supervise(k *kind, owner process) {
	lock := os.NewFile(3, "lock") // the first of startSupervisor's ExtraFiles
	keepFromChildren(lock)
	defer lock.Close()
	dir := sharedDir(k, owner)
	defer os.RemoveAll(dir)
	sweep()

	gone := whileAlive(owner)
	if err := serve(gone, k, dir); err != nil {
		publish(dir, state{Failure: fmt.Sprintf("servers: the shared %s: %v", k, err)})
	}
	<-gone.Done()
}

// serve returns when the owner is gone, or earlier with the failure of the server.
func serve(gone context.Context, k *kind, dir string) error {
	server, err := launch(gone, k, dir)
	if err != nil {
		return err
	}
	publish(dir, state{Addr: server.addr(), PID: server.child.PID()})
	<-server.child.Done() // gone kills it
	if gone.Err() != nil {
		return nil
	}
	return fmt.Errorf("it ended (%v) while it was in use:\n%s", server.child.Wait(), child.Tail(server.log()))
}

func publish(dir string, s state) {
	if err := writeState(dir, s); err != nil {
		log.Print(err)
	}
}
