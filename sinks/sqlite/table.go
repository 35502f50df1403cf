package sqlite

import "github.com/tandemdata/tandem/pipeline/feature"

// chunk is the most rows of one statement: past it, statements only get longer.
const chunk = 64

// chunkBytes is how many bytes of texts and blobs a statement waits for: they
// are kept twice, and a batch may be of long ones.
const chunkBytes = 1 << 20

// maxVariables is SQLite's bound of a statement.
const maxVariables = 32766

// table writes to one group's table through one connection.
type table struct {
	conn    *conn
	schema  *feature.Schema
	others  []string      // columns of the table that the schema lacks
	version int64         // of the file's definitions when others were read
	purge   *stmt         // nil without a TTL
	stmts   map[int]*stmt // upserts of 1, 2, 4 … rows, prepared when first needed
	values  values        // of the batch, then of one row after the other
	most    int
}

func newTable(c *conn, s *feature.Schema) *table {
	t := &table{conn: c, stmts: map[int]*stmt{}}
	t.fitTo(s, nil)
	return t
}

// write puts the live rows of some batches into one transaction.
func (t *table) write(group []job) error {
	return classify(t.conn.inTransaction(func() error {
		if err := t.look(); err != nil {
			return err
		}
		if err := t.expire(); err != nil {
			return err
		}
		for _, j := range group {
			if err := t.put(j.rows); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (t *table) expire() error {
	if t.schema.Group.TTL == 0 {
		return nil
	}
	if t.purge == nil {
		var err error
		if t.purge, err = t.conn.prepare(purge(t.schema)); err != nil {
			return err
		}
	}
	return t.purge.run()
}

func (t *table) put(rows *feature.Rows) error {
	n := 0
	t.begin(rows)
	for i := range rows.Len() {
		if rows.Outcomes[feature.Online][i] != feature.Pending {
			continue
		}
		t.bind(rows, i)
		if n++; n == t.most || len(t.values.bytes) >= chunkBytes {
			if err := t.flush(n); err != nil {
				return err
			}
			t.begin(rows)
			n = 0
		}
	}
	return t.flush(n)
}

// begin has the values be those that all rows of a batch share.
func (t *table) begin(rows *feature.Rows) {
	t.values.reset()
	t.values.integer(int64(rows.Epoch))
	t.values.integer(int64(rows.Partition))
}

// flush writes n rows, by statements of powers of two.
func (t *table) flush(n int) error {
	cells, width := t.values.cells[shared:], len(t.schema.Fields)+len(added)-shared
	for size := t.most; size > 0; size /= 2 {
		if n&size == 0 {
			continue
		}
		if err := t.upsert(cells[:size*width], size); err != nil {
			return err
		}
		cells = cells[size*width:]
	}
	return nil
}

func (t *table) upsert(cells []cell, rows int) error {
	s, ok := t.stmts[rows]
	if !ok {
		var err error
		if s, err = t.conn.prepare(upsert(t.schema, t.others, rows)); err != nil {
			return err
		}
		t.stmts[rows] = s
	}
	if err := s.bind(t.values.bytes, t.values.cells[:shared], cells); err != nil {
		return err
	}
	return s.run()
}

// forget closes the upserts.
func (t *table) forget() {
	for _, s := range t.stmts {
		s.close()
	}
	clear(t.stmts)
}

func (t *table) close() error {
	t.forget()
	if t.purge != nil {
		t.purge.close()
	}
	return t.conn.close()
}
