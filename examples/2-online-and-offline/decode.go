package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tandemdata/tandem/examples/flags"
	"github.com/tandemdata/tandem/stages"
	"github.com/tandemdata/tandem/stages/wire"
)

// decode is how records become rows.
func (o *options) decode() (stages.Decode, error) {
	group, err := o.featureGroup()
	if err != nil {
		return stages.Decode{}, fmt.Errorf("-order: %w", err)
	}
	schema, err := read(o.schema)
	if err != nil {
		return stages.Decode{}, fmt.Errorf("-schema: %w", err)
	}
	key, err := read(o.keySchema)
	if err != nil {
		return stages.Decode{}, fmt.Errorf("-key-schema: %w", err)
	}
	format, err := o.valueFormat()
	if err != nil {
		return stages.Decode{}, err
	}
	d := stages.Decode{Group: group, Schema: schema, KeySchema: key, Format: format}
	if o.incompatible == "stop" {
		d.StopOnIncompatible = true
	}
	return d, nil
}

func (o *options) valueFormat() (wire.Format, error) {
	switch o.format {
	case "confluent":
		c, err := o.schemaRegistry.client()
		if err != nil {
			return nil, fmt.Errorf("-registry: %w", err)
		}
		return wire.Confluent{Registry: c, Keys: o.framedKeys}, nil
	case "single-object":
		var f wire.SingleObject
		for _, file := range flags.List(o.schemas) {
			schema, err := read(file)
			if err != nil {
				return nil, fmt.Errorf("-schemas: %w", err)
			}
			f.Schemas = append(f.Schemas, schema)
		}
		return f, nil
	case "hopsworks":
		schemas, err := o.subjects.read()
		if err != nil {
			return nil, fmt.Errorf("-subject: %w", err)
		}
		return wire.Hopsworks{FeatureGroup: o.featureGroupID, Subjects: schemas}, nil
	}
	return wire.Bare{}, nil
}

// subjects are the files of -subject by id, of which 0 is any other.
type subjects map[int]string

// String is flag.Value's.
func (s *subjects) String() string { return "" }

// Set takes ID=FILE or FILE.
func (s *subjects) Set(v string) error {
	id, file := 0, v
	if before, after, ok := strings.Cut(v, "="); ok {
		n, err := strconv.ParseUint(before, 10, 31)
		if err != nil || n == 0 {
			return fmt.Errorf("want ID=FILE or FILE, and %q is not an id", before)
		}
		id, file = int(n), after
	}
	if _, twice := (*s)[id]; twice {
		return fmt.Errorf("%q: its id was given before", v)
	}
	if *s == nil {
		*s = subjects{}
	}
	(*s)[id] = file
	return nil
}

func (s subjects) read() (map[int]string, error) {
	schemas := map[int]string{}
	for id, file := range s {
		schema, err := read(file)
		if err != nil {
			return nil, err
		}
		schemas[id] = schema
	}
	return schemas, nil
}
