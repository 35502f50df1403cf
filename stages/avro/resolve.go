package avro

import (
	"fmt"
	"slices"
	"strings"

	hamba "github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// resolver resolves one writer's schema.
type resolver struct {
	grows  bool                // by whole columns: no field of a nested record may be left out
	nested nestedForm          // how the writer's rows have nested fields
	known  map[string]*skipper // of types that no column takes
	left   int                 // of maxTypes
}

func newResolver(grows bool, nested nestedForm) *resolver {
	return &resolver{grows: grows, nested: nested, known: map[string]*skipper{}, left: maxTypes}
}

// row resolves a whole record's schema. Where the two are the same it gives the
// ops that compile gives.
func (rs *resolver) row(writer hamba.Schema, reader *hamba.RecordSchema, columns []feature.Field) (ops, error) {
	record, ok := writer.(*hamba.RecordSchema)
	if !ok {
		return nil, fmt.Errorf("want a record, got %s", writer.Type())
	}
	if err := sameName(record, reader); err != nil {
		return nil, err
	}
	if rs.nested != inFull {
		return rs.inBytes(record, reader, columns)
	}
	return rs.fields(record, reader, columns, 0)
}

// sameName compares names without their namespaces, and the reader's aliases.
func sameName(w, r hamba.NamedSchema) error {
	same := w.Name() == r.Name() || slices.ContainsFunc(r.Aliases(), func(alias string) bool {
		return alias[strings.LastIndexByte(alias, '.')+1:] == w.Name()
	})
	if !same {
		return fmt.Errorf("the writer's %s %s is neither the name nor an alias of the reader's %s", w.Type(), w.FullName(), r.FullName())
	}
	return nil
}
