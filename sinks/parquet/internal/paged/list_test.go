package paged

import "testing"

func TestItemsStayWhereTheyAre(t *testing.T) {
	var l List[int]
	var places []*int
	for i := range 3*pageItems + 1 {
		p := l.Add()
		*p = i
		places = append(places, p)
		if l.Len() != i+1 {
			t.Fatalf("%d items after %d", l.Len(), i+1)
		}
	}
	for i, p := range places {
		if l.At(i) != p || *p != i {
			t.Fatalf("item %d is %d at %p, was put at %p", i, *l.At(i), l.At(i), p)
		}
	}
}
