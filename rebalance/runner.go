package rebalance

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
)

const (
	// lockPatience bounds one question to the lock or to what is kept.
	lockPatience = 5 * time.Second
	// refusedFor is how long a cluster that did not allow an election is not asked
	// again.
	refusedFor = time.Hour
)

// Locker is what evenkeels that watch the same cluster agree by. Whether something is held
// is told for the moment of the answer.
type Locker interface {
	// Lead and Act take the lead, or the right to elect, where nobody has it, and tell
	// who has it then and whether that is this process.
	Lead(ctx context.Context) (holder string, leading bool, err error)
	Act(ctx context.Context) (holder string, acting bool, err error)
	// Holds returns nil if this process has the right to elect.
	Holds(ctx context.Context) error
	// Done gives back the right to elect, and Resign that and the lead.
	Done(ctx context.Context) error
	Resign(ctx context.Context) error
}

// Options says what a Runner works on.
type Options struct {
	Cluster string
	Policy  Policy
	// Poll polls, has Runner.Observe told of it, and returns a snapshot that was begun
	// after the call.
	Poll func(ctx context.Context) (*cluster.Snapshot, error)
	// Elect has the cluster elect the preferred leaders of these partitions, by topic,
	// and returns what was told of each. Nothing of that proves anything.
	Elect func(ctx context.Context, s *cluster.Snapshot, ask map[string][]int32) (map[string]map[int32]error, error)

	Lock    Locker // nil where there is no ZooKeeper
	Keeper  Keeper
	Journal *Journal
	Log     *slog.Logger
}

// Runner decides after every snapshot, and in mode auto has done what it decided: one run
// at a time.
type Runner struct {
	opts Options
	log  *slog.Logger
	due  chan struct{} // there is a snapshot that was not decided by yet
	runs chan struct{} // holds one token while no run is under way

	mu      sync.Mutex
	watch   *Watch
	last    *cluster.Snapshot
	known   *Kept     // as it was read last; nil before
	refused string    // why the cluster did not allow the last election
	until   time.Time // when that is forgotten
	told    string    // what of the last decision was journalled
	status  Status
	owing   bool // the right to elect could not be given back
}

// NewRunner returns a runner that does nothing until it is told to.
func NewRunner(opts Options) *Runner {
	r := &Runner{
		opts: opts, log: opts.Log, due: make(chan struct{}, 1), runs: make(chan struct{}, 1),
		watch: NewWatch(opts.Policy), status: newStatus(opts.Policy.Mode),
	}
	r.runs <- struct{}{}
	return r
}

// Observe takes a snapshot. It must be called with every one, in their order, and returns
// at once.
func (r *Runner) Observe(s *cluster.Snapshot) {
	r.mu.Lock()
	r.watch.Observe(s)
	r.last = s
	r.mu.Unlock()
	select {
	case r.due <- struct{}{}:
	default: // somebody is about to look already
	}
}

// Serve decides by every snapshot, and acts as the mode allows, until ctx ends. A run that
// is under way then ends before its next batch, and all that is held is given up.
func (r *Runner) Serve(ctx context.Context) {
	defer r.leave(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.due:
			r.guarded(ctx)
		}
	}
}

// leave gives up what is held, so that another evenkeel need not wait for it.
func (r *Runner) leave(ctx context.Context) {
	if r.opts.Lock == nil || r.opts.Policy.Mode != config.ModeAuto {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockPatience)
	defer cancel()
	if err := r.opts.Lock.Resign(ctx); err != nil {
		r.log.Warn("The lead was not given up: it ends with the session", "err", err)
	}
}

// guarded takes a turn. A panic costs that turn and no more.
func (r *Runner) guarded(ctx context.Context) {
	defer func() {
		if v := recover(); v != nil {
			r.log.Error("Rebalance failed", "err", fmt.Sprint("panic: ", v), "stack", string(debug.Stack()))
		}
	}()
	r.turn(ctx)
}

