package servers

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
)

// registry speaks the interface of Confluent's schema registry below a path of its own, and keeps schemas in memory.
var registry = &kind{
	name:      "registry",
	version:   "2.6.13",
	variable:  "TANDEM_REGISTRY",
	composed:  "127.0.0.1:8081",
	artifacts: []string{"io.apicurio:apicurio-registry-app:2.6.13.Final:tar.gz:all"},
	archives:  true,
	ports:     1,
	configure: func(context.Context, *instance) error { return nil },
	arguments: func(in *instance) []string {
		return []string{
			"-Xmx256m", "-XX:TieredStopAtLevel=1",
			"-Dquarkus.http.host=127.0.0.1",
			"-Dquarkus.http.port=" + strconv.Itoa(in.ports[0]),
			"-jar", filepath.Join(in.jarDir(), "apicurio-registry-app-2.6.13.Final-runner.jar"),
		}
	},
	probe: probeRegistry,
}

// registryPath is where Apicurio has the interface of Confluent's registry.
const registryPath = "/apis/ccompat/v7"

// probeRegistry asks for the subjects.
func probeRegistry(conn net.Conn) error {
	req, err := http.NewRequest(http.MethodGet, "http://"+conn.RemoteAddr().String()+registryPath+"/subjects", nil)
	if err != nil {
		return err
	}
	if err := req.Write(conn); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("subjects: %s", answer.Status)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
