package cassandra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gocql/gocql"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/pipeline/feature"
	"github.com/tandemdata/tandem/pipeline/pipelinetest"
)

func TestCheckReportsAllThatIsWrongAtOnce(t *testing.T) {
	schema := schemaOf(t, feature.Group{EventTime: "at", Order: feature.ByEventTime, TTL: 30 * 365 * day},
		eventMicros, feature.Field{Name: "raw", Kind: feature.Bytes})
	s := &Sink{
		Hosts: []string{"a", "b:no", ""}, Keyspace: "x;y", Layout: Plain, Password: "p", PasswordFile: "f",
		Replication: map[string]string{}, Consistency: "ANY", Timeout: -1, InFlight: -1, BatchRows: -1, BatchBytes: -1,
	}
	err := s.Check(schema)
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	for _, want := range []string{
		`"b:no"`, `""`, `"x;y"`, "can't keep the order", "both Password and", "without a Username", "without Create", `"ANY"`,
		"Timeout is negative", "InFlight is negative", "BatchRows is negative", "BatchBytes is negative", "20 years",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s in: %v", want, err)
		}
	}
	if err := (&Sink{}).Check(schemaOf(t, feature.Group{})); !strings.Contains(fmt.Sprint(err), "no Hosts") ||
		!strings.Contains(fmt.Sprint(err), "no Keyspace") {
		t.Errorf("of empty settings: %v", err)
	}
}

func TestPlainByEventTimeHasToBeAccepted(t *testing.T) {
	byTime := schemaOf(t, feature.Group{EventTime: "at", Order: feature.ByEventTime}, eventMicros)
	byLog := schemaOf(t, feature.Group{EventTime: "at"}, eventMicros)
	for _, c := range []struct {
		layout  Layout
		accept  bool
		schema  *feature.Schema
		refused bool
		becomes Layout
	}{
		{Auto, false, byLog, false, Plain},
		{Auto, false, byTime, false, Packed},
		{Plain, false, byLog, false, Plain},
		{Plain, false, byTime, true, Plain},
		{Plain, true, byTime, false, Plain},
		{Packed, false, byLog, false, Packed},
		{Packed, false, byTime, false, Packed},
	} {
		s := &Sink{Hosts: []string{"h"}, Keyspace: "k", Layout: c.layout, AcceptTies: c.accept}
		if err := s.Check(c.schema); (err != nil) != c.refused {
			t.Errorf("%v by %v, ties accepted %v: %v", c.layout, c.schema.Group.Order, c.accept, err)
		}
		if got := s.layout(c.schema); got != c.becomes {
			t.Errorf("%v by %v becomes %v", c.layout, c.schema.Group.Order, got)
		}
	}
}

func TestContactPointsAreCompletedByThePort(t *testing.T) {
	for host, want := range map[string]string{
		"a": "a:9042", "a:1": "a:1", "1.2.3.4": "1.2.3.4:9042", "::1": "[::1]:9042", "[::1]": "[::1]:9042", "[::1]:7": "[::1]:7",
		"": "", ":1": "", "a:": "", "a:b": "", "a:70000": "", "a:1:2": "",
	} {
		got, err := hostPort(host)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q becomes %q, %v; want %q", host, got, err, want)
		}
	}
}

func TestThePasswordIsNeverPrinted(t *testing.T) {
	const password = "correct-horse"
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Sink{Hosts: []string{"127.0.0.1:1"}, Keyspace: "k", Username: "u", Password: password}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("settings", "sink", s, "password", s.Password)
	asJSON, _ := json.Marshal(struct{ P Secret }{s.Password})
	said := []string{log.String(), string(asJSON), fmt.Sprint(s), fmt.Sprintf("%+v %#v %s %q %x %d", *s, s, s.Password, s.Password, s.Password, any(s.Password))}
	for _, s := range []*Sink{s, {Hosts: s.Hosts, Keyspace: "k", Username: "u", PasswordFile: file}} {
		n := new(pipelinetest.Lanes).SinkNode("n", schemaOf(t, feature.Group{}), nil, nil)
		n.Logger = slog.New(slog.NewTextHandler(&log, nil))
		_, err := s.Open(t.Context(), n)
		said = append(said, fmt.Sprint(err))
	}
	for _, text := range append(said, log.String()) {
		if strings.Contains(text, password) || strings.Contains(text, fmt.Sprintf("%x", password)) {
			t.Errorf("the password is in: %s", text)
		}
	}
	if a, err := (&Sink{Username: "u", PasswordFile: file}).authenticator(); err != nil || a.(gocql.PasswordAuthenticator).Password != password {
		t.Errorf("the password of the file is not used: %v", err)
	}
}

func TestWhatMayPassIsTransient(t *testing.T) {
	for _, err := range []error{
		gocql.ErrTimeoutNoResponse, gocql.ErrNoConnections, gocql.ErrConnectionClosed, gocql.ErrNoStreams, io.EOF,
		fmt.Errorf("write: %w", os.ErrDeadlineExceeded), answer(gocql.ErrCodeUnavailable), answer(gocql.ErrCodeOverloaded),
		answer(gocql.ErrCodeWriteTimeout), answer(gocql.ErrCodeBootstrapping),
	} {
		if got := classify(t.Context(), err); !pipeline.IsTransient(got) || !errors.Is(got, err) {
			t.Errorf("%v becomes %v", err, got)
		}
	}
	for _, err := range []error{
		answer(gocql.ErrCodeInvalid), answer(gocql.ErrCodeUnauthorized), answer(gocql.ErrCodeSyntax), answer(gocql.ErrCodeConfig),
		answer(gocql.ErrCodeCredentials), gocql.ErrSessionClosed, errors.New("can not marshal"),
	} {
		if got := classify(t.Context(), err); pipeline.IsTransient(got) || !errors.Is(got, err) {
			t.Errorf("%v becomes %v", err, got)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got := classify(ended, gocql.ErrTimeoutNoResponse); got != context.Canceled {
		t.Errorf("after the end: %v", got)
	}
}

// answer is an error that Cassandra gives by its code.
type answer int

func (a answer) Code() int       { return int(a) }
func (a answer) Message() string { return "code " + fmt.Sprint(int(a)) }
func (a answer) Error() string   { return a.Message() }

func TestAnUnreachableClusterIsOneClearError(t *testing.T) {
	s := &Sink{Hosts: []string{"127.0.0.1:1"}, Keyspace: "k"}
	begun := time.Now()
	_, err := s.Open(t.Context(), new(pipelinetest.Lanes).SinkNode("n", schemaOf(t, feature.Group{}), nil, nil))
	if err == nil || !strings.Contains(err.Error(), "can't connect to Cassandra at 127.0.0.1:1") || pipeline.IsTransient(err) {
		t.Errorf("open: %v", err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("that took %v", took)
	}
	t.Log(err)
}
