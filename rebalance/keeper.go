package rebalance

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Keeper keeps what outlives a process. It is safe for concurrent use.
type Keeper interface {
	// Load returns what is kept. It belongs to the caller.
	Load(ctx context.Context) (Kept, error)
	// Update changes what is kept, and returns it as it is then. Change may be called
	// more than once: where another evenkeel wrote meanwhile, it is applied to that.
	Update(ctx context.Context, change func(*Kept)) (Kept, error)
	// Lasting says whether it is still there when the process has ended.
	Lasting() bool
}

// Place is where data is kept with a version, such as a znode.
type Place interface {
	// Load returns a negative version where nothing was stored yet.
	Load(ctx context.Context) (data []byte, version int32, err error)
	// Store replaces what was loaded in this version, and returns the new one.
	Store(ctx context.Context, data []byte, version int32) (int32, error)
}

// SharedKeeper keeps it where all evenkeels of a cluster see it: in ZooKeeper. Where
// nothing was stored yet, no run was ever made.
type SharedKeeper struct {
	Place Place
	Stale error // what Place.Store returns where another one wrote meanwhile
}

// updates is how often a change is tried when others write at the same time.
const updates = 5

// Lasting is true.
func (SharedKeeper) Lasting() bool { return true }

// Load implements Keeper.
func (s SharedKeeper) Load(ctx context.Context) (Kept, error) {
	k, _, err := s.load(ctx)
	return k, err
}

func (s SharedKeeper) load(ctx context.Context) (k Kept, version int32, err error) {
	data, version, err := s.Place.Load(ctx)
	if err != nil || version < 0 {
		return k, version, err
	}
	k, err = ParseKept(data, time.Now())
	return k, version, err
}

// Update implements Keeper.
func (s SharedKeeper) Update(ctx context.Context, change func(*Kept)) (Kept, error) {
	for try := 1; ; try++ {
		k, version, err := s.load(ctx)
		if err != nil {
			return k, err
		}
		change(&k)
		data, err := k.Encode()
		if err != nil {
			return k, err
		}
		_, err = s.Place.Store(ctx, data, version)
		if err == nil || !errors.Is(err, s.Stale) || try == updates {
			return k, err
		}
	}
}

// OwnKeeper keeps it for this process, and hands it to somebody who may keep it longer.
type OwnKeeper struct {
	mu   sync.Mutex
	kept Kept
	save func(Kept) error // nil: nobody keeps it longer
}

// NewOwnKeeper returns a keeper that begins with what was kept before. With nil it begins
// as if a run had just been made, for nobody knows whether one was. Save, which may be
// nil, is called with every change, one at a time; what it is given is its own.
func NewOwnKeeper(before *Kept, save func(Kept) error) *OwnKeeper {
	k := &OwnKeeper{save: save}
	if before != nil {
		k.kept = before.Clone()
		k.kept.Settle(time.Now())
	} else {
		k.kept.JustElected(time.Now())
	}
	return k
}

// Lasting says whether there is somebody who keeps it longer.
func (o *OwnKeeper) Lasting() bool { return o.save != nil }

// Load implements Keeper. It does not fail.
func (o *OwnKeeper) Load(context.Context) (Kept, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.kept.Clone(), nil
}

// Update implements Keeper. What could not be saved is not changed.
func (o *OwnKeeper) Update(_ context.Context, change func(*Kept)) (Kept, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	k := o.kept.Clone()
	change(&k)
	if o.save != nil {
		if err := o.save(k.Clone()); err != nil {
			return k, fmt.Errorf("save the state of the rebalancer: %w", err)
		}
	}
	o.kept = k
	return k.Clone(), nil
}
