package stages_test

import (
	"context"
	"fmt"
	"log"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/memstore"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

// Click is a row as it comes, and Priced what becomes of it.
type Click struct {
	User  string `feature:"user"`
	Count int64  `feature:"count"`
}

type Priced struct {
	Click
	Cents int64 `feature:"cents"`
}

// A stage of one's own on structs: fields are columns.
func ExampleMap() {
	price := func(c Click) (Priced, error) {
		if c.Count == 0 {
			return Priced{}, stages.ErrFiltered
		}
		return Priced{c, 25 * c.Count}, nil
	}

	clicks := memlog.Of("clicks", []feature.Record{{Value: []byte("\x06ada\x04")}, {Value: []byte("\x06bob\x00")}})
	g, online := pipeline.New("own-stage"), &memstore.Sink{}
	rows := pipeline.Via(pipeline.From(g, "clicks", memlog.Source{Log: clicks, UntilEnd: true}), "decode", stages.Decode{
		Group:  feature.Group{Name: "clicks", PrimaryKey: []string{"user"}},
		Schema: `{"type": "record", "name": "Click", "fields": [{"name": "user", "type": "string"}, {"name": "count", "type": "long"}]}`,
	})
	priced := pipeline.Via(rows, "price", stages.Map(price))
	pipeline.Join(g, "commit", stages.Commit{}, pipeline.To(priced, "online", online))
	if err := g.Run(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(g.Ledger())
	// Output: online: read 2 = 1 written + 1 filtered, 1 filtered for: unwanted
}
