package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// readKeys reads the keys of a file, nil without one.
func readKeys(file string, s *feature.Schema) ([][]any, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	keys, lines := [][]any{}, bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		key, err := parseKey(lines.Bytes(), s)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, n, err)
		}
		keys = append(keys, key)
	}
	return keys, lines.Err()
}

// parseKey reads a JSON array, or the bare text of a key that is one text.
func parseKey(line []byte, s *feature.Schema) ([]any, error) {
	columns := s.Keys()
	var parts []json.RawMessage
	if json.Unmarshal(line, &parts) != nil {
		if len(columns) == 1 && s.Fields[columns[0]].Kind == feature.String && line[0] != '"' {
			return []any{string(line)}, nil
		}
		parts = []json.RawMessage{line}
	}
	if len(parts) != len(columns) {
		return nil, fmt.Errorf("%d values, and the key is %v", len(parts), s.Group.PrimaryKey)
	}
	key := make([]any, len(parts))
	for i, part := range parts {
		var err error
		if key[i], err = parseValue(part, s.Fields[columns[i]].Kind); err != nil {
			return nil, fmt.Errorf("%v: %w", s.Fields[columns[i]], err)
		}
	}
	return key, nil
}

func parseValue(text []byte, k feature.Kind) (any, error) {
	switch k {
	case feature.String:
		return decode[string](text)
	case feature.Bool:
		return decode[bool](text)
	case feature.Int32:
		return decode[int32](text)
	case feature.Int64:
		return decode[int64](text)
	case feature.Bytes: // as JSON has them: in base64
		return decode[[]byte](text)
	}
	return nil, fmt.Errorf("a key can't be of this kind: %v", k)
}

func decode[T any](text []byte) (any, error) {
	var v T
	err := json.Unmarshal(text, &v)
	return v, err
}
