package kafka

import (
	"context"
	"net"
	"sync"

	"github.com/IBM/sarama"
)

// link is one connection: a sarama.Broker and the socket under it. A link that
// failed is thrown away, never mended: after a read timeout a sarama.Broker counts
// as open and answers nothing any more.
type link struct {
	broker *sarama.Broker

	mu     sync.Mutex
	socket *socket // nil until dialled
	hungUp bool
}

// dialer dials for one link. It is a value of its own because sarama's interface
// for dialers has no context, and the dial must end with the call that wants it.
type dialer struct {
	ctx  context.Context
	link *link
}

// Dial connects by name, and keeps the socket for hangUp.
func (d dialer) Dial(network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: netTimeout}).DialContext(d.ctx, network, addr)
	if err != nil {
		return nil, err
	}
	d.link.mu.Lock()
	defer d.link.mu.Unlock()
	if d.link.hungUp {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	d.link.socket = &socket{Conn: conn}
	return d.link.socket, nil
}

// openLink connects. It returns the number of ApiVersions requests that sarama
// sent meanwhile (two where the broker knows only an older version of it), even
// if it failed.
func openLink(ctx context.Context, addr, clientID string, r release) (l *link, sent int64, err error) {
	l = &link{broker: sarama.NewBroker(addr)}
	if err := l.broker.Open(saramaConfig(clientID, r, dialer{ctx: ctx, link: l})); err != nil {
		return nil, 0, err
	}
	stop := context.AfterFunc(ctx, l.hangUp)
	// Open goes on in the background. Connected waits for it, and is the only one
	// to tell why it failed.
	connected, err := l.broker.Connected()
	if err == nil && !connected {
		err = sarama.ErrNotConnected
	}
	if !stop() && err == nil {
		err = ctx.Err() // the socket is closed, or about to be
	}
	if err != nil {
		l.close()
		return nil, l.sent(), err
	}
	return l, l.sent(), nil
}

// sent returns how many requests have been written.
func (l *link) sent() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.socket == nil {
		return 0
	}
	return l.socket.sent.Load()
}

// hangUp closes the socket, so that whatever waits for the broker comes back. It
// may be called at any time, from any goroutine.
func (l *link) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hungUp = true
	if l.socket != nil {
		_ = l.socket.Close()
	}
}

// close ends the link and sarama's goroutine. No call may be on its way.
func (l *link) close() {
	l.hangUp()
	// The error says that the socket was closed already, which it was, by us or by
	// sarama.
	_ = l.broker.Close()
}
