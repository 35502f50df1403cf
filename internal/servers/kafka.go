package servers

import (
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"github.com/tandemdata/tandem/internal/child"
)

//go:embed kafka.properties
var kafkaProperties string

var kafka = &kind{
	name:     "kafka",
	version:  "4.1.0",
	variable: "TANDEM_KAFKA",
	composed: "127.0.0.1:9092",
	artifacts: []string{
		"org.apache.kafka:kafka_2.13:4.1.0",
		"org.slf4j:slf4j-simple:1.7.36",
	},
	ports:     4,
	configure: configureKafka,
	arguments: func(in *instance) []string {
		return []string{
			"-Xmx512m",
			"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
			"-Dorg.slf4j.simpleLogger.showDateTime=true",
			"-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
			"kafka.Kafka", in.path("kafka.properties"),
		}
	},
	probe: probeKafka,
}

func configureKafka(ctx context.Context, in *instance) error {
	if err := in.write("kafka.properties", kafkaProperties); err != nil {
		return err
	}
	const clusterID = "dGFuZGVtLXNlcnZlcnMtMQ" // any 16 bytes
	format := in.java(ctx, "-XX:TieredStopAtLevel=1",
		"kafka.tools.StorageTool", "format", "-t", clusterID, "-c", in.path("kafka.properties"))
	return child.Run(format, in.path("format.log"))
}

// probeKafka asks what the first transaction and the first consumer group of a fresh broker ask. These questions make
// the topics which coordinators keep their state in, and without them the first group would meet up to 20 s of errors.
func probeKafka(conn net.Conn) error {
	const group, transaction = 0, 1
	if err := findCoordinator(conn, group, "probe"); err != nil {
		return err
	}
	if err := findCoordinator(conn, transaction, "probe"); err != nil {
		return err
	}
	return heartbeat(conn, "probe")
}

// findCoordinator speaks version 1 of https://kafka.apache.org/protocol#The_Messages_FindCoordinator.
func findCoordinator(conn net.Conn, keyType byte, key string) error {
	answer, err := ask(conn, 10, 1, append(kafkaString(nil, key), keyType))
	if err != nil {
		return err
	}
	return kafkaError("FindCoordinator", answer, 4, 0) // after throttle_time_ms
}

// heartbeat speaks version 0 of https://kafka.apache.org/protocol#The_Messages_Heartbeat for a group that is not there.
// A coordinator that has loaded its partition of the offsets topic knows that, and says UNKNOWN_MEMBER_ID.
func heartbeat(conn net.Conn, group string) error {
	body := kafkaString(nil, group)
	body = binary.BigEndian.AppendUint32(body, 0) // generation_id
	body = kafkaString(body, "probe member")
	answer, err := ask(conn, 12, 0, body)
	if err != nil {
		return err
	}
	return kafkaError("Heartbeat", answer, 0, 25)
}

// ask sends a request and returns the answer after its header.
func ask(conn net.Conn, api, version uint16, body []byte) ([]byte, error) {
	request := binary.BigEndian.AppendUint16(make([]byte, 4), api)
	request = binary.BigEndian.AppendUint16(request, version)
	request = binary.BigEndian.AppendUint32(request, 0) // correlation_id
	request = kafkaString(request, "servers")           // client_id
	request = append(request, body...)
	binary.BigEndian.PutUint32(request, uint32(len(request)-4))
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	var header [8]byte // size, correlation_id
	if _, err := io.ReadFull(conn, header[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(header[:])
	if size < 4 || size > 1<<20 {
		return nil, fmt.Errorf("no Kafka answer: %d bytes", size)
	}
	answer := make([]byte, size-4)
	_, err := io.ReadFull(conn, answer)
	return answer, err
}

func kafkaString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

func kafkaError(api string, answer []byte, at int, want uint16) error {
	if len(answer) < at+2 {
		return fmt.Errorf("%s: answer of %d bytes", api, len(answer))
	}
	if code := binary.BigEndian.Uint16(answer[at:]); code != want {
		return fmt.Errorf("%s: error code %d", api, code)
	}
	return nil
}
