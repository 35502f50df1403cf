package parquet

const pageItems = 4096

// pages is a slice that doesn't move as it grows.
type pages[T any] [][]T

// more appends an item, and gives its place.
func (p *pages[T]) more() *T {
	n := len(*p)
	if n == 0 || len((*p)[n-1]) == pageItems {
		*p = append(*p, make([]T, 0, pageItems))
		n++
	}
	last := &(*p)[n-1]
	i := len(*last)
	*last = (*last)[:i+1]
	return &(*last)[i]
}

func (p pages[T]) len() int {
	if len(p) == 0 {
		return 0
	}
	return (len(p)-1)*pageItems + len(p[len(p)-1])
}

func (p pages[T]) at(i int) *T { return &p[i/pageItems][i%pageItems] }
