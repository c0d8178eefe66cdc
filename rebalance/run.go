package rebalance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/config"
)

// place names a partition.
type place struct {
	topic     string
	partition int32
}

// work is a run in progress.
type work struct {
	*Runner
	policy  Policy
	brokers map[int32]bool // whose partitions are brought back
	plan    []Candidate    // what there was to do when it began
	only    map[place]bool // what a person has seen and agreed to; nil: whatever there is
	tried   map[place]bool
	moved   int // how often the controller was another one, in this batch
	begun   bool
	run     Run
	stopped string // why the run ends before its work is done
}

// run works a plan off. An error says why there was no run at all.
func (r *Runner) run(ctx context.Context, p Policy, d Decision) (*Run, error) {
	select {
	case <-r.runs:
		defer func() { r.runs <- struct{}{} }()
	default:
		return nil, fmt.Errorf("%w: this one", ErrActing)
	}
	w := &work{Runner: r, policy: p, brokers: map[int32]bool{}, plan: d.Plan, tried: map[place]bool{}}
	for _, c := range d.Plan {
		w.brokers[c.Preferred] = true
	}
	w.run = Run{Cluster: r.opts.Cluster, Mode: string(config.ModeAuto), Counts: map[Fate]int{}}
	if h := p.ByHand; h != nil {
		w.run.Mode, w.run.Overridden = ModeElect, h.overridden()
		w.only = map[place]bool{}
		for _, c := range d.Plan {
			w.only[place{c.Topic, c.Partition}] = true
		}
	}
	if err := w.act(ctx); err != nil {
		return nil, err
	}
	// What was begun is brought to an end, also while the process is being stopped.
	sure := context.WithoutCancel(ctx)
	defer w.giveBack(sure)
	batch, s := w.next(ctx, sure)
	if len(batch) == 0 {
		if w.stopped == "" {
			w.stopped = "nothing is left to be elected"
		}
		return nil, fmt.Errorf("%w: %s", ErrForbidden, w.stopped)
	}
	if err := w.begin(sure); err != nil {
		return nil, err
	}
	for ; len(batch) > 0; batch, s = w.next(ctx, sure) {
		w.elect(sure, s, batch)
		if w.stopped != "" || !w.pause(ctx, len(batch)) {
			break
		}
	}
	w.end(sure)
	return &w.run, nil
}

// act takes the right to elect.
func (w *work) act(ctx context.Context) error {
	if w.opts.Lock == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	holder, acting, err := w.opts.Lock.Act(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("take the right to elect: %w", err)
	case !acting:
		return fmt.Errorf("%w: %s", ErrActing, holder)
	default:
		return nil
	}
}

// giveBack ends the work, however it ended.
func (w *work) giveBack(ctx context.Context) {
	w.mu.Lock()
	w.status.Running = false
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	w.done(ctx)
}

// begin has it kept that there is a run, before anything is elected: if this process
// dies, the next one knows of it.
func (w *work) begin(ctx context.Context) error {
	w.run.Started = time.Now()
	err := w.keep(ctx, func(k *Kept) { k.Begin(w.run.Started, w.policy.ByHand != nil) })
	if err != nil {
		return fmt.Errorf("keep that a run begins: %w", err)
	}
	w.begun = true
	w.mu.Lock()
	w.status.Running = true
	w.mu.Unlock()
	w.log.Info("Run begins", "mode", w.run.Mode, "brokers", sortedIDs(w.brokers))
	return nil
}

func (w *work) keep(ctx context.Context, change func(*Kept)) error {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	_, err := w.opts.Keeper.Update(ctx, change)
	return err
}

func sortedIDs(set map[int32]bool) []int32 {
	ids := make([]int32, 0, len(set))
	for id := range set {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
