package kafka

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// comeBack is how long a call may take to come back once its socket is closed.
// It takes microseconds, unless sarama waits for something else than the socket:
// it sleeps through the time for which a broker throttles us, for one.
const comeBack = 200 * time.Millisecond

// line is the way to one broker for one purpose: a link, kept between calls, and
// the queue in front of it.
type line struct {
	to      *peer
	learned func(Identity) // is told what the broker is, each time a link is opened
	ended   func()         // is told when the link ended while no call was using it; nil where nobody is to wait for that

	turn    chan struct{}          // holds a token while a call is on its way; its owner alone touches link
	link    *link                  // nil when there is none
	watch   *watch                 // of the link while it is idle, else nil; the owner's as well
	guessed bool                   // the last link that was opened stood on a guess
	once    bool                   // and it was the first to: it serves one call, so that the next one asks again
	current atomic.Pointer[flight] // the call that is on its way
	closed  atomic.Bool            // the line is to be shut as soon as no call is on its way
}

// flight is a call on its way.
type flight struct{ abandoned atomic.Bool }

// call lets ask speak with the broker, and returns by the deadline of ctx.
func call[T any](ctx context.Context, l *line, api string, ask func(*link) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	started := time.Now()
	if f := l.current.Load(); f != nil && f.abandoned.Load() {
		return none, fmt.Errorf("%s was not sent: %w", api, ErrAbandoned)
	}
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return none, explain(ctx, api+", waiting for an earlier request", started, ctx.Err())
	}

	f := new(flight)
	l.current.Store(f)
	back := make(chan result, 1)
	go func() {
		value, err := exchange(ctx, l, api, ask)
		l.current.Store(nil)
		l.endTurn()
		back <- result{value, err}
	}()

	select {
	case r := <-back:
		return r.value, r.err
	case <-ctx.Done():
	}
	// The end of ctx closed the socket too, and that brings the call back.
	patience := time.NewTimer(comeBack)
	defer patience.Stop()
	select {
	case r := <-back:
		return r.value, r.err
	case <-patience.C:
		f.abandoned.Store(true)
		return none, fmt.Errorf("%w, and %w", explain(ctx, api, started, ctx.Err()), ErrAbandoned)
	}
}

// exchange asks once, and once more where a kept connection turns out to be
// closed: brokers close idle ones, and that is no failure.
func exchange[T any](ctx context.Context, l *line, api string, ask func(*link) (T, error)) (T, error) {
	l.endWatch()
	kept := l.link != nil
	value, err := attempt(ctx, l, api, ask)
	if kept && closedByPeer(err) && ctx.Err() == nil {
		value, err = attempt(ctx, l, api, ask)
	}
	return value, err
}

// attempt asks over the line's link, which it opens if there is none, and throws
// the link away unless it served well.
func attempt[T any](ctx context.Context, l *line, api string, ask func(*link) (T, error)) (value T, err error) {
	started := time.Now()
	if err := ctx.Err(); err != nil {
		return value, explain(ctx, api, started, err)
	}
	if err := l.open(ctx); err != nil {
		return value, err
	}
	sentBefore := l.link.sent()
	stop := context.AfterFunc(ctx, l.link.hangUp)
	value, err = guard(ask, l.link)
	cut := !stop()
	err = explain(ctx, api, started, err)
	if l.link.sent() > sentBefore {
		l.to.observe(api, err)
	}
	if cut || l.once || !answered(err) || isLoginFailure(err) {
		l.drop()
	}
	return value, err
}

// guard turns a panic in the decoding of an answer into an error.
func guard[T any](ask func(*link) (T, error), l *link) (value T, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = &panicError{reason: reason}
		}
	}()
	return ask(l)
}

// open connects unless there is a link already.
func (l *line) open(ctx context.Context) error {
	if l.link != nil {
		return nil
	}
	started := time.Now()
	link, err := openLink(ctx, l.to)
	if err != nil {
		return explain(ctx, "connecting", started, err)
	}
	l.once, l.guessed = link.guessed && !l.guessed, link.guessed
	l.link = link
	l.learned(link.identity)
	return nil
}

// drop throws the link away.
func (l *line) drop() {
	if l.link != nil {
		l.link.close()
		l.link = nil
	}
}

// endTurn lets the next call have the line.
func (l *line) endTurn() {
	l.startWatch()
	<-l.turn
	if l.closed.Load() {
		l.shut()
	}
}

// shut closes the link now, or when the call that uses it ends.
func (l *line) shut() {
	l.closed.Store(true)
	select {
	case l.turn <- struct{}{}:
		l.endWatch()
		l.drop()
		<-l.turn
	default:
	}
}
