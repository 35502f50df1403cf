package avro

import (
	"fmt"
	"reflect"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// Program reads the bodies that one schema wrote into columns. It doesn't
// change and may be used by many goroutines.
type Program struct {
	ops    ops
	others []ops // the other forms that a body may have
}

// Reader runs programs, one body after another. The zero value is ready; one
// goroutine at a time may use it.
type Reader struct {
	cursor cursor
}

// Append appends the one row that body holds to columns, which are as many as
// the program's schema has and of one length. After an error they hold a part
// of it: the caller truncates them.
func (r *Reader) Append(columns []feature.Column, p *Program, body []byte) error {
	if len(p.others) > 0 {
		return r.appendOneOf(columns, p, body)
	}
	return p.ops.run(&r.cursor, body, columns)
}

// appendOneOf appends what a body holds that may have one of several forms. It
// has the one that can be read; where several can, they must give the same row.
// The error is that of the first.
func (r *Reader) appendOneOf(columns []feature.Column, p *Program, body []byte) error {
	n := columns[0].Len()
	first := p.ops.run(&r.cursor, body, columns)
	found := first == nil
	for _, form := range p.others {
		row := n
		if found {
			row++ // beside the one that was found, to compare
		}
		truncate(columns, row)
		err := form.run(&r.cursor, body, columns)
		switch {
		case err != nil:
			truncate(columns, row)
		case !found:
			found = true
		default:
			if err := sameRows(columns, n); err != nil {
				return err
			}
			truncate(columns, row)
		}
	}
	if !found {
		return first
	}
	return nil
}

// sameRows compares row n of every column to the one after it.
func sameRows(columns []feature.Column, n int) error {
	for i := range columns {
		if c := &columns[i]; !reflect.DeepEqual(c.Value(n), c.Value(n+1)) {
			return fmt.Errorf("field %q: %w", c.Field.Name, errAmbiguous)
		}
	}
	return nil
}

func truncate(columns []feature.Column, rows int) {
	for i := range columns {
		columns[i].Truncate(rows)
	}
}
