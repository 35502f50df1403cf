package parquet

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/iceberg-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// partitionField is one of Sink.Partition: a transform of a column.
type partitionField struct {
	column string
	by     iceberg.Transform
}

// parsePartition reads fields such as day(ts), bucket(16, user_id), truncate(4, name)
// and country, apart by commas.
func parsePartition(text string) (fields []partitionField, err error) {
	for rest := strings.TrimSpace(text); rest != ""; {
		end := strings.IndexByte(rest, ',')
		if open := strings.IndexByte(rest, '('); open >= 0 && (end < 0 || open < end) {
			if end = strings.IndexByte(rest, ')') + 1; end == 0 {
				return nil, fmt.Errorf("partition %q: a bracket is not closed", text)
			}
		}
		if end < 0 {
			end = len(rest)
		}
		f, err := parseField(strings.TrimSpace(rest[:end]))
		if err != nil {
			return nil, fmt.Errorf("partition %q: %w", text, err)
		}
		fields = append(fields, f)
		rest = strings.TrimSpace(rest[end:])
		if next, ok := strings.CutPrefix(rest, ","); ok && strings.TrimSpace(next) != "" {
			rest = strings.TrimSpace(next)
		} else if rest != "" {
			return nil, fmt.Errorf("partition %q: %q is no field", text, rest)
		}
	}
	return fields, nil
}

func parseField(text string) (partitionField, error) {
	name, inner, called := strings.Cut(text, "(")
	if !called {
		if text == "" || strings.ContainsAny(text, " ()") {
			return partitionField{}, fmt.Errorf("%q is no field: want a column, or a transform such as day(column)", text)
		}
		return partitionField{text, iceberg.IdentityTransform{}}, nil
	}
	args := strings.Split(strings.TrimSuffix(inner, ")"), ",")
	for i := range args {
		args[i] = strings.TrimSpace(args[i])
	}
	name = strings.ToLower(strings.TrimSpace(name))
	width := 0
	if name == "bucket" || name == "truncate" {
		var err error
		if width, args, err = widthOf(args); err != nil {
			return partitionField{}, fmt.Errorf("%s: %w", text, err)
		}
	}
	if len(args) != 1 || args[0] == "" {
		return partitionField{}, fmt.Errorf("%s: want one column", text)
	}
	switch strings.TrimSuffix(name, "s") {
	case "year":
		return partitionField{args[0], iceberg.YearTransform{}}, nil
	case "month":
		return partitionField{args[0], iceberg.MonthTransform{}}, nil
	case "day":
		return partitionField{args[0], iceberg.DayTransform{}}, nil
	case "hour":
		return partitionField{args[0], iceberg.HourTransform{}}, nil
	case "identity":
		return partitionField{args[0], iceberg.IdentityTransform{}}, nil
	case "bucket":
		return partitionField{args[0], iceberg.BucketTransform{NumBuckets: width}}, nil
	case "truncate":
		return partitionField{args[0], iceberg.TruncateTransform{Width: width}}, nil
	}
	return partitionField{}, fmt.Errorf("%s: no transform is called so: want year, month, day, hour, bucket(n, …), truncate(n, …) or identity", text)
}

// widthOf takes the number out of the arguments, which stands first or last.
func widthOf(args []string) (width int, rest []string, err error) {
	for i, a := range args {
		if n, err := strconv.Atoi(a); err == nil && n > 0 && n <= 1<<20 {
			return n, slices.Delete(args, i, i+1), nil
		}
	}
	return 0, nil, errors.New("want a number above 0, and a column")
}

// specOf is the partition spec of a new table.
func specOf(text string, s *feature.Schema, of *iceberg.Schema) (spec iceberg.PartitionSpec, err error) {
	fields, err := parsePartition(text)
	if err != nil {
		return spec, err
	}
	var options []iceberg.PartitionOption
	for i, f := range fields {
		k := slices.IndexFunc(s.Fields, func(c feature.Field) bool { return c.Name == f.column })
		switch {
		case k < 0:
			return spec, fmt.Errorf("partition: the group has no column %s", f.column)
		case !s.IsKey(k) && k != s.Time():
			return spec, fmt.Errorf("partition: column %s is neither of the key nor the event time, so rows of one identity could lie in two partitions", f.column)
		}
		column, _ := of.FindFieldByName(f.column)
		if !f.by.CanTransform(column.Type) {
			return spec, fmt.Errorf("partition: %v can't be of column %v", f.by, s.Fields[k])
		}
		field := iceberg.PartitionField{SourceIDs: []int{column.ID}, Transform: f.by}
		name, err := iceberg.GeneratePartitionFieldName(of, field)
		if err != nil {
			return spec, fmt.Errorf("partition: %w", err)
		}
		id := firstPartitionID + i
		options = append(options, iceberg.AddPartitionFieldBySourceID(column.ID, name, f.by, of, &id))
	}
	spec, err = iceberg.NewPartitionSpecOpts(options...)
	if err != nil {
		return spec, fmt.Errorf("partition %q: %w", text, err)
	}
	_, err = newParter(&spec, of, s)
	return spec, err
}

// checkPartition is specOf before there is a table.
func checkPartition(text string, s *feature.Schema) error {
	of, err := tableSchema(s)
	if err != nil {
		return nil // which checkFields says
	}
	_, err = specOf(text, s, of)
	return err
}

// firstPartitionID is where the format numbers partition fields from.
const firstPartitionID = 1000
