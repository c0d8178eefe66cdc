package security

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"
)

// Error says that TLS is what keeps a connection from being made: a file of ours
// that cannot be used, a certificate that is not trusted, a peer that speaks no TLS.
type Error struct{ Err error }

// Error returns the text of the cause.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// IsTLS reports whether an error, of dialling or of what came after it, is one of
// TLS. With TLS 1.3 a server refuses a client's certificate after the handshake:
// the client learns it from its first read.
func IsTLS(err error) bool {
	var own *Error
	var op *net.OpError
	var record tls.RecordHeaderError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &own) || errors.As(err, &record) || errors.As(err, &certificate) ||
		// crypto/tls has no type for an alert over TCP, only these words.
		errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error")
}

// closed says whether the other side ended the connection.
func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
