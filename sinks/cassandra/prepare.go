package cassandra

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/gocql/gocql"
)

// prepare makes sure of the table, and gives it as it lies there. It has a session of its own: the one for the writes
// needs the keyspace to be there.
func (s *Sink) prepare(ctx context.Context, t *table, log *slog.Logger) (*table, error) {
	c, err := s.connectSchema(log)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.checkDataCenter(ctx, s.DataCenter); err != nil {
		return nil, err
	}
	if err := c.ensureKeyspace(ctx, s); err != nil {
		return nil, err
	}
	return c.ensureTable(ctx, t, s.Create)
}

// checkDataCenter refuses a name that no node has: all would count as remote, and be asked all the same.
func (c *connection) checkDataCenter(ctx context.Context, want string) error {
	if want == "" {
		return nil
	}
	var names []string
	for _, from := range []string{"system.local", "system.peers"} {
		name := ""
		i := c.Query("SELECT data_center FROM " + from).WithContext(ctx).Iter()
		for i.Scan(&name) {
			names = append(names, name)
		}
		if err := i.Close(); err != nil {
			return fmt.Errorf("read the data centers: %w", err)
		}
	}
	if slices.Contains(names, want) {
		return nil
	}
	slices.Sort(names)
	return fmt.Errorf("DataCenter %q: the nodes are in %s", want, strings.Join(slices.Compact(names), ", "))
}

func (c *connection) ensureKeyspace(ctx context.Context, s *Sink) error {
	const find = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?"
	var name string
	err := c.Query(find, s.Keyspace).WithContext(ctx).Scan(&name)
	if err == nil {
		return nil
	}
	if err != gocql.ErrNotFound {
		return fmt.Errorf("look for keyspace %q: %w", s.Keyspace, err)
	}
	if !s.Create {
		return fmt.Errorf("keyspace %q does not exist; set Create, or run: %s", s.Keyspace, createKeyspace(s.Keyspace, s.Replication))
	}
	return c.define(ctx, createKeyspace(s.Keyspace, s.Replication))
}

// maxRounds is how often a table is asked for what it lacks while others change it too.
const maxRounds = 10

// ensureTable gives the table as it lies there, once it has all that its rows need.
//
// Other processes may be at the same. What they were faster with, Cassandra refuses to add again, and the next look
// finds it there. Two nodes that each give a type a field at one time leave only one of the two, the later: once the
// nodes agree, the next look finds which. Only a refusal after which nothing has changed is an error.
func (c *connection) ensureTable(ctx context.Context, t *table, create bool) (*table, error) {
	var before []string
	var refused error
	for range maxRounds {
		have, err := c.shape(ctx, t)
		if err != nil {
			return nil, err
		}
		fitted, missing, err := t.fit(have)
		switch {
		case err != nil:
			return nil, err
		case len(missing) == 0:
			if stmt := t.stale(have); stmt != "" && create {
				if err := c.define(ctx, stmt); err != nil {
					return nil, err
				}
			}
			return fitted, c.settle(ctx, fitted)
		case !create:
			return nil, fmt.Errorf("table %s %s; set Create, or run: %s", t.qualified(t.name()), have.lack(), strings.Join(missing, "; "))
		case refused != nil && slices.Equal(missing, before):
			return nil, refused
		}
		if refused = c.define(ctx, missing...); refused != nil && !refusal(refused) {
			return nil, refused
		}
		before = missing
	}
	return nil, fmt.Errorf("table %s: others keep changing it, %d times so far", t.qualified(t.name()), maxRounds)
}

// settlePause is how often a node is asked whether it knows a column.
const settlePause = 20 * time.Millisecond

// settle waits until all nodes know the columns of a group that evolves. Others may be about to add one of them, and a
// node has written it to system_schema before it knows it itself. Once one node does, the others disagree with that one
// until they do.
func (c *connection) settle(ctx context.Context, t *table) error {
	if !t.schema.Group.Evolve {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, schemaTimeout)
	defer cancel()
	for {
		err := c.Query(t.probe()).WithContext(ctx).Exec()
		if err == nil {
			return c.AwaitSchemaAgreement(ctx)
		}
		if !refusal(err) {
			return fmt.Errorf("%s: %w", t.probe(), err)
		}
		select {
		case <-time.After(settlePause):
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", t.probe(), err)
		}
	}
}

// define changes the schema, one statement after the other, each once all nodes know the one before.
func (c *connection) define(ctx context.Context, statements ...string) error {
	for _, stmt := range statements {
		if err := c.Query(stmt).WithContext(ctx).Exec(); err != nil {
			return fmt.Errorf("%s: %w", stmt, err)
		}
		if err := c.AwaitSchemaAgreement(ctx); err != nil {
			return fmt.Errorf("%s: the nodes don't agree on the schema: %w", stmt, err)
		}
	}
	return nil
}
