package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/hamba/avro/v2"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

func ExampleSink() {
	dir, err := os.MkdirTemp("", "tandem")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "features.db")

	schema := avro.MustParse(`{"type": "record", "name": "Click", "fields": [
		{"name": "user_id", "type": "string"}, {"name": "amount", "type": "double"}]}`)
	record := func(user string, amount float64) feature.Record {
		value, err := avro.Marshal(schema, map[string]any{"user_id": user, "amount": amount})
		if err != nil {
			log.Fatal(err)
		}
		return feature.Record{Key: []byte(user), Value: value}
	}
	clicks := memlog.Of("clicks", []feature.Record{
		record("ada", 1), record("bob", 2), record("ada", 3), {Key: []byte("bob")}, // bob is deleted
	})

	g := pipeline.New("clicks-sync")
	records := pipeline.From(g, "clicks", memlog.Source{Log: clicks, UntilEnd: true})
	rows := pipeline.Via(records, "decode", stages.Decode{
		Group:  feature.Group{Name: "clicks", PrimaryKey: []string{"user_id"}},
		Schema: schema.String(),
	})
	pipeline.Join(g, "commit", stages.Commit{}, pipeline.To(rows, "online", sqlite.Sink{File: file}))
	if err := g.Run(context.Background()); err != nil {
		log.Fatal(err)
	}

	db, err := sql.Open("sqlite", file)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	var user string
	var amount float64
	if err := db.QueryRow("SELECT user_id, amount FROM clicks_1").Scan(&user, &amount); err != nil {
		log.Fatal(err)
	}
	fmt.Println(user, amount)
	// Output: ada 3
}
