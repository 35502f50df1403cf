package main

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/sinks/parquet"
	"github.com/tandemdata/tandem/sinks/sqlite"
	"github.com/tandemdata/tandem/sources/memlog"
	"github.com/tandemdata/tandem/stages"
)

const clicks = `{"type": "record", "name": "Click", "fields": [
	{"name": "user", "type": "string"}, {"name": "at", "type": "long"}, {"name": "amount", "type": "double"}]}`

// stores are both stores with the clicks of a hundred users, as the command's flags.
func stores(t *testing.T) (flags []string, online string) {
	t.Helper()
	dir := t.TempDir()
	online = filepath.Join(dir, "online.db")
	schema := filepath.Join(dir, "clicks.avsc")
	if err := os.WriteFile(schema, []byte(clicks), 0o644); err != nil {
		t.Fatal(err)
	}
	log := memlog.NewLog("clicks", 1)
	for i := range 1000 {
		user := fmt.Sprint("user-", i%100)
		body := append(binary.AppendVarint(nil, int64(len(user))), user...)
		body = binary.LittleEndian.AppendUint64(binary.AppendVarint(body, int64(i)), uint64(i))
		log.Append(0, feature.Record{Key: []byte(user), Value: body})
	}
	g := pipeline.New("clicks")
	records := pipeline.From(g, "clicks", memlog.Source{Log: log, UntilEnd: true})
	group := feature.Group{Name: "clicks", PrimaryKey: []string{"user"}, EventTime: "at"}
	rows := pipeline.Via(records, "decode", stages.Decode{Group: group, Schema: clicks})
	pipeline.Join(g, "commit", stages.Commit{}, pipeline.To(rows, "online", &sqlite.Sink{File: online}),
		pipeline.To(rows, "offline", &parquet.Sink{Warehouse: filepath.Join(dir, "warehouse")}))
	if err := g.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return []string{
		"-name", "clicks", "-key", "user", "-event-time", "at", "-schema", schema, "-sqlite", online,
		"-warehouse", filepath.Join(dir, "warehouse"), "-scratch", dir,
	}, online
}

// tell runs the command, and gives the last line of its output and its exit code.
func tell(t *testing.T, flags ...string) (last string, exit int) {
	t.Helper()
	var out bytes.Buffer
	v, err := run(t.Context(), flags, &out, io.Discard)
	if err != nil {
		t.Log(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	return lines[len(lines)-1], code(v, err)
}

func TestTheExitCodeSaysWhetherStoresAgree(t *testing.T) {
	flags, online := stores(t)
	if last, exit := tell(t, flags...); exit != 0 || !strings.HasPrefix(last, "in sync") {
		t.Errorf("%d, %s", exit, last)
	}
	db, err := sql.Open("sqlite", "file:"+online)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`DELETE FROM clicks_1_rows WHERE "user" = 'user-7'`); err != nil {
		t.Fatal(err)
	}
	last, exit := tell(t, append(flags, "-json")...)
	var verdict map[string]any
	if err := json.Unmarshal([]byte(last), &verdict); err != nil {
		t.Fatal(err)
	}
	if exit != 1 || verdict["missing_online"] != 1.0 || verdict["equal"] != 99.0 || verdict["keys"] != 100.0 {
		t.Errorf("%d, %s", exit, last)
	}
	if last, exit := tell(t, flags...); exit != 1 || !strings.Contains(last, `missing_online: key "user-7"`) {
		t.Errorf("%d, %s", exit, last)
	}
	if _, exit := tell(t, append(flags, "-warehouse", filepath.Join(t.TempDir(), "none"))...); exit != 2 {
		t.Errorf("without a table: exit %d", exit)
	}
}

func TestARepairIsDryUnlessItIsSaid(t *testing.T) {
	flags, online := stores(t)
	db, err := sql.Open("sqlite", "file:"+online)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`DELETE FROM clicks_1_rows WHERE "user" = 'user-7'; UPDATE clicks_1_rows SET amount = 3 WHERE "user" = 'user-8'`); err != nil {
		t.Fatal(err)
	}
	audit := filepath.Join(t.TempDir(), "audit")
	flags = append(flags, "-repair", "-audit", audit)
	for _, want := range []struct {
		more []string
		exit int
	}{{nil, 1}, {nil, 1}, {[]string{"-yes"}, 0}, {nil, 0}} {
		if last, exit := tell(t, append(flags, want.more...)...); exit != want.exit {
			t.Errorf("%v: %d, %s", want.more, exit, last)
		}
	}
	lines, err := os.ReadFile(audit)
	if err != nil || bytes.Count(lines, []byte(`"did":"found"`)) != 6 || bytes.Count(lines, []byte(`"did":"put"`)) != 2 {
		t.Errorf("%v\n%s", err, lines)
	}
}

func TestOnlySomeKeysAreCompared(t *testing.T) {
	flags, _ := stores(t)
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte("user-7\n\n[\"user-8\"]\n\"user-9\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if last, exit := tell(t, append(flags, "-keys", file)...); exit != 0 || !strings.Contains(last, "keys: 3,") {
		t.Errorf("%d, %s", exit, last)
	}
	if last, exit := tell(t, append(flags, "-sample", "0.0001")...); exit != 0 || strings.Contains(last, "keys: 100,") {
		t.Errorf("%d, %s", exit, last)
	}
}

func TestFlagsThatAreWrongAreRefused(t *testing.T) {
	flags, _ := stores(t)
	for _, more := range [][]string{
		{"-cassandra", "localhost"},
		{"-memory", "1"},
		{"-sample", "0"},
		{"-brokers", "localhost:9092"},
		{"-schema", "none"},
		{"-order", "chance"},
		{"-keys", "none"},
		{"-key", "nobody"},
		{"more"},
	} {
		if _, exit := tell(t, append(flags, more...)...); exit != 2 {
			t.Errorf("%v: exit %d", more, exit)
		}
	}
}
