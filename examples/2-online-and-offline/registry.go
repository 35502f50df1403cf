package main

import (
	"flag"
	"os"

	"github.com/tandemdata/tandem/examples/flags"
	"github.com/tandemdata/tandem/stages/wire/registry"
)

// schemaRegistry is where the schemas of -format confluent are.
type schemaRegistry struct {
	flags.TLS
	registry, user, passwordFile string
	framedKeys                   bool
}

func (s *schemaRegistry) declare(fs *flag.FlagSet) {
	s.TLS.Declare(fs, "registry", "the schema registry")
	fs.StringVar(&s.registry, "registry", "", "with -format confluent: the schema registry's URLs, http://host:port,…")
	fs.BoolVar(&s.framedKeys, "framed-keys", false, "with -format confluent: record keys are framed too, and resolve to -key-schema")
	fs.StringVar(&s.user, "registry-user", "", "the registry's user (default: none, or the bearer token in $REGISTRY_TOKEN)")
	fs.StringVar(&s.passwordFile, "registry-password-file", "", "file of the user's password (default: $REGISTRY_PASSWORD)")
}

func (s *schemaRegistry) client() (*registry.Client, error) {
	c, err := s.TLS.Load()
	if err != nil {
		return nil, err
	}
	settings := registry.Config{URLs: flags.List(s.registry), User: s.user, TLS: c}
	if s.user == "" {
		settings.Token = os.Getenv("REGISTRY_TOKEN")
		return registry.New(settings)
	}
	if settings.Password, err = flags.Secret(s.passwordFile, "REGISTRY_PASSWORD"); err != nil {
		return nil, err
	}
	return registry.New(settings)
}
