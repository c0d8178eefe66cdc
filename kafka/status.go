package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"syscall"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/security"
)

// Status says what an error of this package tells of the broker, as one of
// refused, timeout, unresolvable, tls_error, auth_error and protocol_error. It is
// alive for nil, and unknown where the fault is ours (no file descriptors left,
// the caller gave up) so that nothing was learned.
func Status(err error) cluster.BrokerStatus {
	var dns *net.DNSError
	var addr *net.AddrError
	var timeout interface{ Timeout() bool }
	switch {
	case err == nil:
		return cluster.BrokerAlive
	case errors.Is(err, context.Canceled), errors.Is(err, errClosed):
		return cluster.BrokerUnknown
	case isLoginFailure(err):
		// Whatever lies under it: it may be somebody else who could not be reached,
		// for the credentials.
		return cluster.BrokerAuthError
	case errors.As(err, &dns), errors.As(err, &addr):
		// A name server that does not answer makes the name unresolvable as well:
		// it is there that somebody has to look.
		return cluster.BrokerUnresolvable
	case isTLS(err):
		return cluster.BrokerTLSError
	case isPermission(err):
		return cluster.BrokerAuthError
	case errors.Is(err, syscall.ECONNREFUSED):
		return cluster.BrokerRefused
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, ErrAbandoned),
		errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), isCode(err, sarama.ErrRequestTimedOut):
		// Without a route nobody answers either, and nobody refused. A broker that
		// waits in vain for the controller says so by a code.
		return cluster.BrokerTimeout
	case isDial(err):
		return cluster.BrokerUnknown
	default:
		return cluster.BrokerProtocolError
	}
}

// Reason returns the word for an error of this package in [cluster.Fault]: one of
// the Reason constants, or else its Status.
func Reason(err error) string {
	var panicked *panicError
	switch {
	case errors.Is(err, ErrAbandoned):
		return cluster.ReasonAbandoned
	case errors.As(err, &panicked):
		return cluster.ReasonPanic
	case isPermission(err):
		return cluster.ReasonPermission
	default:
		return string(Status(err))
	}
}

func isTLS(err error) bool {
	var frame *frameError
	var handshake *handshakeError
	var op *net.OpError
	var record tls.RecordHeaderError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &frame) && frame.isTLS() || errors.As(err, &handshake) || security.IsTLS(err) ||
		// crypto/tls has no type for an alert over TCP, only these words.
		errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error") ||
		errors.As(err, &record) || errors.As(err, &certificate) ||
		errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}

// isPermission says whether the user may not do what was asked.
func isPermission(err error) bool {
	return isCode(err, sarama.ErrTopicAuthorizationFailed, sarama.ErrGroupAuthorizationFailed, sarama.ErrClusterAuthorizationFailed)
}

// HasNoTimestamps says whether the broker keeps a log in a format without timestamps
// (that of Kafka 0.9), or has no index of them, so that it refuses to look for one.
func HasNoTimestamps(err error) bool {
	return isCode(err, sarama.ErrUnsupportedForMessageFormat)
}

// IsLoading says whether an error of this package is that of a coordinator which reads what
// it is to coordinate, as after it took over from another one.
func IsLoading(err error) bool { return isCode(err, sarama.ErrOffsetsLoadInProgress) }

// isCode says whether the broker answered with one of these error codes.
func isCode(err error, codes ...sarama.KError) bool {
	// A code with words beside it is no KError in sarama, it only counts as one.
	return slices.ContainsFunc(codes, func(code sarama.KError) bool { return errors.Is(err, code) })
}
