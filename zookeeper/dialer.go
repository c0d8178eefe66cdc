package zookeeper

import (
	"bufio"
	"context"
	"net"
	"sync"
	"time"
)

const (
	// connectTimeout is the time to resolve a server's name and connect to it.
	connectTimeout = 2 * time.Second
	// dialGap is the least time between two connections of a session. The library
	// dials at once when one is lost, in a tight loop when a server takes every
	// session and drops it.
	dialGap = 200 * time.Millisecond
)

// dialer opens a link's connections, one at a time.
type dialer struct {
	attempts
	hosts   *hosts
	dial    DialFunc
	auth    *authenticator
	watched *watchList
	ctx     context.Context // ends when the link is given up
	cancel  context.CancelFunc

	socketMu sync.Mutex
	socket   net.Conn
}

// open is the library's dialer. It keeps its own time, because the library's one
// second must also do for the name.
func (d *dialer) open(network, address string, _ time.Duration) (net.Conn, error) {
	begun, _ := d.times()
	select {
	case <-time.After(dialGap - time.Since(begun)):
	case <-d.ctx.Done():
	}
	ctx, cancel := context.WithTimeout(d.ctx, connectTimeout)
	defer cancel()
	conn, auth, err := d.connect(ctx, network, address)
	if err != nil {
		if d.ctx.Err() == nil {
			d.failed(address, err)
		}
		return nil, err
	}
	d.socketMu.Lock()
	defer d.socketMu.Unlock()
	if d.ctx.Err() != nil {
		_ = conn.Close()
		return nil, d.ctx.Err()
	}
	if d.socket != nil {
		_ = d.socket.Close() // the library forgets the socket of an expired session
	}
	d.socket = conn
	return &socket{Conn: conn, in: bufio.NewReader(conn), server: address, auth: auth, dialer: d}, nil
}

// connect opens a connection, when there is what it is to be authenticated with.
func (d *dialer) connect(ctx context.Context, network, address string) (net.Conn, []byte, error) {
	auth, err := d.auth.request(address)
	if err != nil {
		return nil, nil, err
	}
	conn, err := d.dial(ctx, network, address)
	return conn, auth, dialed(err)
}

// began notes that a server answered the request for a session. That may be to say
// that the session has expired, which the library counts among the failures.
func (d *dialer) began() {
	d.hosts.Connected()
	d.attempts.began()
}

// sever ends the connection and every attempt at another.
func (d *dialer) sever() {
	d.cancel()
	d.socketMu.Lock()
	defer d.socketMu.Unlock()
	if d.socket != nil {
		_ = d.socket.Close()
	}
}
