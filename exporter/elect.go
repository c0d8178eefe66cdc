package exporter

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/rebalance"
	"github.com/evenkeel/evenkeel/zookeeper"
)

// The exit statuses of `evenkeel elect`.
const (
	ElectDone      = 0 // every leader was read back right, or there was nothing to do
	ElectPartly    = 1
	ElectForbidden = 2 // a guard forbids it
	ElectUnknown   = 3 // the cluster could not be read
)

// ElectOptions says what `evenkeel elect` is to do.
type ElectOptions struct {
	Cluster string // may be "" where there is one only
	rebalance.ByHand
	DryRun bool // show the plan, and no more
	Yes    bool // do not ask
	In     io.Reader
	Out    io.Writer
	Logger *slog.Logger
}

// Elect makes one run by hand, in a process of its own, and returns the exit status. The
// error says why there was no run.
func Elect(ctx context.Context, cfg *config.Config, opts ElectOptions) (int, error) {
	c, err := chooseOne(cfg.Clusters, opts.Cluster)
	if err != nil {
		return ElectUnknown, err
	}
	poller, err := collectors.NewPoller(c, nil, opts.Logger)
	if err != nil {
		return ElectUnknown, fmt.Errorf("cluster %s: %w", c.Name, err)
	}
	defer poller.Close()
	hand, err := newHand(c, poller, opts)
	if err != nil {
		return ElectUnknown, fmt.Errorf("cluster %s: %w", c.Name, err)
	}
	defer hand.close()
	return hand.elect(ctx)
}

func chooseOne(all []config.Cluster, name string) (config.Cluster, error) {
	if name == "" && len(all) > 1 {
		return config.Cluster{}, errors.New("--cluster: the configuration has several clusters: which one?")
	}
	var names []string
	if name != "" {
		names = []string{name}
	}
	chosen, err := choose(all, names)
	if err != nil {
		return config.Cluster{}, err
	}
	return chosen[0], nil
}

// hand makes a run that a person asked for.
type hand struct {
	opts   ElectOptions
	runner *rebalance.Runner
	poll   func(context.Context) (*cluster.Snapshot, error)
	lock   *zookeeper.Lock
}

func newHand(c config.Cluster, poller *collectors.Poller, opts ElectOptions) (*hand, error) {
	policy, err := policyOf(c)
	if err != nil {
		return nil, err
	}
	policy.Mode = config.ModeOff // what the file allows a server is not what a person asks for
	h := &hand{opts: opts}
	h.poll = func(ctx context.Context) (*cluster.Snapshot, error) {
		s := poller.Poll(ctx, cluster.TriggerRun).Snapshot
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h.runner.Observe(s)
		return s, nil
	}
	with := rebalance.Options{
		Cluster: c.Name, Policy: policy, Poll: h.poll, Elect: poller.Elect, Log: opts.Logger,
		Journal: rebalance.NewJournal(nil, nil), Keeper: rebalance.NewOwnKeeper(&rebalance.Kept{}, nil),
	}
	if session, ok := poller.LockOptions(); ok {
		h.lock = zookeeper.NewLock(session, c.Rebalance.LockPath, self())
		with.Lock = h.lock
		with.Keeper = rebalance.SharedKeeper{Place: h.lock, Stale: zookeeper.ErrStale}
	}
	h.runner = rebalance.NewRunner(with)
	return h, nil
}

func (h *hand) close() {
	if h.lock != nil {
		h.lock.Close()
	}
}

func (h *hand) say(format string, args ...any) { fmt.Fprintf(h.opts.Out, format+"\n", args...) }

