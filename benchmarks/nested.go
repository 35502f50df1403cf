package main

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/stages"
)

// nestedSchema has a struct, a map and a list of structs beside a key and a time.
const nestedSchema = `{"type":"record","name":"Nested","fields":[
{"name":"id","type":"string"},
{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
{"name":"device","type":{"type":"record","name":"Device","fields":[
	{"name":"os","type":"string"},{"name":"version","type":["null","string"]},{"name":"cores","type":"int"}]}},
{"name":"counts","type":{"type":"map","values":"long"}},
{"name":"visits","type":{"type":"array","items":{"type":"record","name":"Visit","fields":[
	{"name":"page","type":"string"},{"name":"seconds","type":"double"},{"name":"referrer","type":["null","string"]}]}}}
]}`

// nestedWork decodes them.
func nestedWork() stages.Decode {
	return stages.Decode{
		Group:  feature.Group{Name: "nested", PrimaryKey: []string{"id"}, EventTime: "at", Order: feature.ByEventTime},
		Schema: nestedSchema,
	}
}

// nestedBodies are encoded nested rows: four counts and four visits each.
var nestedBodies = sync.OnceValue(func() []feature.Record {
	random, list := rand.New(rand.NewPCG(1, 20)), make([]feature.Record, 16<<10)
	for i := range list {
		id := fmt.Sprintf("entity-%010d", random.IntN(keys))
		w := avro.NewWriter(nil, 512)
		w.WriteString(id)
		w.WriteLong(int64(i))
		w.WriteString("android")
		w.WriteLong(1)
		w.WriteString(fmt.Sprint(random.IntN(20)))
		w.WriteInt(random.Int32N(16))
		w.WriteLong(4)
		for c := range 4 {
			w.WriteString(fmt.Sprintf("count_%d", c))
			w.WriteLong(random.Int64N(1000))
		}
		w.WriteLong(0)
		w.WriteLong(4)
		for range 4 {
			w.WriteString(fmt.Sprintf("/page/%d", random.IntN(1000)))
			w.WriteDouble(random.Float64() * 100)
			w.WriteLong(int64(random.IntN(2)))
			if w.Buffer()[len(w.Buffer())-1] != 0 {
				w.WriteString("/home")
			}
		}
		w.WriteLong(0)
		list[i] = feature.Record{Key: []byte(id), Value: w.Buffer()}
	}
	return list
})
