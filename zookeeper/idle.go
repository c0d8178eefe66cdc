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

// How long no idle connection is kept to a server that has no room for one more, and
// to one that ends them at once: it is asked instead.
const (
	crowded  = 5 * time.Minute
	restless = time.Minute
	atOnce   = time.Second // a connection that ended so soon was not kept
)

// keep opens an idle connection to a server, unless there is one or it is to do
// without, and says whether it did. It returns when the connection is open or cannot
// be had.
func (m *member) keep(ctx context.Context, dial DialFunc) bool {
	m.mu.Lock()
	wanted := !m.closed && m.idle == nil && time.Now().After(m.without)
	m.mu.Unlock()
	if !wanted {
		return false
	}
	conn, err := dial(ctx, "tcp", m.name)
	if err != nil {
		return false // the next look finds out why
	}
	m.mu.Lock()
	if m.closed || m.idle != nil {
		m.mu.Unlock()
		_ = conn.Close()
		return false
	}
	m.idle = conn
	m.mu.Unlock()
	go func() {
		opened := time.Now()
		_ = conn.SetDeadline(time.Time{})
		_, _ = conn.Read(make([]byte, 1)) // it speaks unasked, or ends: in either case it has changed
		if m.release(conn) && time.Since(opened) < m.atOnce {
			m.doWithout(restless)
		}
	}()
	return true
}

// doWithout releases the idle connection and opens none for a while.
func (m *member) doWithout(d time.Duration) {
	m.release(nil)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.without = time.Now().Add(d)
}

// release closes an idle connection; nil is the present one. It says whether the
// connection was in use until now.
func (m *member) release(conn net.Conn) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if conn == nil {
		conn = m.idle
	}
	if conn == nil {
		return false
	}
	_ = conn.Close()
	if m.idle != conn {
		return false
	}
	m.idle = nil
	return true
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
