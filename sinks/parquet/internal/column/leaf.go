package column

import (
	"fmt"
	"slices"

	pq "github.com/parquet-go/parquet-go"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// leaf is a column of values in a file, and the way to it: from a column of the
// group through the children of lists, maps and structs.
type leaf struct {
	field feature.Field // of the values
	index int           // in the file
	path  []step        // the column first, the values last
	scale int64
}

// step is one column or child on the way to a leaf.
type step struct {
	id       int
	nullable bool
	child    int // of it, that the next step is; 0 at the end

	// leads is true on the way to the first leaf below: that leaf says where the
	// items of a list end and which are null, and the others repeat it.
	leads bool
}

// leavesOf are the leaves of a field, in the order of its children.
func leavesOf(f feature.Field, n pq.Node) []leaf {
	at := step{id: n.ID(), nullable: f.Nullable, leads: true}
	if len(f.Children) == 0 {
		return []leaf{{field: f, path: []step{at}, scale: Scale(f)}}
	}
	var all []leaf
	for i, child := range f.Children {
		at.child = i
		for _, l := range leavesOf(child, childNode(f, n, i)) {
			at.leads = len(all) == 0
			l.path = append([]step{at}, l.path...)
			all = append(all, l)
		}
	}
	return all
}

// childNode is where a child is: a list's and a map's are below a group that
// repeats.
func childNode(f feature.Field, n pq.Node, i int) pq.Node {
	name := f.Children[i].Name
	switch f.Kind {
	case feature.List:
		n, name = n.Fields()[0], "element"
	case feature.Map:
		n, name = n.Fields()[0], mapNames[i]
	}
	k := slices.IndexFunc(n.Fields(), func(f pq.Field) bool { return f.Name() == name })
	return n.Fields()[k]
}

var mapNames = [...]string{"key", "value"}

// find learns where the leaf is, and what can be null on the way there.
func (l *leaf) find(file *pq.Schema, name string) error {
	names := []string{name}
	n, ok := fieldNamed(file, name)
	for i := range l.path {
		if i > 0 {
			n, ok = below(n, l.path[i].id, &names)
		}
		if !ok {
			return fmt.Errorf("%v is not in the file's schema", names)
		}
		l.path[i].nullable = n.Optional()
	}
	found, ok := file.Lookup(names...)
	if !ok {
		return fmt.Errorf("%v has no values in the file's schema", names)
	}
	l.index = found.ColumnIndex
	return nil
}

func fieldNamed(n pq.Node, name string) (pq.Node, bool) {
	for _, f := range n.Fields() {
		if f.Name() == name {
			return f, true
		}
	}
	return nil, false
}

// below finds a child by its id, through the group that repeats if there is one,
// and adds to the names that lead there.
func below(n pq.Node, id int, names *[]string) (pq.Node, bool) {
	for _, f := range n.Fields() {
		if f.Repeated() {
			*names = append(*names, f.Name())
			return below(f, id, names)
		}
		if f.ID() == id {
			*names = append(*names, f.Name())
			return f, true
		}
	}
	return nil, false
}
