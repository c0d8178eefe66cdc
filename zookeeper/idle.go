package zookeeper

import (
	"context"
	"net"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// An idle connection, on which nothing is ever said, tells that a server is as it
// was: a process that ends closes it, and so does a server that stops serving, which
// each of them does before it serves in another mode. So a server with such a
// connection need not be asked. From 3.5 on servers close connections without a
// session after ten seconds, which costs a question each time.
//
// The alternative, to ask all servers again and again, takes a tenth of a percent of
// a processor for each, and ZooKeeper 3.4 writes three lines into its log for every
// question.

// keep opens an idle connection to a server, unless there is one. It returns when the
// connection is open or cannot be had.
func (m *member) keep(ctx context.Context, dial DialFunc) {
	conn, err := dial(ctx, "tcp", m.name)
	if err != nil {
		return // the next look finds out why
	}
	m.mu.Lock()
	if m.closed || m.idle != nil {
		m.mu.Unlock()
		_ = conn.Close()
		return
	}
	m.idle = conn
	m.mu.Unlock()
	go func() {
		_ = conn.SetDeadline(time.Time{})
		_, _ = conn.Read(make([]byte, 1)) // it speaks unasked, or ends: in either case it has changed
		m.release(conn)
	}()
}

// release closes an idle connection; nil is the present one.
func (m *member) release(conn net.Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if conn == nil {
		conn = m.idle
	}
	if conn != nil {
		_ = conn.Close()
	}
	if m.idle == conn {
		m.idle = nil
	}
}

// heed releases the idle connection of a server that a reading found not to serve: it
// has to be asked until it does.
func (m *member) heed(mode cluster.ServerMode) {
	if !mode.Serving() {
		m.release(nil)
	}
}

// Close ends the idle connections. Nothing may be asked afterwards.
func (e *Ensemble) Close() {
	for _, m := range e.members {
		m.mu.Lock()
		m.closed = true
		m.mu.Unlock()
		m.release(nil)
	}
}
