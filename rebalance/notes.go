package rebalance

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
)

// note journals a decision that differs from the one before it. In mode off nothing is
// decided, only shown.
func (r *Runner) note(d Decision) {
	if r.opts.Policy.Mode == config.ModeOff {
		return
	}
	what := gist(d)
	r.mu.Lock()
	same := r.told == what
	r.told = what
	r.mu.Unlock()
	if same {
		return
	}
	n := Note{Cluster: r.opts.Cluster, At: d.At, Candidates: len(d.Candidates), Plan: len(d.Plan), Blocked: d.Blocked, Skipped: d.Skipped}
	level, reasons := slog.LevelInfo, make([]string, 0, len(d.Blocked))
	for _, b := range d.Blocked {
		reasons = append(reasons, fmt.Sprintf("%s (%s)", b.Guard, b.Why))
		if b.Guard == BelowThreshold {
			level = slog.LevelDebug // all is well
		}
	}
	r.opts.Journal.note(n)
	r.log.Log(context.Background(), level, "Rebalance decided", "candidates", n.Candidates, "plan", n.Plan,
		"blocked", strings.Join(reasons, "; "), "skipped", fmt.Sprint(d.Skipped))
}

// gist is what of a decision makes it another one: not how many, but what and why.
func gist(d Decision) string {
	var b strings.Builder
	fmt.Fprint(&b, len(d.Plan) > 0, len(d.Candidates) > 0)
	for _, held := range d.Blocked {
		fmt.Fprint(&b, " ", held.Guard)
	}
	for _, skip := range Skips {
		if d.Skipped[skip] > 0 {
			fmt.Fprint(&b, " ", skip)
		}
	}
	return b.String()
}

// pretend journals the run that mode dry_run does not make: once for an imbalance, which
// a run would have ended.
func (r *Runner) pretend(d Decision) {
	if pretended(r.opts.Journal, d) {
		return
	}
	now := time.Now()
	run := Run{
		Cluster: r.opts.Cluster, Mode: string(config.ModeDryRun), Started: now, Ended: now, Result: DryRun,
		Batches: (len(d.Plan) + r.opts.Policy.BatchSize - 1) / r.opts.Policy.BatchSize, Counts: map[Fate]int{Planned: len(d.Plan)},
	}
	for _, c := range d.Plan {
		run.Partitions = append(run.Partitions, Outcome{Topic: c.Topic, Partition: c.Partition, Before: c.before(), Result: Planned})
	}
	r.count(&run)
	r.log.Info("Run would begin", "partitions", len(d.Plan), "batches", run.Batches)
}

// before returns who led the partition, nil for nobody.
func (c Candidate) before() *int32 {
	if c.Leader == cluster.NoLeader {
		return nil
	}
	return &c.Leader
}

// pretended says whether the last run of the journal was the one of this imbalance: of the
// same partitions, and the cluster has not been balanced since.
func pretended(j *Journal, d Decision) bool {
	runs := j.Runs()
	if len(runs) == 0 || runs[0].Result != DryRun {
		return false
	}
	for _, n := range j.Notes() {
		if n.At.After(runs[0].Ended) && slices.ContainsFunc(n.Blocked, func(b Block) bool { return b.Guard == BelowThreshold }) {
			return false
		}
	}
	planned := map[place]bool{}
	for _, o := range runs[0].Partitions {
		planned[place{o.Topic, o.Partition}] = true
	}
	return !slices.ContainsFunc(d.Plan, func(c Candidate) bool { return !planned[place{c.Topic, c.Partition}] })
}

// withPretended adds the runs that mode dry_run found due: as real ones they would count
// for cool-down and budget.
func (k *Kept) withPretended(j *Journal, now time.Time) {
	for _, run := range reversed(j.Runs()) {
		if run.Result == DryRun && now.Sub(run.Ended) < keptFor {
			k.Runs = append(k.Runs, Done{Started: run.Started, Ended: run.Ended})
		}
	}
	slices.SortFunc(k.Runs, func(a, b Done) int { return a.Ended.Compare(b.Ended) })
}
