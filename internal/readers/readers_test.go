// Package readers holds that a table is what other engines read: rows, filters,
// counts and history, asked of readers that nobody here wrote and compared with
// a model. What a reader can't do is listed in limits_test.go, and in the README.
// It is a test only.
package readers

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tandemdata/tandem/internal/rowgen"
	"github.com/tandemdata/tandem/pipeline/feature"
)

// reader is a program that reads the table.
type reader struct {
	name          string
	command       func(t testing.TB, script string, args ...string) *exec.Cmd
	script        string
	args          []string
	nanIsGreatest bool                // in filters
	leavesOut     func(question) bool // what can't be said in its language
	limits        []limit
	fewColumns    bool // some of the limits are of none
}

// job is what a script is told.
type job struct {
	Warehouse string     `json:"warehouse"`
	Table     string     `json:"table"`
	Metadata  string     `json:"metadata"`
	Columns   []typed    `json:"columns"`
	Place     []string   `json:"place"` // columns that say where a row came from
	Questions []question `json:"questions"`
}

// answer is what it says.
type answer struct {
	ID      int     `json:"id"`
	Answer  any     `json:"answer"`
	Error   string  `json:"error"`
	Seconds float64 `json:"seconds"`
}

func TestEveryReaderSeesTheTableAsItIs(t *testing.T) {
	t.Parallel()
	l := newLake(t, everyColumn(t, func(feature.Field) bool { return true }), "")
	for _, r := range []reader{pyiceberg, duckdb, polarsDefault, polarsNative} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.sees(t, l)
		})
	}
}

func TestSparkSeesATableWithoutTimesOfDay(t *testing.T) {
	t.Parallel()
	spark.sees(t, newLake(t, everyColumn(t, func(f feature.Field) bool { return !hasTime(f) }), ""))
}

// The spec is changed in between, so that files are of two.
func TestEveryReaderSeesAPartitionedTableAsItIs(t *testing.T) {
	t.Parallel()
	flat := rowgen.EveryType(feature.ByEventTime, func(f feature.Field) bool {
		return strings.HasPrefix(f.Name, "key_") || f.Name == "opt_string" || f.Name == "opt_double"
	})
	l := newLake(t, flat, "month(event_time), bucket(3, key_string)")
	for _, r := range []reader{pyiceberg, duckdb, polarsDefault, spark} {
		r.fewColumns = true
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.sees(t, l)
		})
	}
}

func hasTime(f feature.Field) bool {
	return typeOf(f) == "time" || slices.ContainsFunc(f.Children, hasTime)
}

