package cassandra

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/gocql/gocql"

	"github.com/tandemdata/tandem/pipeline/feature"
)

// maxTTL is the longest life that Cassandra gives a cell, 20 years, in seconds.
const maxTTL = 20 * 365 * 24 * 60 * 60

// Check reports all that is wrong with the settings and all that such rows couldn't keep. Nothing is opened.
func (s *Sink) Check(schema *feature.Schema) error {
	return errors.Join(s.checkAddress(), s.checkLogin(), s.checkReplication(), s.checkLimits(), s.checkRows(schema))
}

func (s *Sink) checkAddress() error {
	var errs []error
	if len(s.Hosts) == 0 {
		errs = append(errs, errors.New("no Hosts: want host or host:port"))
	}
	for _, h := range s.Hosts {
		if _, err := hostPort(h); err != nil {
			errs = append(errs, err)
		}
	}
	if s.Keyspace == "" {
		errs = append(errs, errors.New("no Keyspace"))
	} else if err := feature.CheckName(s.Keyspace); err != nil {
		errs = append(errs, fmt.Errorf("the Keyspace: %w", err))
	}
	return errors.Join(errs...)
}

// hostPort completes a contact point by the default port.
func hostPort(h string) (string, error) {
	bare := strings.Trim(h, "[]")
	if ip := net.ParseIP(bare); ip != nil || bare != "" && !strings.Contains(h, ":") {
		return net.JoinHostPort(bare, "9042"), nil
	}
	host, port, err := net.SplitHostPort(h)
	if n, bad := strconv.Atoi(port); err != nil || host == "" || bad != nil || n < 1 || n > 65535 {
		return "", fmt.Errorf("contact point %q: want host or host:port", h)
	}
	return h, nil
}

func (s *Sink) checkLogin() error {
	var errs []error
	if s.Password != "" && s.PasswordFile != "" {
		errs = append(errs, errors.New("both Password and PasswordFile are set: want one"))
	}
	if s.Username == "" && (s.Password != "" || s.PasswordFile != "") {
		errs = append(errs, errors.New("a password is set without a Username"))
	}
	if s.Username != "" && s.Password == "" && s.PasswordFile == "" {
		errs = append(errs, fmt.Errorf("the Username %q is set without Password or PasswordFile", s.Username))
	}
	return errors.Join(errs...)
}

func (s *Sink) checkReplication() error {
	switch {
	case s.Replication == nil:
		return nil
	case !s.Create:
		return errors.New("a Replication is set without Create: it would not be used")
	case s.Replication["class"] == "":
		return errors.New(`the Replication has no "class"`)
	}
	return nil
}

func (s *Sink) checkLimits() error {
	var errs []error
	for name, v := range map[string]int{"InFlight": s.InFlight, "BatchRows": s.BatchRows, "BatchBytes": s.BatchBytes} {
		if v < 0 {
			errs = append(errs, fmt.Errorf("%s is negative: %d", name, v))
		}
	}
	for name, v := range map[string]time.Duration{"Timeout": s.Timeout, "ConnectTimeout": s.ConnectTimeout} {
		if v < 0 {
			errs = append(errs, fmt.Errorf("%s is negative: %v", name, v))
		}
	}
	if _, err := s.consistency(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// consistency refuses ANY: a row that only a hint holds can be read nowhere.
func (s *Sink) consistency() (gocql.Consistency, error) {
	c, err := gocql.ParseConsistencyWrapper(orElse(s.Consistency, "LOCAL_QUORUM"))
	if err != nil || c == gocql.Any {
		return 0, fmt.Errorf("unknown Consistency %q: want ONE, TWO, THREE, QUORUM, ALL, LOCAL_ONE, LOCAL_QUORUM or EACH_QUORUM", s.Consistency)
	}
	return c, nil
}

func (s *Sink) checkRows(schema *feature.Schema) error {
	var errs []error
	g := schema.Group
	if s.Layout > Packed {
		errs = append(errs, fmt.Errorf("unknown %v", s.Layout))
	}
	if s.Layout == Plain && g.Order == feature.ByEventTime && !s.AcceptTies {
		errs = append(errs, errors.New("plain columns can't keep the order by event time: rows of one key and time would "+
			"merge column by column into rows that nobody wrote. Use the packed layout, or set AcceptTies"))
	}
	if g.TTL > maxTTL*time.Second {
		errs = append(errs, fmt.Errorf("TTL %v: Cassandra keeps a row for 20 years at most", g.TTL))
	}
	return errors.Join(errs...)
}
