// Package insync is the comparison of both stores: whether the online store and
// the offline one tell the same story.
package insync

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Compare reads both stores and reports where they disagree, both ways:
//
//   - offline, each identity and each (epoch, partition, offset) is there once;
//   - online, each key is there once, and it is the key's greatest row offline, by
//     the group's order, with the same version and the same values to the bit;
//   - a key whose greatest row is a delete is not online;
//   - nothing else is there.
//
// It holds for groups whose rows all go to both stores. Where the group has a
// TTL, a key may be absent online once its greatest row is past it; without an
// event time nobody can tell when that is, and absent keys count as expired.
//
// The scans are read once, offline first, and rows are not kept: memory is about
// 150 bytes a key and 100 a row offline. The error is a scan's own, or ctx's.
func Compare(ctx context.Context, s *feature.Schema, online, offline iter.Seq2[feature.Stored, error]) (Report, error) {
	c := &comparison{schema: s, now: time.Now(), keys: map[feature.Digest]newest{}, at: map[position]bool{}}
	if s.Time() >= 0 { // else an identity is a key
		c.identities = map[feature.Digest]bool{}
	}
	if err := each(ctx, s, offline, c.offline); err != nil {
		return c.report, fmt.Errorf("offline: %w", err)
	}
	if err := each(ctx, s, online, c.online); err != nil {
		return c.report, fmt.Errorf("online: %w", err)
	}
	c.absent()
	return c.report, nil
}

func each(ctx context.Context, s *feature.Schema, rows iter.Seq2[feature.Stored, error], do func(feature.Stored)) error {
	for row, err := range rows {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && len(row.Values) != len(s.Fields) {
			err = fmt.Errorf("a row of %d values, want the %d of (%v)", len(row.Values), len(s.Fields), s)
		}
		if err != nil {
			return err
		}
		do(row)
	}
	return nil
}

// comparison is what is known of the offline store while online rows pass by.
type comparison struct {
	schema     *feature.Schema
	now        time.Time
	report     Report
	keys       map[feature.Digest]newest
	identities map[feature.Digest]bool // nil without an event time
	at         map[position]bool
	buf        []byte
}

// newest is a key's greatest row offline.
type newest struct {
	version feature.Version
	content feature.Digest
	time    int64 // its record's
	online  bool  // its key was seen online
}

type position struct {
	epoch, partition int32
	offset           int64
}

func (c *comparison) offline(row feature.Stored) {
	c.report.Rows++
	v := row.Version
	p := position{v.Epoch, v.Partition, v.Offset}
	if c.at[p] {
		c.differ("offline twice: the row at %s (%s)", place(v), c.key(row))
	}
	c.at[p] = true
	d := c.digest(row)
	c.identity(row)
	old, again := c.keys[d]
	switch {
	case !again:
		c.report.Keys++
	case c.identities == nil:
		c.differ("offline twice: %s, at %s and at %s", c.key(row), place(old.version), place(v))
	}
	if !again || c.schema.Group.Order.Compare(v, old.version) > 0 {
		c.keys[d] = newest{version: v, content: feature.DigestOf(c.content(row)), time: row.RecordTime}
	}
}

func (c *comparison) identity(row feature.Stored) {
	if c.identities == nil {
		return
	}
	c.buf = feature.AppendValue(c.buf, row.Version.Time) // after the key
	id := feature.DigestOf(c.buf)
	if c.identities[id] {
		c.differ("offline twice: %s at event time %d, again at %s", c.key(row), row.Version.Time, place(row.Version))
	}
	c.identities[id] = true
}

func (c *comparison) online(row feature.Stored) {
	d := c.digest(row)
	has, ok := c.keys[d]
	switch {
	case !ok:
		c.differ("only online: %s, from %s", c.key(row), place(row.Version))
		return
	case has.online:
		c.differ("online twice: %s", c.key(row))
	case has.version.Delete:
		c.differ("deleted offline at %s, but online: %s, from %s", place(has.version), c.key(row), place(row.Version))
	case has.version != row.Version:
		c.differ("%s: online from %s (time %d), offline from %s (time %d)", c.key(row),
			place(row.Version), row.Version.Time, place(has.version), has.version.Time)
	case has.content != feature.DigestOf(c.content(row)):
		c.differ("%s: both from %s, but with other values online: %s", c.key(row), place(row.Version), c.values(row))
	case has.time != row.RecordTime:
		c.differ("%s: both from %s, but its record's time is %d online and %d offline", c.key(row), place(row.Version), row.RecordTime, has.time)
	}
	has.online = true
	c.keys[d] = has
}

// absent looks at the keys that were not online.
func (c *comparison) absent() {
	for _, has := range c.keys {
		switch {
		case has.version.Delete:
			c.report.Deleted++
		case has.online:
		case c.expired(has.version):
			c.report.Expired++
		default:
			c.differ("not online: the key whose newest row is %s", place(has.version))
		}
	}
}

func (c *comparison) expired(v feature.Version) bool {
	ttl := c.schema.Group.TTL
	if ttl == 0 || c.schema.Time() < 0 {
		return ttl != 0
	}
	unit := c.schema.TimeUnit()
	return v.Time <= c.now.Add(-ttl).UnixNano()/int64(unit)
}
