// Package flags is the flags that example programs share: how a server is reached
// securely. Passwords come from files or the environment.
package flags

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"os"
	"strings"
)

// TLS is how a connection is encrypted.
type TLS struct {
	on            bool
	ca, cert, key string
}

// Declare adds the flags, whose names begin with prefix, to a set; what is what people connect to.
func (t *TLS) Declare(fs *flag.FlagSet, prefix, what string) {
	fs.BoolVar(&t.on, prefix+"-tls", false, "encrypt connections to "+what)
	fs.StringVar(&t.ca, prefix+"-ca", "", "file of the authorities that sign "+what+"'s certificates (default: the system's)")
	fs.StringVar(&t.cert, prefix+"-cert", "", "file of this client's certificate for "+what)
	fs.StringVar(&t.key, prefix+"-cert-key", "", "file of that certificate's private key")
}

// Load gives nil where encryption is off.
func (t *TLS) Load() (*tls.Config, error) {
	if !t.on && t.ca == "" && t.cert == "" {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.ca != "" {
		pem, err := os.ReadFile(t.ca)
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate in it", t.ca)
		}
	}
	if t.cert != "" {
		pair, err := tls.LoadX509KeyPair(t.cert, t.key)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// Secret is a password, from a file or from the environment: never from the
// command line, which others can read.
func Secret(file, variable string) (string, error) {
	if file == "" {
		return os.Getenv(variable), nil
	}
	b, err := os.ReadFile(file)
	return strings.TrimRight(string(b), "\r\n"), err
}

// List is what a flag's value has between commas.
func List(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
