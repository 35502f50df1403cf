package column

import (
	"slices"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// place appends one item at some step: def is the definition level above it.
func (l *leaf) place(dst *feature.Column, v pq.Value, step, def int) {
	s := l.path[step]
	if s.nullable {
		if v.DefinitionLevel() == def {
			l.placeNull(dst, step)
			return
		}
		def++
	}
	switch dst.Field.Kind {
	case feature.Struct:
		l.place(&dst.Children[s.child], v, step+1, def)
	case feature.List, feature.Map:
		if v.DefinitionLevel() > def {
			l.place(&dst.Children[s.child], v, step+1, def+1)
		}
		if s.leads {
			dst.Close()
		}
	default:
		l.append(dst, v)
	}
	if s.leads {
		dst.MarkValid()
	}
}

// placeNull appends a null, of a struct down to this leaf.
func (l *leaf) placeNull(dst *feature.Column, step int) {
	s := l.path[step]
	if dst.Field.Kind != feature.Struct {
		if s.leads {
			dst.AppendNull()
		}
		return
	}
	n := 0
	if s.leads {
		n = dst.Len()
	}
	l.placeNull(&dst.Children[s.child], step+1)
	if !s.leads {
		return
	}
	if dst.Valid == nil {
		dst.Valid = slices.Repeat([]bool{true}, n)
	}
	dst.Valid = append(dst.Valid, false)
}

// resume adds an item to the last list or map at the depth of its repetition
// level; at is the level above this step.
func (l *leaf) resume(dst *feature.Column, v pq.Value, step int, at level) {
	s := l.path[step]
	if s.nullable {
		at.def++
	}
	child := &dst.Children[s.child]
	if dst.Field.Kind == feature.Struct {
		l.resume(child, v, step+1, at)
		return
	}
	at.rep, at.def = at.rep+1, at.def+1
	if v.RepetitionLevel() > at.rep {
		l.resume(child, v, step+1, at)
		return
	}
	l.place(child, v, step+1, at.def)
	if s.leads {
		dst.Offsets[len(dst.Offsets)-1] = uint32(child.Len())
	}
}