// everyColumn is every type, nullable but in keys, and decimals of every width.
func everyColumn(t testing.TB, keep func(feature.Field) bool) *feature.Schema {
	all := rowgen.EveryType(feature.ByEventTime, func(f feature.Field) bool {
		return keep(f) && (f.Nullable || strings.HasPrefix(f.Name, "key_"))
	})
	fields := slices.Clone(all.Fields)
	for p := 2; p <= 37; p++ {
		fields = append(fields, feature.Field{
			Name: fmt.Sprintf("digits_%d", p), Kind: feature.Bytes, Logical: feature.Decimal, Precision: p, Scale: p / 3, Nullable: true,
		})
	}
	s, err := feature.NewSchema(all.Group, fields)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sees asks the reader everything, and compares.
func (r *reader) sees(t *testing.T, l *lake) {
	questions := slices.DeleteFunc(questionsAbout(l), func(q question) bool { return r.leavesOut != nil && r.leavesOut(q) })
	answers := r.ask(t, l, questions)
	used := make([]int, len(r.limits))
	judge := func(q question, wrong string) {
		k := slices.IndexFunc(r.limits, func(of limit) bool { return of.on(q) })
		switch {
		case k < 0 && wrong != "":
			t.Errorf("%v: %s", q, wrong)
		case k >= 0 && wrong == "":
			t.Errorf("%v: right, but it is said that %s", q, r.limits[k].why)
		case k >= 0 && !strings.Contains(wrong, r.limits[k].says):
			t.Errorf("%v: %s; want %q", q, wrong, r.limits[k].says)
		case k >= 0:
			used[k]++
		}
	}
	for _, q := range questions {
		a, ok := answers[q.ID]
		switch {
		case !ok:
			t.Errorf("%v: no answer", q)
		case q.Ask == "rows" && a.Error == "":
			byColumn, wrong := differences(q.expected(l, r.nanIsGreatest).([]map[string]any), a.Answer)
			judge(q, wrong)
			for _, c := range columnsOf(l.schema) {
				q.Column = []string{c[0].(string)}
				judge(q, byColumn[q.Column[0]])
			}
		default:
			judge(q, q.compare(l, a, r.nanIsGreatest))
		}
	}
	for k, n := range used {
		if n == 0 && !r.fewColumns {
			t.Errorf("no question is on it that %s", r.limits[k].why)
		}
		t.Logf("%d questions: %s", n, r.limits[k].why)
	}
}

// ask has the script answer.
func (r *reader) ask(t *testing.T, l *lake, questions []question) map[int]answer {
	t.Helper()
	config, err := json.Marshal(job{
		Warehouse: l.sink.Warehouse, Table: l.schema.Group.Table(), Metadata: strings.TrimPrefix(l.table.MetadataLocation(), "file://"),
		Columns: columnsOf(l.schema), Place: []string{ownPartition, ownOffset}, Questions: questions,
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "job.json")
	if err := os.WriteFile(file, config, 0o644); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	cmd := r.command(t, "testdata/"+r.script, append([]string{file}, r.args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	answers := map[int]answer{}
	spent := 0.0
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, len(out)+1)
	for lines.Scan() {
		var a answer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatalf("%.200q: %v", lines.Text(), err)
		}
		answers[a.ID] = a
		spent += a.Seconds
	}
	t.Logf("%d answers to %d questions in %v, %.1f s of it for the answers", len(answers), len(questions), time.Since(began).Round(time.Millisecond), spent)
	return answers
}

// compare says what is wrong with an answer, or nothing.
func (q question) compare(l *lake, a answer, nanIsGreatest bool) string {
	if a.Error != "" {
		return fmt.Sprintf("%.300s", a.Error)
	}
	want := q.expected(l, nanIsGreatest)
	if q.Ask == "ids" {
		return idDifferences(want.([]any), a.Answer)
	}
	if zeros(q.Type, want) != zeros(q.Type, a.Answer) {
		return fmt.Sprintf("%v, want %v", a.Answer, want)
	}
	return ""
}

// zeros makes one of the two, which are equal to each other.
func zeros(typ string, v any) any {
	if s, ok := v.(string); ok && (typ == "float" || typ == "double") && strings.Trim(s, "0") == "8" && s[0] == '8' {
		return strings.Repeat("0", len(s))
	}
	return v
}

func idDifferences(want []any, answer any) string {
	got, _ := answer.([]any)
	if slices.Equal(want, got) {
		return ""
	}
	count := map[any]int{}
	for _, id := range want {
		count[id]++
	}
	for _, id := range got {
		count[id]--
	}
	var missing, surplus []string
	for id, n := range count {
		switch {
		case n > 0:
			missing = append(missing, id.(string))
		case n < 0:
			surplus = append(surplus, id.(string))
		}
	}
	return fmt.Sprintf("%d rows, want %d: %d missing %.5v, %d too many %.5v", len(got), len(want), len(missing), missing, len(surplus), surplus)
}

// differences says what is wrong with rows, and by column with their values.
func differences(want []map[string]any, answer any) (byColumn map[string]string, wrong string) {
	list, _ := answer.([]any)
	got := map[string]map[string]any{}
	for _, r := range list {
		row := r.(map[string]any)
		got[place(row)] = row
	}
	if len(got) != len(list) || len(list) != len(want) {
		return nil, fmt.Sprintf("%d rows from %d places, want %d", len(list), len(got), len(want))
	}
	slices.SortFunc(want, func(a, b map[string]any) int { return cmp.Compare(place(a), place(b)) })
	byColumn = map[string]string{}
	for _, w := range want {
		g, ok := got[place(w)]
		if !ok {
			return nil, place(w) + " is missing"
		}
		for name, v := range w {
			if !reflect.DeepEqual(v, g[name]) {
				byColumn[name] = fmt.Sprintf("%.300v in %s, want %.300v", g[name], place(w), v)
			}
		}
	}
	return byColumn, ""
}
