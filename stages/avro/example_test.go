package avro_test

import (
	"fmt"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages/avro"
)

// A row that an older schema wrote is read into the columns of the newer one.
func Example() {
	now, err := avro.Parse(`{"type": "record", "name": "Click", "fields": [
		{"name": "user", "type": "string"},
		{"name": "amount", "type": "double"},
		{"name": "country", "type": "string", "default": "?"}]}`)
	if err != nil {
		panic(err)
	}
	before, err := avro.ParseWriter(`{"type": "record", "name": "Click", "fields": [
		{"name": "amount", "type": "int"},
		{"name": "user", "type": "string"}]}`)
	if err != nil {
		panic(err)
	}
	program, err := now.Resolve(before)
	if err != nil {
		panic(err)
	}
	var columns []feature.Column
	for _, f := range now.Fields() {
		columns = append(columns, feature.NewColumn(f))
	}
	var r avro.Reader
	if err := r.Append(columns, program, []byte{14, 4, 'm', 'e'}); err != nil {
		panic(err)
	}
	for i := range columns {
		fmt.Println(columns[i].Field, "=", columns[i].Value(0))
	}
	// A body that ends too early is an error, and so is one that goes on.
	fmt.Println(r.Append(columns, program, []byte{14, 4, 'm'}))
	// Output:
	// user string = me
	// amount float64 = 7
	// country string = ?
	// field "user": the payload ends too early
}
