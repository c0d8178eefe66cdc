package rebalance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ErrActing is why there is no run: another evenkeel is making one. Its name follows.
var ErrActing = errors.New("another evenkeel elects now")

// ErrForbidden is why there is no run: what was decided by one snapshot is forbidden by
// the next. The guard follows.
var ErrForbidden = errors.New("a fresh look at the cluster forbids it")

// ErrNotKept is why a person's word is not taken.
var ErrNotKept = errors.New("it would be forgotten at a restart: there is neither ZooKeeper nor a state_file to keep it in")

// Pause holds back all runs until Resume: of every evenkeel that shares what is kept.
func (r *Runner) Pause(ctx context.Context) error {
	return r.change(ctx, func(k *Kept) {
		if k.Paused == nil {
			k.Paused = &Pause{Since: time.Now()}
		}
	})
}

// Resume ends a pause, and forgets that leaders were lost again and again.
func (r *Runner) Resume(ctx context.Context) error {
	return r.change(ctx, func(k *Kept) {
		k.Paused = nil
		k.ClearPingPong()
	})
}

// Exclude gives a broker no leadership for so long; with 0 it may have it again.
func (r *Runner) Exclude(ctx context.Context, broker int32, span time.Duration) error {
	return r.change(ctx, func(k *Kept) {
		if span <= 0 {
			delete(k.Excluded, broker)
			return
		}
		if k.Excluded == nil {
			k.Excluded = map[int32]time.Time{}
		}
		k.Excluded[broker] = time.Now().Add(span)
	})
}

// change keeps a person's word, or says why it was not taken.
func (r *Runner) change(ctx context.Context, change func(*Kept)) error {
	if !r.opts.Keeper.Lasting() {
		return ErrNotKept
	}
	k, err := r.opts.Keeper.Update(ctx, change)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.status.kept(k)
	r.known = &k
	r.mu.Unlock()
	select {
	case r.due <- struct{}{}: // what is shown is to follow at once
	default:
	}
	return nil
}

// Plan returns what a person's run would elect, or what forbids it, by the last snapshot.
func (r *Runner) Plan(ctx context.Context, h ByHand) Decision {
	d, _ := r.decide(ctx, r.byHand(h), nil)
	return d
}

// Elect makes a person's run of what Plan returned. An error says why there was none.
func (r *Runner) Elect(ctx context.Context, h ByHand, d Decision) (*Run, error) {
	return r.run(ctx, r.byHand(h), d)
}

func (r *Runner) byHand(h ByHand) Policy {
	p := r.opts.Policy
	p.ByHand = &h
	return p
}

// Believe lets a process that has seen no more than its first snapshot rely on it: on what
// it can prove. A person who asks for a run will not wait until brokers have been watched.
func (r *Runner) Believe() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last != nil {
		r.watch.Believe(r.last)
	}
}

// overridden lists the guards that are set aside, for the journal.
func (h *ByHand) overridden() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(h.Override)), func(name string) bool { return !h.overrides(name) })
}

// ParseOverride reads guards that are to be set aside.
func ParseOverride(names []string) (map[string]bool, error) {
	set := map[string]bool{}
	for _, name := range names {
		if !slices.Contains(Overridable, name) {
			return nil, fmt.Errorf("%q cannot be overridden; what can be is %s", name, strings.Join(Overridable, ", "))
		}
		set[name] = true
	}
	return set, nil
}
