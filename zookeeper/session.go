package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

const (
	defaultSessionTimeout = 10 * time.Second
	// maxTries is how often a call is made when the connection goes away under it.
	// Readings may be repeated, and another server is likely to answer.
	maxTries = 3
)

var errClosed = errors.New("session is closed")

// SessionOptions are the options of a Session. Servers must not be empty.
type SessionOptions struct {
	Servers []string      // host:port each
	Chroot  string        // the path under which Kafka keeps its znodes; "" for the root
	Timeout time.Duration // session timeout to ask for; 0 for ten seconds
	Dial    DialFunc      // nil for plain TCP
	Auth    AuthFunc      // nil for none
	Log     *slog.Logger  // for what the client library tells, at level debug; nil for nowhere
	// Changed, if not nil, is called when ZooKeeper tells that something of what Registry
	// reads has changed since it was last read: brokers, the controller, topics, ISRs, a
	// deletion, an election or a reassignment; and when the session was lost or came
	// back. What is for the log: a path without the chroot, or "session". A path that
	// was told of is told of again only after it was read again. With it, the states of
	// partitions are watched as well: Registry then reads only those that may have
	// changed, and all of them every five minutes. Changed is called from
	// goroutines of the session, one call at a time, and not after Close returned. It
	// must neither block nor call the session.
	Changed func(what string)

	// single: a link has one session, and none after that has expired, so that nothing
	// which waits to be sent is ever sent in a session that does not hold what the one
	// before did.
	single bool
}

// Session is one long-lived client session with the ensemble, shared by all who
// read znodes. It is opened by the first call, and again whenever it was lost. Its
// methods are safe for concurrent use and return by their context's deadline.
type Session struct {
	opts      SessionOptions
	hosts     *hosts
	auth      *authenticator
	notices   *notices
	kept      *keptStates // nil where nothing is watched
	oldGroups keptGroups

	mu     sync.Mutex
	link   *link         // nil until the next call opens one
	last   chan struct{} // closed when the link retired last is down; nil without one
	closed bool
	ending sync.WaitGroup // links that are being taken down
}

// NewSession returns a session that is not yet connected.
func NewSession(opts SessionOptions) *Session {
	opts.Chroot = strings.TrimRight(opts.Chroot, "/")
	if opts.Timeout <= 0 {
		opts.Timeout = defaultSessionTimeout
	}
	if opts.Dial == nil {
		opts.Dial = defaultDial
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	watched := newWatchList(opts)
	return &Session{
		opts: opts, hosts: newHosts(opts.Servers), auth: &authenticator{ask: opts.Auth},
		notices: &notices{changed: opts.Changed, watched: watched}, kept: watched.kept(),
	}
}

// Close ends the session and tells the ensemble so. It returns when the connection
// is gone, within about three seconds. Calls under way fail.
func (s *Session) Close() {
	s.notices.stop()
	s.mu.Lock()
	s.closed = true
	if l := s.link; l != nil {
		s.retire(l, l.calls == 0)
	}
	s.mu.Unlock()
	s.ending.Wait()
}

// acquire returns the link to make a call on, opening one if need be. A link that
// was given up must be down before the next is opened: whatever hangs, there is
// never more than one set of abandoned calls. The caller releases the link.
func (s *Session) acquire(ctx context.Context) (*link, error) {
	for {
		s.mu.Lock()
		switch {
		case s.closed:
			s.mu.Unlock()
			return nil, errClosed
		case s.link == nil && isClosed(s.last):
			l, err := newLink(s.opts, s.hosts, s.auth, s.notices)
			if err != nil {
				s.mu.Unlock()
				return nil, err
			}
			s.link = l
		}
		if l := s.link; l != nil {
			l.calls++
			s.mu.Unlock()
			return l, nil
		}
		last := s.last
		s.mu.Unlock()
		select {
		case <-last:
		case <-ctx.Done():
			return nil, fmt.Errorf("the connection that hung before is still being closed: %w", ctx.Err())
		}
	}
}

// release ends a call on a link.
func (s *Session) release(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.calls--
	if l.retired && l.calls == 0 {
		close(l.idle)
	}
}

// retire gives a link up; the next call opens another. The lock is held.
func (s *Session) retire(l *link, politely bool) {
	if l.retired {
		return
	}
	l.retired = true
	if l.calls == 0 {
		close(l.idle)
	}
	s.link, s.last = nil, l.down
	s.hosts.stop()
	s.notices.silence(l)
	s.ending.Go(func() { l.takeDown(politely) })
}

// call makes a call on the session and returns by the end of the context, whatever
// the library does. A call that overruns takes the connection with it: it has no
// other way to be stopped, and the server that hangs is left for the next one.
func call[T any](ctx context.Context, s *Session, f func(*zk.Conn) (T, error)) (T, error) {
	var none T
	for try := 1; ; try++ {
		if err := ctx.Err(); err != nil {
			return none, err
		}
		l, err := s.acquire(ctx)
		if err != nil {
			return none, err
		}
		value, err, again := attempt(ctx, s, l, f)
		if !again || try == maxTries {
			return value, err
		}
	}
}

// once makes a call that changes something, and does not repeat it. It says whether it is
// unsure what became of it: that a request was lost does not mean that it was not heard.
func once[T any](ctx context.Context, s *Session, f func(*zk.Conn) (T, error)) (value T, err error, unsure bool) {
	if err := ctx.Err(); err != nil {
		return value, err, false
	}
	l, err := s.acquire(ctx)
	if err != nil {
		return value, err, false
	}
	value, err, lost := attempt(ctx, s, l, f)
	return value, err, lost || err != nil && ctx.Err() != nil
}

// attempt makes a call on a link, and says whether it is worth another attempt.
func attempt[T any](ctx context.Context, s *Session, l *link, f func(*zk.Conn) (T, error)) (value T, err error, again bool) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		r.err = safely(func() (err error) { r.value, err = f(l.conn); return err })
		s.release(l)
		done <- r
	}()
	select {
	case r := <-done:
		if errors.Is(r.err, zk.ErrNoServer) {
			s.notices.miss()
			if l.stale(s.opts.Timeout) {
				s.abandon(l)
			}
		}
		if r.err != nil && l.dialer.ctx.Err() != nil { // there will be no other connection
			s.abandon(l)
		}
		return r.value, l.explain(r.err), l.again(r.err)
	case <-ctx.Done():
		err = l.overrun(ctx.Err())
		s.abandon(l)
		return value, err, false
	}
}

func (s *Session) abandon(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retire(l, false)
}

func isClosed(c chan struct{}) bool {
	if c == nil {
		return true
	}
	select {
	case <-c:
		return true
	default:
		return false
	}
}
