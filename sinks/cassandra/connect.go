package cassandra

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/gocql/gocql"
)

// connection is a session and its policy, which knows the replicas of a key.
type connection struct {
	*gocql.Session
	policy gocql.HostSelectionPolicy
}

// schemaTimeout is the least time that a change of the schema gets: all nodes have to hear of it.
const schemaTimeout = 30 * time.Second

// connect opens the session of reads and writes.
func (s *Sink) connect(log *slog.Logger) (*connection, error) {
	return s.dial(s.Keyspace, s.timeout(), log)
}

// connectSchema opens one for the schema, in no keyspace: it may not exist yet.
func (s *Sink) connectSchema(log *slog.Logger) (*connection, error) {
	return s.dial("", max(s.timeout(), schemaTimeout), log)
}

func (s *Sink) timeout() time.Duration { return orElse(s.Timeout, 10*time.Second) }

func (s *Sink) dial(keyspace string, timeout time.Duration, log *slog.Logger) (*connection, error) {
	cfg, err := s.cluster(log)
	if err != nil {
		return nil, err
	}
	cfg.Keyspace, cfg.Timeout = keyspace, timeout
	session, err := cfg.CreateSession()
	if err != nil {
		return nil, fmt.Errorf("can't connect to Cassandra at %s: %w", strings.Join(s.Hosts, ", "), err)
	}
	return &connection{session, cfg.PoolConfig.HostSelectionPolicy}, nil
}

func (s *Sink) cluster(log *slog.Logger) (*gocql.ClusterConfig, error) {
	cfg := gocql.NewCluster()
	for _, h := range s.Hosts {
		h, err := hostPort(h)
		if err != nil {
			return nil, err
		}
		cfg.Hosts = append(cfg.Hosts, h)
	}
	consistency, err := s.consistency()
	if err != nil {
		return nil, err
	}
	cfg.Consistency = consistency
	cfg.ConnectTimeout = orElse(s.ConnectTimeout, 5*time.Second)
	cfg.ReconnectionPolicy = &gocql.ConstantReconnectionPolicy{MaxRetries: 1}
	cfg.ReconnectInterval = time.Second
	cfg.RetryPolicy = nextHost{}
	cfg.PoolConfig.HostSelectionPolicy = s.hostPolicy()
	cfg.Logger = driverLog{log}
	cfg.SslOpts = tlsOptions(s.TLS)
	cfg.Authenticator, err = s.authenticator()
	return cfg, err
}

// hostPolicy sends each request to a node that holds its rows. gocql's default is to ask all nodes in turn.
func (s *Sink) hostPolicy() gocql.HostSelectionPolicy {
	fallback := gocql.RoundRobinHostPolicy()
	if s.DataCenter != "" {
		fallback = gocql.DCAwareRoundRobinPolicy(s.DataCenter)
	}
	return gocql.TokenAwareHostPolicy(fallback)
}

// tlsOptions has the node verified, as gocql doesn't by default, unless the caller's own config says otherwise.
func tlsOptions(c *tls.Config) *gocql.SslOptions {
	if c == nil {
		return nil
	}
	return &gocql.SslOptions{Config: c, EnableHostVerification: !c.InsecureSkipVerify}
}

func (s *Sink) authenticator() (gocql.Authenticator, error) {
	if s.Username == "" {
		return nil, nil
	}
	password := string(s.Password)
	if s.PasswordFile != "" {
		b, err := os.ReadFile(s.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("the PasswordFile: %w", err)
		}
		password = strings.TrimRight(string(b), "\r\n")
	}
	return gocql.PasswordAuthenticator{Username: s.Username, Password: password}, nil
}

// learnRouting has gocql prepare both statements now, while a node is there: where it fails to learn a statement's
// partition key the first time, it never tries again, and every batch goes to any node.
func (c *connection) learnRouting(ctx context.Context, t *table) error {
	ctx, cancel := context.WithTimeout(ctx, schemaTimeout)
	defer cancel()
	for _, stmt := range []string{t.upsert(), t.remove()} {
		err := c.learn(ctx, stmt)
		for halfMade(err) && sleep(ctx, 50*time.Millisecond) {
			err = c.learn(ctx, stmt)
		}
		if err != nil {
			return fmt.Errorf("prepare %s: %w", stmt, err)
		}
	}
	return nil
}

func (c *connection) learn(ctx context.Context, stmt string) error {
	args := make([]any, strings.Count(stmt, "?"))
	for i := range args {
		args[i] = wire{}
	}
	key, err := c.Query(stmt, args...).WithContext(ctx).GetRoutingKey()
	if err == nil && key == nil {
		return errors.New("the answer names no partition key")
	}
	return err
}

// halfMade reports whether a node says that the table isn't there. It is, as was just seen: a node that another process
// has make it writes it down before it knows it.
func halfMade(err error) bool {
	var answer gocql.RequestError
	return errors.As(err, &answer) && answer.Code() == gocql.ErrCodeInvalid
}

// sleep waits, and reports whether ctx is still alive after it.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// home is the node that a query of a known routing key goes to first; empty if none is known.
func (c *connection) home(q *gocql.Query) string {
	if host := c.policy.Pick(q)(); host != nil {
		return host.Info().HostID()
	}
	return ""
}

// driverLog takes what gocql has to say: its own ups and downs, none of which is an answer to a request.
type driverLog struct{ *slog.Logger }

func (l driverLog) Print(v ...any)                 { l.say(fmt.Sprint(v...)) }
func (l driverLog) Printf(format string, v ...any) { l.say(fmt.Sprintf(format, v...)) }
func (l driverLog) Println(v ...any)               { l.say(fmt.Sprintln(v...)) }
func (l driverLog) say(text string)                { l.Debug("driver", "text", strings.TrimSpace(text)) }
