package stages

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/avro"
	"github.com/tandemdata/tandem/stages/wire"
)

// compiled is what the schemas come down to.
type compiled struct {
	schema *feature.Schema
	reader *avro.Schema // whose fields are the columns of schema
	format wire.Format
	value  *avro.Program // of what Decode.Schema wrote
	key    keyReader
}

// compile reports all that is wrong with the settings.
func (d Decode) compile() (*compiled, error) {
	var errs []error
	if d.MaxBytes < 0 {
		errs = append(errs, fmt.Errorf("MaxBytes %d is negative", d.MaxBytes))
	}
	reader, err := avro.Parse(d.Schema)
	if err != nil {
		return nil, errors.Join(append(errs, fmt.Errorf("schema: %w", err), d.Group.Validate())...)
	}
	schema, err := feature.NewSchema(d.Group, reader.Fields())
	if err != nil {
		return nil, errors.Join(append(errs, err)...)
	}
	key, err := compileKey(schema, d.KeySchema)
	if err != nil {
		errs = append(errs, fmt.Errorf("key schema: %w", err))
	}
	c := &compiled{schema: schema, reader: reader, key: key}
	errs = append(errs, c.open(d.Format))
	return c, errors.Join(errs...)
}

// open has the format check its settings, and compiles what it writes.
func (c *compiled) open(f wire.Format) (err error) {
	if f == nil {
		f = wire.Bare{}
	}
	c.format = f
	if o, ok := f.(wire.Opener); ok {
		if c.format, err = o.Open(c.reader, c.key.schema); err != nil {
			return err
		}
		if got, want := reflect.TypeOf(c.format), reflect.TypeOf(f); got != want {
			return fmt.Errorf("format %v: Open gave a %v: a format that embeds another needs an Open of its own", want, got)
		}
	}
	if c.value, err = c.program(0, c.reader.Writer()); err != nil {
		return fmt.Errorf("format %T: %w", f, err)
	}
	return nil
}

// resolve compiles the program for what the schema of an id wrote.
func (c *compiled) resolve(id uint64, schema string) (*avro.Program, error) {
	w, err := avro.ParseWriter(schema)
	if err != nil {
		return nil, err
	}
	return c.program(id, w)
}

// program reads the forms that bodies of a schema have.
func (c *compiled) program(id uint64, w *avro.Writer) (*avro.Program, error) {
	if f, ok := c.format.(wire.Multiform); ok {
		return c.reader.Resolve(f.Forms(id, w)...)
	}
	return c.reader.Resolve(w)
}
