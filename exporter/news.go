package exporter

import (
	"context"
	"time"
)

// newsKind is a kind of news that is shown before a poll has looked.
type newsKind int

const (
	newsLoss newsKind = iota // a broker was lost
	newsMode                 // a ZooKeeper server is in another mode
	newsKinds
)

// newsPace decides when news are shown. The first after a quiet while are at once; to
// show them encodes the whole cluster, so the gap grows while news of their kind keep
// coming, as between polls. A ZooKeeper server that flaps does not delay what is told
// of brokers.
type newsPace struct {
	began, ended time.Time // of what was shown last
	growth       [newsKinds]growth
	waits        [newsKinds]bool
}

// gap is the time that has to pass since news were shown last.
func (p *newsPace) gap() time.Duration { return gapAfter(p.began, p.ended) }

// note takes news.
func (p *newsPace) note(kind newsKind, now time.Time) {
	p.growth[kind].note(p.gap(), now)
	p.waits[kind] = true
}

// next returns when news are to be shown; false when there are none.
func (p *newsPace) next() (due time.Time, ok bool) {
	for kind, waits := range p.waits {
		if at := p.ended.Add(p.growth[kind].of(p.gap())); waits && (!ok || at.Before(due)) {
			due, ok = at, true
		}
	}
	return due, ok
}

// shown notes that all news were shown, and that this took from began to now.
func (p *newsPace) shown(began, now time.Time) {
	p.began, p.ended = began, now
	for kind, waits := range p.waits {
		if waits {
			p.growth[kind].grow(p.gap(), now)
		}
	}
	p.nothing()
}

// nothing notes that there was nothing to be shown: a poll has shown it meanwhile.
func (p *newsPace) nothing() { p.waits = [newsKinds]bool{} }

// newsBell is rung by whoever has news. Of each kind one ring is enough.
type newsBell [newsKinds]chan struct{}

func newNewsBell() (b newsBell) {
	for kind := range b {
		b[kind] = make(chan struct{}, 1)
	}
	return b
}

// ring does not block.
func (b *newsBell) ring(kind newsKind) {
	select {
	case b[kind] <- struct{}{}:
	default:
	}
}

// serve calls show when news are to be shown, until ctx ends. It says whether there
// were any.
func (b *newsBell) serve(ctx context.Context, show func() bool) {
	var pace newsPace
	for {
		var timer <-chan time.Time // never, while there are none
		if due, ok := pace.next(); ok {
			timer = time.After(time.Until(due))
		}
		select {
		case <-ctx.Done():
			return
		case <-b[newsLoss]:
			pace.note(newsLoss, time.Now())
		case <-b[newsMode]:
			pace.note(newsMode, time.Now())
		case <-timer:
			if began := time.Now(); show() {
				pace.shown(began, time.Now())
			} else {
				pace.nothing()
			}
		}
	}
}
