// Package paged is a slice that doesn't move as it grows.
package paged

const pageItems = 4096

// List is of pages, all but the last one full. A file collects a million rows in
// one, and nothing is copied meanwhile.
type List[T any] [][]T

// Add appends an item, and gives its place.
func (l *List[T]) Add() *T {
	n := len(*l)
	if n == 0 || len((*l)[n-1]) == pageItems {
		*l = append(*l, make([]T, 0, pageItems))
		n++
	}
	last := &(*l)[n-1]
	i := len(*last)
	*last = (*last)[:i+1]
	return &(*last)[i]
}

// Len is how many items there are.
func (l List[T]) Len() int {
	if len(l) == 0 {
		return 0
	}
	return (len(l)-1)*pageItems + len(l[len(l)-1])
}

// At is an item's place.
func (l List[T]) At(i int) *T { return &l[i/pageItems][i%pageItems] }
