package rebalance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
	"github.com/evenkeel/evenkeel/zookeeper"
)

const (
	// electPatience bounds one election, and readPatience the reading back of what
	// came of it. A controller of 0.9 takes a second for a hundred partitions.
	electPatience = 30 * time.Second
	readPatience  = 10 * time.Second
	// readAgain is the pause after the first look at the leaders; it doubles.
	readAgain = 500 * time.Millisecond
	// moves is how often the controller may move away from one batch.
	moves = 2
)

// next returns the next batch, from a snapshot that was begun after the call, and that
// snapshot. It is empty when there is nothing left, or when a guard holds.
func (w *work) next(ctx, sure context.Context) ([]Candidate, *cluster.Snapshot) {
	if ctx.Err() != nil {
		w.stopped = "evenkeel is stopping"
		return nil, nil
	}
	if _, err := w.opts.Poll(ctx); err != nil {
		w.stopped = "no fresh snapshot: " + err.Error()
		return nil, nil
	}
	var brokers map[int32]bool // before the first batch every guard is asked
	if w.begun {
		brokers = w.brokers
	}
	d, s := w.decide(sure, w.policy, brokers)
	for _, b := range d.Blocked {
		if b.Guard != BelowThreshold && b.Guard != NothingElectable {
			w.stopped = string(b.Guard) + ": " + b.Why
			return nil, nil
		}
	}
	var batch []Candidate
	for _, c := range d.Candidates {
		at := place{c.Topic, c.Partition}
		if w.tried[at] || w.only != nil && !w.only[at] {
			continue
		}
		if batch = append(batch, c); len(batch) == w.policy.BatchSize {
			break
		}
	}
	if n := w.lost(s); len(batch) == 0 && n > 0 {
		w.stopped = fmt.Sprintf("%d partitions that the run began for cannot be given back any more: %v", n, d.Skipped)
	}
	return batch, s
}

// lost counts the partitions that the run began for, and that it can do no more: others
// lead them, and they were not asked for.
func (w *work) lost(s *cluster.Snapshot) (n int) {
	picture, _ := s.Picture.Get()
	for _, c := range w.plan {
		if leader := leaderIn(picture, c); !w.tried[place{c.Topic, c.Partition}] && leader != nil && *leader != c.Preferred {
			n++
		}
	}
	return n
}

// elect elects a batch and reads back what came of it.
func (w *work) elect(ctx context.Context, s *cluster.Snapshot, batch []Candidate) {
	if err := w.holds(ctx); err != nil {
		w.stopped = string(NotLeader) + ": " + err.Error()
		return
	}
	ask := map[string][]int32{}
	for _, c := range batch {
		ask[c.Topic] = append(ask[c.Topic], c.Partition)
	}
	asked, cancel := context.WithTimeout(ctx, electPatience)
	defer cancel()
	told, err := w.opts.Elect(asked, s, ask)
	switch {
	case errors.Is(err, zookeeper.ErrElectionPending):
		w.stopped = string(ElectionPending) + ": " + err.Error()
		return
	case w.moved < moves && notController(told, err):
		w.moved++ // nothing was done: the same batch is asked of the new controller
		w.log.Info("Election is asked again of the new controller", "err", err)
		return
	}
	w.moved = 0
	w.run.Batches++
	for _, c := range batch {
		w.tried[place{c.Topic, c.Partition}] = true
	}
	w.judge(batch, w.readBack(ctx, batch, told), told, err)
}

// notController says whether whoever was asked is not the controller any more.
func notController(told map[string]map[int32]error, failure error) bool {
	for _, partitions := range told {
		for _, err := range partitions {
			if !kafka.IsNotController(err) {
				return false
			}
		}
	}
	return len(told) > 0 && failure == nil || kafka.IsNotController(failure)
}

// holds proves that the right to elect is still ours.
func (w *work) holds(ctx context.Context) error {
	if w.opts.Lock == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	return w.opts.Lock.Holds(ctx)
}

// pause waits before the next batch, and returns false if the process is being stopped.
func (w *work) pause(ctx context.Context, elected int) bool {
	wait := w.policy.BatchPause
	if most := w.policy.MaxPartitionsPerMinute; most > 0 {
		wait = max(wait, time.Duration(elected)*time.Minute/time.Duration(most))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		w.stopped = "evenkeel is stopping"
		return false
	case <-timer.C:
		return true
	}
}