// turn decides by the last snapshot, and does what was decided.
func (r *Runner) turn(ctx context.Context) {
	d, _ := r.decide(ctx, r.opts.Policy, nil)
	r.note(d)
	if len(d.Plan) == 0 {
		return
	}
	switch r.opts.Policy.Mode {
	case config.ModeDryRun:
		r.pretend(d)
	case config.ModeAuto:
		if _, err := r.run(ctx, r.opts.Policy, d); err != nil {
			r.log.Warn("No run was made", "err", err)
			r.rest()
		}
	}
}

// rest waits for a snapshot that is not one of our own looks at the cluster: else what
// hinders a run would be met again and again, with a poll each time.
func (r *Runner) rest() {
	select {
	case <-r.due:
	default:
	}
}

// decide decides by the last snapshot, which it returns; for a run in progress with its
// brokers.
func (r *Runner) decide(ctx context.Context, p Policy, brokers map[int32]bool) (Decision, *cluster.Snapshot) {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	m := Memory{Run: brokers}
	if p.Mode != config.ModeOff || p.ByHand != nil { // else nothing is decided, only shown
		m.NotLeader, m.Kept = r.recall(ctx, p)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	m.Watch = r.watch
	now := time.Now()
	if now.Before(r.until) {
		m.Refused = r.refused
	}
	d := Decide(r.last, p, m, now)
	r.status.decided(d)
	return d, r.last
}

// recall returns why this process does not decide, "" where it does, and what is kept.
func (r *Runner) recall(ctx context.Context, p Policy) (notLeader string, k Kept) {
	notLeader = r.lead(ctx, p)
	k, err := r.kept(ctx)
	if err != nil && notLeader == "" && p.Mode == config.ModeAuto {
		notLeader = "the state that evenkeels share cannot be read: " + err.Error()
	}
	return notLeader, k
}

// lead returns why this process is not the one that decides, "" where it is. Only mode
// auto takes the lead, for that is a write to the ensemble.
func (r *Runner) lead(ctx context.Context, p Policy) string {
	if p.Mode != config.ModeAuto || p.ByHand != nil {
		return ""
	}
	holder, leading, err := "this process: there is no ZooKeeper to agree by", true, error(nil)
	if r.opts.Lock != nil {
		r.settle(ctx)
		holder, leading, err = r.opts.Lock.Lead(ctx)
	}
	r.mu.Lock()
	r.status.Leader, r.status.Holder = leading && err == nil, holder
	r.mu.Unlock()
	switch {
	case err != nil:
		return "it is not known who decides: " + err.Error()
	case !leading:
		return holder + " decides"
	default:
		return ""
	}
}

// settle gives back the right to elect where that failed at the end of a run.
func (r *Runner) settle(ctx context.Context) {
	r.mu.Lock()
	owing := r.owing
	r.mu.Unlock()
	if owing {
		r.done(ctx)
	}
}

// done gives back the right to elect.
func (r *Runner) done(ctx context.Context) {
	if r.opts.Lock == nil {
		return
	}
	err := r.opts.Lock.Done(ctx)
	r.mu.Lock()
	r.owing = err != nil
	r.mu.Unlock()
	if err != nil {
		r.log.Warn("The right to elect was not given back yet", "err", err)
	}
}

// kept returns what outlives processes, with what the last snapshot adds to it. Where it
// cannot be read it is what was last read, and before that as if a run had just been made.
func (r *Runner) kept(ctx context.Context) (Kept, error) {
	k, err := r.opts.Keeper.Load(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	switch {
	case err == nil:
		known := k.Clone()
		r.known = &known
	case r.known == nil:
		r.known = new(Kept)
		r.known.JustElected(now)
		fallthrough
	default:
		k = r.known.Clone()
	}
	k.Settle(now)
	if r.opts.Policy.Mode == config.ModeDryRun {
		k.withPretended(r.opts.Journal, now)
	}
	if k.Observe(r.last, r.opts.Policy) && err == nil && r.status.Leader {
		err = r.keepLoss(ctx)
	}
	r.status.kept(k)
	return k, err
}

// keepLoss has it kept that leaders were lost again. The lock is held by the caller.
func (r *Runner) keepLoss(ctx context.Context) error {
	s := r.last
	r.mu.Unlock()
	defer r.mu.Lock()
	_, err := r.opts.Keeper.Update(ctx, func(k *Kept) { k.Observe(s, r.opts.Policy) })
	return err
}