// elect shows the plan, asks, and has it done.
func (h *hand) elect(ctx context.Context) (int, error) {
	s, err := h.poll(ctx)
	if err != nil {
		return ElectUnknown, err
	}
	if !s.Reachable() {
		return ElectUnknown, fmt.Errorf("cluster %s: no broker has answered", s.Cluster)
	}
	h.runner.Believe()
	d := h.runner.Plan(ctx, h.opts.ByHand)
	h.showPlan(d)
	switch {
	case len(d.Plan) == 0:
		return whyNot(d), nil
	case h.opts.DryRun:
		return ElectDone, nil
	case !h.opts.Yes && !h.agreed(len(d.Plan)):
		h.say("nothing was elected")
		return ElectForbidden, nil
	}
	run, err := h.runner.Elect(ctx, h.opts.ByHand, d)
	switch {
	case errors.Is(err, rebalance.ErrActing), errors.Is(err, rebalance.ErrForbidden):
		return ElectForbidden, err
	case err != nil:
		return ElectUnknown, fmt.Errorf("no run was made: %w", err)
	}
	h.showRun(run)
	if run.Result == rebalance.Success {
		return ElectDone, nil
	}
	return ElectPartly, nil
}

// whyNot returns the exit status of a decision without a plan.
func whyNot(d rebalance.Decision) int {
	status := ElectDone
	for _, b := range d.Blocked {
		switch b.Guard {
		case rebalance.BelowThreshold:
		case rebalance.NothingElectable:
			if len(d.Skipped) > 0 {
				status = max(status, ElectForbidden)
			}
		case rebalance.Blind:
			return ElectUnknown
		default:
			status = max(status, ElectForbidden)
		}
	}
	return status
}

// shown is how many lines a list may take: a person is to read it.
const shown = 40

func (h *hand) showPlan(d rebalance.Decision) {
	for i, c := range d.Candidates {
		if i == shown {
			h.say("  ... and %d more", len(d.Candidates)-shown)
			break
		}
		h.say("  %s-%d: led by %s, its preferred leader is %d", c.Topic, c.Partition, leaderName(c.Leader), c.Preferred)
	}
	for _, b := range d.Blocked {
		h.say("%s: %s%s", b.Guard, b.Why, hint(string(b.Guard)))
	}
	for _, skip := range rebalance.Skips {
		if n := d.Skipped[skip]; n > 0 {
			h.say("%s: %d partitions are passed over, such as %s%s", skip, n, example(d.Passed, skip), hint(string(skip)))
		}
	}
	if len(d.Plan) > 0 {
		h.say("%d partitions would be given back to their preferred leaders", len(d.Plan))
	}
}

// hint says how a guard is set aside, where it may be.
func hint(name string) string {
	if !slices.Contains(rebalance.Overridable, name) {
		return ""
	}
	return " (--override=" + name + " takes the risk)"
}

func example(passed []rebalance.Passed, skip rebalance.Skip) string {
	for _, p := range passed {
		if p.Reason == skip {
			return fmt.Sprintf("%s-%d of broker %d", p.Topic, p.Partition, p.Preferred)
		}
	}
	return "others"
}

func leaderName(id int32) string {
	if id == cluster.NoLeader {
		return "nobody"
	}
	return fmt.Sprint(id)
}

// agreed asks a person.
func (h *hand) agreed(n int) bool {
	fmt.Fprintf(h.opts.Out, "elect the preferred leaders of %d partitions now? [y/N] ", n)
	answer, _ := bufio.NewReader(h.opts.In).ReadString('\n') // an end without an answer is a no
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

func (h *hand) showRun(run *rebalance.Run) {
	for _, o := range run.Partitions {
		if o.Result == rebalance.CameBack || o.Result == rebalance.NotNeeded {
			continue
		}
		h.say("  %s-%d: %s: %s", o.Topic, o.Partition, o.Result, o.Error)
	}
	var counts []string
	for _, fate := range slices.Sorted(maps.Keys(run.Counts)) {
		counts = append(counts, fmt.Sprintf("%d %s", run.Counts[fate], fate))
	}
	h.say("%s in %.1f s: %s", run.Result, run.Seconds, strings.Join(counts, ", "))
	if run.Reason != "" {
		h.say("ended early: %s", run.Reason)
	}
}
