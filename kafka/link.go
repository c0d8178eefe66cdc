package kafka

import (
	"context"
	"errors"
	"net"

	"github.com/IBM/sarama"
)

// link is one connection: a sarama.Broker, the socket under it, and what the broker
// said when it was opened. A link that failed is thrown away, never mended: after a
// read timeout a sarama.Broker counts as open and answers nothing any more.
type link struct {
	to       *peer
	socket   *socket
	broker   *sarama.Broker // nil until the login
	conf     *sarama.Config // with what it logs in; nil for nothing
	known    spans
	identity Identity
	guessed  bool // the release was told from a hang-up, which may have had another cause
}

// openLink connects, logs in, and learns what the broker knows. Where the connection
// ends before that and the release is not known, it may be because of an old
// release, and is tried once more in its manner.
func openLink(ctx context.Context, to *peer) (*link, error) {
	l, err := tryLink(ctx, to, to.caution, sarama.SASLHandshakeV1)
	if err == nil || ctx.Err() != nil || !to.caution.unsure() {
		return l, err
	}
	var login *loginError
	var opening *openError
	switch {
	case errors.As(err, &login) && (closedByPeer(err) || isCode(err, sarama.ErrUnsupportedVersion)):
		// Kafka 0.10 and 0.11 know an older way to log in, and hang up on the newer.
		return tryLink(ctx, to, to.caution, sarama.SASLHandshakeV0)
	case to.caution == anyRelease && errors.As(err, &opening) && closedByPeer(err):
		// So does Kafka 0.8 on what came with 0.9. But a broker that is being stopped
		// hangs up, too, and must not be taken for a 0.8 any longer than that.
		if l, err = tryLink(ctx, to, is08, sarama.SASLHandshakeV1); l != nil {
			l.guessed = true
		}
	}
	return l, err
}

// tryLink opens a link in one manner.
func tryLink(ctx context.Context, to *peer, c caution, handshake int16) (*link, error) {
	s, err := to.dial(ctx)
	if err != nil {
		return nil, err
	}
	l := &link{to: to, socket: s}
	stop := context.AfterFunc(ctx, l.hangUp)
	err = l.introduce(ctx, c, handshake)
	if !stop() && err == nil {
		err = ctx.Err() // the socket is closed, or about to be
	}
	if err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// introduce logs in and learns what the broker knows, in the order that does no
// harm to it.
func (l *link) introduce(ctx context.Context, c caution, handshake int16) error {
	switch c {
	case asksVersions:
		// Every release that knows ApiVersions answers it before the login, and the
		// answer tells how to log in.
		if err := l.learn(); err != nil {
			return err
		}
		return l.logIn(ctx, handshake)
	case is08:
		l.know(spans08, 0)
		return l.logIn(ctx, handshake)
	case is09:
		l.know(spans09, 0)
		return l.logIn(ctx, handshake)
	}
	if err := l.logIn(ctx, handshake); err != nil {
		return err
	}
	newer, err := l.isNew()
	switch {
	case err != nil:
		return err
	case newer:
		return l.learn()
	case c == anyRelease:
		if err := l.tell08(); err != nil {
			return err
		}
	}
	l.know(spans09, 0)
	return nil
}

// handOver is a dialer for sarama that hands it the connection that there is.
type handOver struct{ conn net.Conn }

// Dial returns the connection.
func (h handOver) Dial(string, string) (net.Conn, error) { return h.conn, nil }

// sent returns how many requests have been written.
func (l *link) sent() int64 { return l.socket.sent.Load() }

// hangUp closes the socket, so that whatever waits for the broker comes back. It
// may be called at any time, from any goroutine.
func (l *link) hangUp() { _ = l.socket.Close() }

// close ends the link and sarama's goroutine. No call may be on its way.
func (l *link) close() {
	l.hangUp()
	if l.broker != nil {
		// The error says that the socket was closed already, which it was, by us or
		// by sarama.
		_ = l.broker.Close()
	}
}
