package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestStatusAndReason(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	read := func(err error) error { return &net.OpError{Op: "read", Net: "tcp", Err: err} }
	call := func(err error) error { return os.NewSyscallError("connect", err) }
	for _, tt := range []struct {
		err    error
		status cluster.BrokerStatus
		reason string // "" where it is the status
	}{
		{nil, cluster.BrokerAlive, ""},
		{dial(call(syscall.ECONNREFUSED)), cluster.BrokerRefused, ""},
		{dial(call(syscall.EHOSTUNREACH)), cluster.BrokerTimeout, ""},
		{dial(call(syscall.ENETUNREACH)), cluster.BrokerTimeout, ""},
		{dial(call(syscall.ETIMEDOUT)), cluster.BrokerTimeout, ""},
		{dial(os.ErrDeadlineExceeded), cluster.BrokerTimeout, ""},
		{dial(call(syscall.EMFILE)), cluster.BrokerUnknown, ""}, // our fault, not the broker's
		{dial(&net.DNSError{Err: "no such host", Name: "k3", IsNotFound: true}), cluster.BrokerUnresolvable, ""},
		{dial(&net.DNSError{Err: "i/o timeout", Name: "k3", IsTimeout: true}), cluster.BrokerUnresolvable, ""},
		{dial(&net.AddrError{Err: "missing port in address", Addr: "k3"}), cluster.BrokerUnresolvable, ""},
		{read(os.ErrDeadlineExceeded), cluster.BrokerTimeout, ""},
		{read(call(syscall.ECONNRESET)), cluster.BrokerProtocolError, ""},
		{context.DeadlineExceeded, cluster.BrokerTimeout, ""},
		{&timeoutError{after: time.Second}, cluster.BrokerTimeout, ""},
		{context.Canceled, cluster.BrokerUnknown, ""},
		{errClosed, cluster.BrokerUnknown, ""},
		{ErrAbandoned, cluster.BrokerTimeout, cluster.ReasonAbandoned},
		{io.EOF, cluster.BrokerProtocolError, ""},
		{sarama.ErrInsufficientData, cluster.BrokerProtocolError, ""},
		{sarama.PacketDecodingError{Info: "invalid length"}, cluster.BrokerProtocolError, ""},
		{&panicError{reason: "index out of range"}, cluster.BrokerProtocolError, cluster.ReasonPanic},
		{&frameError{head: [4]byte{'H', 'T', 'T', 'P'}}, cluster.BrokerProtocolError, ""},
		{&frameError{head: [4]byte{21, 3, 3, 0}}, cluster.BrokerTLSError, ""},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, cluster.BrokerTLSError, ""},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, cluster.BrokerTLSError, ""},
		{x509.HostnameError{Certificate: new(x509.Certificate), Host: "k3"}, cluster.BrokerTLSError, ""},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}, cluster.BrokerTLSError, ""},
		{sarama.ErrSASLAuthenticationFailed, cluster.BrokerAuthError, ""},
		{&loginError{err: io.EOF}, cluster.BrokerAuthError, ""},
		{&loginError{err: &net.DNSError{Err: "no such host", Name: "idp", IsNotFound: true}}, cluster.BrokerAuthError, ""},
		{&handshakeError{err: io.EOF}, cluster.BrokerTLSError, ""},
		{sarama.ErrRequestTimedOut, cluster.BrokerTimeout, ""},
		{&unknownError{}, cluster.BrokerProtocolError, ""},
		{sarama.ErrGroupAuthorizationFailed, cluster.BrokerAuthError, cluster.ReasonPermission},
		{sarama.ErrTopicAuthorizationFailed, cluster.BrokerAuthError, cluster.ReasonPermission},
		{sarama.ErrClusterAuthorizationFailed, cluster.BrokerAuthError, cluster.ReasonPermission},
		{sarama.ErrNotCoordinatorForConsumer, cluster.BrokerProtocolError, ""},
	} {
		if tt.reason == "" {
			tt.reason = string(tt.status)
		}
		err := tt.err
		if err != nil {
			err = fmt.Errorf("broker 3 at k3:9092: %w", err)
		}
		if got := Status(err); got != tt.status {
			t.Errorf("Status(%v) = %s, want %s", err, got, tt.status)
		}
		if got := Reason(err); got != tt.reason {
			t.Errorf("Reason(%v) = %s, want %s", err, got, tt.reason)
		}
	}
}

func TestPanicsBecomeErrors(t *testing.T) {
	f := newFake(t, noGroups)
	c := newTestClient(t)
	_, err := work(within(t), c, f.node(2), "ListGroups", func(*link) (int, error) {
		panic("slice bounds out of range")
	})
	var panicked *panicError
	if !errors.As(err, &panicked) {
		t.Errorf("work = %v, want the panic", err)
	}
	if _, err := c.ListGroups(within(t), f.node(2)); err != nil {
		t.Errorf("the call after a panic: %v", err)
	}
}
