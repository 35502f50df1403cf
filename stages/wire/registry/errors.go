package registry

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/tandemdata/tandem/pipeline"
	"github.com/tandemdata/tandem/stages/wire"
)

// classify tells an id that isn't there from a registry that isn't, and both
// from settings that no waiting will mend.
func classify(err error) error {
	var (
		answer *sr.ResponseError
		cert   *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &cert):
		return fmt.Errorf("registry: %w", err)
	case !errors.As(err, &answer):
		return pipeline.Transient(fmt.Errorf("registry: %w", err))
	case unknown(answer):
		return wire.ErrUnknownSchema
	}
	err = fmt.Errorf("registry: %s %s: %d %w", answer.Method, answer.URL, answer.StatusCode, err)
	switch code := answer.StatusCode; {
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return pipeline.Transient(err)
	}
	return err
}

// unknown trusts the registry's own code only: a bare 404 is an address where
// there is no registry.
func unknown(answer *sr.ResponseError) bool {
	switch answer.ErrorCode {
	case sr.ErrSubjectNotFound.Code, sr.ErrVersionNotFound.Code, sr.ErrSchemaNotFound.Code:
		return true
	}
	return false
}
