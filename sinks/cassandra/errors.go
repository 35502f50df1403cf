package cassandra

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"unicode/utf8"

	"github.com/gocql/gocql"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// classify marks what may pass by itself. The outcome of a timeout is unknown: the same rows come again with the same
// timestamps, and change nothing if they were there.
func classify(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case passing(err):
		return pipeline.Transient(err)
	}
	return err
}

// passing reports whether the same request may succeed later: the node was away, busy or short of replicas. A request
// that is wrong in itself stays wrong.
func passing(err error) bool {
	var answer gocql.RequestError
	if errors.As(err, &answer) {
		switch answer.Code() {
		case gocql.ErrCodeUnavailable, gocql.ErrCodeOverloaded, gocql.ErrCodeBootstrapping, gocql.ErrCodeTruncate,
			gocql.ErrCodeWriteTimeout, gocql.ErrCodeReadTimeout, gocql.ErrCodeWriteFailure, gocql.ErrCodeReadFailure,
			gocql.ErrCodeUnprepared, gocql.ErrCodeServer:
			return true
		}
		return false
	}
	for _, e := range []error{
		gocql.ErrTimeoutNoResponse, gocql.ErrTooManyTimeouts, gocql.ErrConnectionClosed, gocql.ErrNoConnections,
		gocql.ErrNoStreams, gocql.ErrUnavailable, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	var network net.Error
	return errors.As(err, &network)
}

// refusal reports whether a node has understood a change of the schema, but does not make it: what it adds may be there.
func refusal(err error) bool {
	var answer gocql.RequestError
	if !errors.As(err, &answer) {
		return false
	}
	switch answer.Code() {
	case gocql.ErrCodeInvalid, gocql.ErrCodeConfig, gocql.ErrCodeAlreadyExists:
		return true
	}
	return false
}

// nextHost asks another node where one failed, three in all. gocql asks no other by itself.
type nextHost struct{}

func (nextHost) Attempt(q gocql.RetryableQuery) bool { return q.Attempts() < 3 }

func (nextHost) GetRetryType(err error) gocql.RetryType {
	if passing(err) {
		return gocql.RetryNextHost
	}
	return gocql.Rethrow
}

// at says which row an error is about.
func at(rows *feature.Rows, i int, err error) error {
	return &pipeline.RecordError{TopicPartition: rows.TopicPartition, Offset: rows.Records[i].Offset, Err: err}
}

// maxKey is the most bytes of a partition key: its length is sent in two.
const maxKey = 65535

// checkRow refuses what Cassandra would refuse, but by the row: in a request it would be one fault of many rows.
func checkRow(rows *feature.Rows, i int, routingKey []byte) error {
	for _, k := range rows.Schema.Keys() {
		if rows.Columns[k].Null(i) {
			return at(rows, i, fmt.Errorf("primary-key column %q is null", rows.Schema.Fields[k].Name))
		}
	}
	if len(routingKey) == 0 {
		return at(rows, i, errors.New("the primary key is empty: Cassandra has no such partition"))
	}
	if len(routingKey) > maxKey {
		return at(rows, i, fmt.Errorf("the primary key has %d bytes: Cassandra takes %d", len(routingKey), maxKey))
	}
	for c := range rows.Columns {
		if bad := badText(&rows.Columns[c], i); bad != nil {
			text := strconv.QuoteToASCII(string(bad[:min(len(bad), 40)]))
			return at(rows, i, fmt.Errorf("column %q: %s is not UTF-8", rows.Schema.Fields[c].Name, text))
		}
	}
	return nil
}

// badText is text in row i that is not UTF-8; nil if there is none.
func badText(c *feature.Column, i int) []byte {
	switch c.Field.Kind {
	case feature.String:
		if b := c.Slice(i); !utf8.Valid(b) {
			return b
		}
	case feature.Struct:
		return badChild(c, i, i+1)
	case feature.List, feature.Map:
		from, to := c.Items(i)
		return badChild(c, from, to)
	}
	return nil
}

func badChild(c *feature.Column, from, to int) []byte {
	for k := range c.Children {
		for j := from; j < to; j++ {
			if bad := badText(&c.Children[k], j); bad != nil {
				return bad
			}
		}
	}
	return nil
}
