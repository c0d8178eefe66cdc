package kafka

import (
	"context"
	"errors"
	"os"
	"time"
)

// maxAnew is how often a broker is asked anew, by ourselves, between two probes of the
// caller's. A proxy that closes every connection after one answer must not have us
// connect over and over.
const maxAnew = 3

// dying is how long the port of a process that is being killed may still take
// connections. What it is after that is worth telling.
const dying = 100 * time.Millisecond

// longAgo, as a deadline, ends a read that is waiting.
var longAgo = time.Unix(1, 0)

// watch waits for the end of a link that no call is using: a process that is killed
// ends its connections within milliseconds.
type watch struct {
	over  chan struct{} // closed when nobody reads from the socket any more
	ended bool          // the link did, or speaks unasked, which no broker does; to be read once over is closed
}

// startWatch waits on the idle link, until the next call or the end. It must be
// called by the owner of the turn, after which nothing may use the link without
// endWatch.
func (l *line) startWatch() {
	if l.ended == nil || l.link == nil || l.closed.Load() {
		return
	}
	w, conn := &watch{over: make(chan struct{})}, l.link.socket.Conn
	// The last call has left its deadline, which must not end the wait.
	if conn.SetReadDeadline(time.Time{}) != nil {
		return // it is closed, which the next call finds out
	}
	l.watch = w
	go func() {
		_, err := conn.Read(make([]byte, 1))
		// Only our own deadline is no end. The kernel's, of keep-alive, is one.
		w.ended = !errors.Is(err, os.ErrDeadlineExceeded)
		close(w.over)
		if w.ended {
			l.ended()
		}
	}()
}

// endWatch takes the link back, and drops it if it has ended. It must be called by the
// owner of the turn.
func (l *line) endWatch() {
	if l.watch == nil {
		return
	}
	w := l.watch
	err := l.link.socket.SetReadDeadline(longAgo)
	if err != nil {
		l.link.hangUp() // so that the read ends all the same
	}
	<-w.over
	l.watch = nil
	if w.ended || err != nil || l.link.socket.SetReadDeadline(time.Time{}) != nil {
		l.drop()
	}
}

// askAnew finds out whether a broker is lost or merely closed an idle connection,
// as brokers and what stands before them do.
func (c *Client) askAnew(t *target) {
	if !c.begin(t) {
		return
	}
	defer c.telling.Done()
	if t.anew.Add(1) > maxAnew {
		return
	}
	ctx, cancel := context.WithTimeout(c.ctx, netTimeout)
	defer cancel()
	n := *t.node.Load()
	_, err := c.probe(ctx, t, n)
	if closedByPeer(err) && wait(ctx, dying) {
		_, err = c.probe(ctx, t, n)
	}
	if err != nil && c.has(t) {
		c.opts.Lost(n, err)
	}
}

// wait returns after a while, or false when ctx ends before.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// begin says whether the connections to a broker are still wanted. If they are,
// Close waits for telling.Done.
func (c *Client) begin(t *target) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil || c.targets[t.key] != t {
		return false
	}
	c.telling.Add(1)
	return true
}

// has says whether the connections to a broker are still wanted.
func (c *Client) has(t *target) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ctx.Err() == nil && c.targets[t.key] == t
}
