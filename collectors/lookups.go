package collectors

import (
	"context"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

const (
	// lookUpTakes is how long a leader may look for messages by their timestamps, if the
	// poll has twice as much time left: each may take it a read from its disk.
	lookUpTakes = 2 * time.Second
	// longestPause is the longest time for which a leader that failed is not asked.
	longestPause = 10 * time.Minute
)

// lookUps remembers the leaders that failed to look for messages by their timestamps:
// one whose disk is slow is not to be asked in every poll. Its zero value is ready.
type lookUps struct {
	mu     sync.Mutex // leaders are asked side by side
	paused map[int32]pause
}

// pause is for how long a leader is not asked, and why.
type pause struct {
	wait  time.Duration
	until time.Time
	err   error
}

// fails returns why a leader is not asked now, nil when it may be.
func (l *lookUps) fails(leader int32, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.paused[leader]; now.Before(p.until) {
		return p.err
	}
	return nil
}

// note remembers how asking a leader went. Each failure in a row doubles the pause.
func (l *lookUps) note(leader int32, err error, now time.Time, interval time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		delete(l.paused, leader)
		return
	}
	if l.paused == nil {
		l.paused = map[int32]pause{}
	}
	wait := min(max(2*l.paused[leader].wait, 2*interval), longestPause)
	l.paused[leader] = pause{wait: wait, until: now.Add(wait), err: err}
}

// lookUp asks a leader for the messages that are wanted by their timestamps, unless it
// failed a short time ago. It leaves at least half of the poll's time.
func (r *reading) lookUp(ctx context.Context, n kafka.Node, picture *cluster.Picture, led map[string][]int32) ([]cluster.Finding, error) {
	if len(r.wanted.Since) == 0 || !r.brokers.Identity(n).Timestamps {
		return nil, nil
	}
	if err := r.lookUps.fails(n.ID, r.started); err != nil {
		return nil, err
	}
	takes := lookUpTakes
	if deadline, ok := ctx.Deadline(); ok {
		takes = min(takes, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, takes)
	defer cancel()
	found, err := r.askSince(ctx, n, picture, led)
	r.lookUps.note(n.ID, err, r.started, r.cfg.Poll.Interval)
	return found, err
}
