package avro

import (
	"errors"
	"fmt"

	hamba "github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// fields resolves the fields of a record, at a depth of records around it. The
// program begins with an op for each of the writer's fields.
func (rs *resolver) fields(w, r *hamba.RecordSchema, columns []feature.Field, depth int) (ops, error) {
	var (
		p      ops
		errs   []error
		match  = matchFields(w, r)
		to     = columnsOf(r)
		filled = make([]bool, len(to))
	)
	add := func(name string, o op, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("field %q: %w", name, err))
		}
		o.name = name
		p = append(p, o)
	}
	for i, f := range w.Fields() {
		j := match[i]
		if j >= 0 {
			filled[j] = true
		}
		switch {
		case j < 0:
			o, err := rs.leaveOut(f.Type(), r, depth)
			add(f.Name(), o, err)
		case to[j] < 0:
			o, err := rs.nothing(f.Type())
			add(f.Name(), o, err)
		default:
			o, err := rs.typ(f.Type(), r.Fields()[j].Type(), columns[to[j]], depth)
			o.column = to[j]
			add(f.Name(), o, err)
		}
	}
	for j, f := range r.Fields() {
		switch {
		case filled[j]:
		case to[j] >= 0:
			o, err := compileFill(f, columns[to[j]])
			o.column = to[j]
			add(f.Name(), o, err)
		case !f.HasDefault():
			add(f.Name(), op{}, errNoDefault)
		}
	}
	return p, errors.Join(errs...)
}

// leaveOut resolves a field that only the writer has.
func (rs *resolver) leaveOut(w hamba.Schema, r *hamba.RecordSchema, depth int) (op, error) {
	if rs.grows && depth > 0 && w.Type() != hamba.Null {
		return op{}, fmt.Errorf("the reader's record %s doesn't have it, and a group grows by whole columns only", r.FullName())
	}
	skip := compileSkip(w, rs.known)
	return op{code: opSkip, width: skip.width, other: &other{skip: skip}}, nil
}

// columnsOf gives the column of each field: -1 for those of type null.
func columnsOf(r *hamba.RecordSchema) []int {
	to, n := make([]int, len(r.Fields())), 0
	for i, f := range r.Fields() {
		if f.Type().Type() == hamba.Null {
			to[i] = -1
			continue
		}
		to[i], n = n, n+1
	}
	return to
}

// matchFields gives for each of the writer's fields the reader's, or -1. An
// alias counts only between fields that no name has matched.
func matchFields(w, r *hamba.RecordSchema) []int {
	match, taken := make([]int, len(w.Fields())), make([]bool, len(r.Fields()))
	index := map[string]int{}
	for i, f := range w.Fields() {
		match[i], index[f.Name()] = -1, i
	}
	for j, f := range r.Fields() {
		if i, ok := index[f.Name()]; ok {
			match[i], taken[j] = j, true
		}
	}
	for j, f := range r.Fields() {
		for _, alias := range f.Aliases() {
			if i, ok := index[alias]; ok && !taken[j] && match[i] < 0 {
				match[i], taken[j] = j, true
			}
		}
	}
	return match
}
