package servers

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
)

//go:embed cassandra.yaml
var cassandraYAML string

//go:embed cassandra.logback.xml
var cassandraLogback string

// cassandraOptions are java's, as in Cassandra's own jvm17-server.options, less what a test's server has no need of.
//
//go:embed cassandra.options
var cassandraOptions string

var cassandra = &kind{
	name:      "cassandra",
	version:   "5.0.5",
	variable:  "TANDEM_CASSANDRA",
	composed:  "127.0.0.1:9042",
	artifacts: []string{"org.apache.cassandra:cassandra-all:5.0.5"},
	ports:     2,
	configure: func(_ context.Context, in *instance) error {
		if err := in.write("cassandra.yaml", cassandraYAML); err != nil {
			return err
		}
		return in.write("logback.xml", cassandraLogback)
	},
	arguments: cassandraArguments,
	probe:     probeCassandra,
}

// cassandraArguments leave the JMX properties out, so nothing listens for JMX.
func cassandraArguments(in *instance) []string {
	return append(strings.Fields(cassandraOptions),
		"-javaagent:"+filepath.Join(in.jarDir(), "jamm-0.4.0.jar"),
		"-Dcassandra.config=file://"+in.path("cassandra.yaml"),
		"-Dcassandra.storagedir="+in.home,
		"-Dcassandra.logdir="+in.home,
		"-Dlogback.configurationFile="+in.path("logback.xml"),
		"org.apache.cassandra.service.CassandraDaemon")
}

// probeCassandra sends OPTIONS and wants SUPPORTED (native_protocol_v4.spec, 2 and 4.1.3). The native transport is the
// last thing that Cassandra starts, so whoever answers is ready for the rest.
func probeCassandra(conn net.Conn) error {
	const options, supported = 0x05, 0x06
	if _, err := conn.Write([]byte{0x04, 0, 0, 0, options, 0, 0, 0, 0}); err != nil {
		return err
	}
	var header [9]byte
	if _, err := io.ReadFull(conn, header[:]); err != nil {
		return err
	}
	if header[4] != supported {
		return fmt.Errorf("OPTIONS: answer of opcode %#x", header[4])
	}
	return nil
}
