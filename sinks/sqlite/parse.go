package sqlite

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// parseList reads what appendList wrote.
func parseList(f feature.Field, text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var items []any
	if err := d.Decode(&items); err != nil {
		return nil, fmt.Errorf("sqlite: column %v: %w", f, err)
	}
	return listOf(f, items)
}

func listOf(f feature.Field, items []any) (any, error) {
	out := make([]any, len(items))
	for i, item := range items {
		var err error
		if out[i], err = itemOf(f.Elem(), item); err != nil {
			return nil, fmt.Errorf("sqlite: column %v: item %d: %w", f, i, err)
		}
	}
	return out, nil
}

func itemOf(f feature.Field, item any) (any, error) {
	switch v := item.(type) {
	case nil:
		return nil, nil
	case bool:
		return v, nil
	case json.Number:
		return numberOf(f, v.String())
	case []any:
		return listOf(f, v)
	case string:
		switch f.Kind {
		case feature.String:
			return v, nil
		case feature.Bytes:
			return hex.AppendDecode([]byte{}, []byte(strings.TrimPrefix(v, "0x")))
		case feature.Float32, feature.Float64:
			return wordOf(f, v)
		}
	}
	return nil, fmt.Errorf("a %T can't be %v", item, f)
}

func numberOf(f feature.Field, s string) (any, error) {
	switch f.Kind {
	case feature.Int32:
		v, err := strconv.ParseInt(s, 10, 32)
		return int32(v), err
	case feature.Int64:
		return strconv.ParseInt(s, 10, 64)
	case feature.Float32:
		v, err := strconv.ParseFloat(s, 32)
		return float32(v), err
	case feature.Float64:
		return strconv.ParseFloat(s, 64)
	}
	return nil, fmt.Errorf("%s can't be %v", s, f)
}

// wordOf reads a float that JSON has no number for.
func wordOf(f feature.Field, s string) (any, error) {
	sign := 1
	if strings.HasPrefix(s, "-") {
		sign = -1
	}
	payload, nan := strings.CutPrefix(s, "NaN:")
	switch {
	case nan && f.Kind == feature.Float32:
		bits, err := strconv.ParseUint(payload, 16, 32)
		return math.Float32frombits(uint32(bits)), err
	case nan:
		bits, err := strconv.ParseUint(payload, 16, 64)
		return math.Float64frombits(bits), err
	case strings.TrimPrefix(s, "-") != "Infinity":
		return nil, fmt.Errorf("%q can't be %v", s, f)
	case f.Kind == feature.Float32:
		return float32(math.Inf(sign)), nil
	}
	return math.Inf(sign), nil
}
