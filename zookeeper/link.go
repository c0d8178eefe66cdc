package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

// link is one client of the library: a session, and the connections that it has
// one after the other. It is given up as a whole when a call overruns.
type link struct {
	conn   *zk.Conn
	events <-chan zk.Event
	dialer *dialer
	down   chan struct{} // closed when nothing of the link runs any more

	silenced bool // its notices are taken no more; belongs to the lock of the notices

	// The rest belongs to the Session's lock.
	calls   int  // under way
	retired bool // no further calls
	idle    chan struct{}
}

func newLink(opts SessionOptions, hosts *hosts, auth *authenticator, notices *notices) (*link, error) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &link{
		dialer: &dialer{hosts: hosts, dial: opts.Dial, auth: auth, watched: notices.watched, ctx: ctx, cancel: cancel},
		down:   make(chan struct{}),
		idle:   make(chan struct{}),
	}
	var err error
	l.conn, l.events, err = zk.Connect(opts.Servers, opts.Timeout,
		zk.WithDialer(l.dialer.open), zk.WithHostProvider(hosts), zk.WithMaxBufferSize(maxFrame),
		zk.WithLogger(quietLogger{opts.Log}), zk.WithLogInfo(false),
		zk.WithEventCallback(func(event zk.Event) {
			if opts.single && event.State == zk.StateExpired {
				l.dialer.sever() // before the library asks for another session
			}
			notices.take(l, event)
		}))
	if err != nil {
		cancel()
		return nil, fmt.Errorf("open a session with ZooKeeper: %w", err)
	}
	return l, nil
}

// takeDown ends the link and returns when nothing of it runs any more. Politely,
// it tells the server that the session is over; that may take a second. The link is
// down before that, when it only waits for its own time-outs.
//
// Closing the library's client under running calls can leave its goroutine
// blocked for ever (a request may get three answers, and there is room for two).
// So the socket goes first, which fails the calls within a second, and the client
// is closed when none is left.
func (l *link) takeDown(politely bool) {
	if !politely {
		l.dialer.sever()
	}
	<-l.idle
	var closing sync.WaitGroup
	closing.Go(func() {
		l.conn.Close()
		l.dialer.sever()
	})
	for range l.events { // the library closes it at its very end
	}
	close(l.down)
	closing.Wait()
}

// explain says in words of ours why a call failed: the library knows only that
// there is no connection, not why.
func (l *link) explain(err error) error {
	if err == nil {
		return nil
	}
	failures, loss := l.dialer.told()
	switch {
	case isLost(err) && loss != nil:
		return fmt.Errorf("connection lost: %w", loss)
	case errors.Is(err, zk.ErrNoServer):
		return &noSession{err: err, failures: failures}
	default:
		return err
	}
}

// again says whether a call that failed so is worth repeating: the connection went
// away under it, or the whole link because another call overran.
func (l *link) again(err error) bool {
	return isLost(err) || err != nil && l.dialer.ctx.Err() != nil
}

// overrun returns the error of a call that did not come back in time.
func (l *link) overrun(err error) error {
	if l.conn.State() == zk.StateHasSession {
		return fmt.Errorf("no answer in time from ZooKeeper server %s: %w", l.conn.Server(), err)
	}
	failures, _ := l.dialer.told()
	return &noSession{err: err, failures: failures}
}

// stale says whether the session has been gone for so long that the ensemble must
// have expired it. A client that still insists on it may never be let in again:
// an ensemble that lost its data refuses whoever has seen newer.
func (l *link) stale(timeout time.Duration) bool {
	_, lostAt := l.dialer.times()
	return !lostAt.IsZero() && time.Since(lostAt) > timeout
}

// noSession is the failure to get a session from any server, with what became of
// the attempts at each. When there were none yet, err says why there is no more.
type noSession struct {
	err      error
	failures []error
}

func (e *noSession) Error() string {
	text := "no session with ZooKeeper"
	for i, err := range e.Unwrap() {
		text += []string{": ", "; "}[min(i, 1)] + err.Error()
	}
	return text
}

func (e *noSession) Unwrap() []error {
	if len(e.failures) == 0 {
		return []error{e.err}
	}
	return e.failures
}

// quietLogger takes what the library logs: every attempt at a connection, for ever.
// What matters of it is in the errors of the calls.
type quietLogger struct{ log *slog.Logger }

func (q quietLogger) Printf(format string, args ...any) {
	if q.log.Enabled(context.Background(), slog.LevelDebug) {
		q.log.Debug("ZooKeeper client: " + fmt.Sprintf(format, args...))
	}
}
