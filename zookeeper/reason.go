package zookeeper

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/security"
)

var (
	errNotServing = errors.New("not serving: the server runs, but belongs to no quorum")
	errNotAllowed = errors.New("not allowed: add the word to 4lw.commands.whitelist of the server")
	errBadReply   = errors.New("bad reply")
	errWantsTLS   = errors.New("the server answers with a TLS alert to plain text, use TLS for it")
	errHandshake  = errors.New("the connection broke off during the TLS handshake (does the server speak TLS on this port?)")
)

// Reason returns what an error of this package amounts to: one of the states of
// [cluster.ServerStatus], [cluster.ReasonPermission] where an ACL forbids the
// reading or the credentials are denied, or [cluster.ReasonPanic]. It is meant for the Reason of a [cluster.Fault], and so for a label.
//
// A failure that fits none of the states is told as the nearest one. What the
// network or the server denies at once is refused: no route to the host, a
// connection that is reset, or one that is accepted and closed again before a
// byte was sent, as a proxy does whose ZooKeeper is gone, and as ZooKeeper does
// with a client that has too many connections. What ended because the caller gave
// up is a timeout.
func Reason(err error) string {
	switch {
	case err == nil:
		return string(cluster.ServerOK)
	case errors.Is(err, errNotServing):
		return string(cluster.ServerNotServing)
	case errors.Is(err, errNotAllowed):
		return string(cluster.ServerNotAllowed)
	case errors.Is(err, errBadReply):
		return string(cluster.ServerBadReply)
	case errors.Is(err, zk.ErrNoAuth), errors.Is(err, zk.ErrAuthFailed), errors.Is(err, errCredentials):
		return cluster.ReasonPermission
	case errors.Is(err, errPanic):
		return cluster.ReasonPanic
	case isTLS(err):
		return string(cluster.ServerTLSError)
	}
	// A lookup that timed out is both a DNS error and a timeout. The name is what
	// somebody has to look at, so it goes first.
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return string(cluster.ServerUnresolvable)
	}
	if isTimeout(err) {
		return string(cluster.ServerTimeout)
	}
	if _, ok := errors.AsType[*net.OpError](err); ok || isLost(err) || errors.Is(err, io.EOF) {
		return string(cluster.ServerRefused)
	}
	return string(cluster.ServerBadReply)
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	netErr, ok := errors.AsType[net.Error](err)
	return ok && netErr.Timeout()
}

func isTLS(err error) bool {
	if errors.Is(err, errWantsTLS) || errors.Is(err, errHandshake) || security.IsTLS(err) {
		return true
	}
	// crypto/tls has no type for an alert over TCP, only these words.
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "remote error" || op.Op == "local error") {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// isAlert says whether an answer begins as a TLS alert does: type 21, version 3.x.
func isAlert(answer []byte) bool {
	return len(answer) >= 2 && answer[0] == 21 && answer[1] == 3
}

// dialed says more of an error of a DialFunc: only a handshake reads or writes
// before there is a connection. A server that wants no TLS breaks it off.
func dialed(err error) error {
	op, ok := errors.AsType[*net.OpError](err)
	talked := ok && (op.Op == "read" || op.Op == "write") && !op.Timeout()
	if talked || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", errHandshake, err)
	}
	return err
}

// isLost says whether an error of the client library means that the connection or
// the session went away under a call, which is then worth repeating.
func isLost(err error) bool {
	return errors.Is(err, zk.ErrConnectionClosed) || errors.Is(err, zk.ErrClosing) ||
		errors.Is(err, zk.ErrSessionExpired) || errors.Is(err, zk.ErrSessionMoved)
}
