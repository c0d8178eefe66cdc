package rebalance

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// readBack looks at the leaders of a batch until all came back that may, or until that
// took too long, and returns the last picture of them; nil if there is none.
func (w *work) readBack(ctx context.Context, batch []Candidate, told map[string]map[int32]error) *cluster.Picture {
	ctx, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	var seen *cluster.Picture
	for wait := readAgain; ; wait *= 2 {
		if s, err := w.opts.Poll(ctx); err == nil && unreadable(s) == "" {
			seen, _ = s.Picture.Get()
		}
		if !slices.ContainsFunc(batch, func(c Candidate) bool { return !cameBack(seen, c) && mayCome(told[c.Topic][c.Partition]) }) {
			return seen
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return seen
		case <-timer.C:
		}
	}
}

// mayCome says whether a leader may come back after what was told of it.
func mayCome(err error) bool {
	return err == nil || kafka.IsRequestTimedOut(err) || kafka.IsElectionNotNeeded(err)
}

func cameBack(seen *cluster.Picture, c Candidate) bool {
	leader := leaderIn(seen, c)
	return leader != nil && *leader == c.Preferred
}

// leaderIn returns who leads a partition, nil for nobody or not known.
func leaderIn(seen *cluster.Picture, c Candidate) *int32 {
	if seen == nil {
		return nil
	}
	t := seen.Topic(c.Topic)
	if t == nil {
		return nil
	}
	p := t.Partition(c.Partition)
	if p == nil || !p.LeaderKnown() || p.Leader == cluster.NoLeader {
		return nil
	}
	return &p.Leader
}

// judge notes what became of a batch, and whether that ends the run.
func (w *work) judge(batch []Candidate, seen *cluster.Picture, told map[string]map[int32]error, failure error) {
	back := 0
	gave := map[int32]map[string][]int32{}
	for _, c := range batch {
		o := outcome(c, seen, told, failure)
		w.run.Partitions = append(w.run.Partitions, o)
		w.run.Counts[o.Result]++
		switch o.Result {
		case CameBack:
			back++
			if gave[c.Preferred] == nil {
				gave[c.Preferred] = map[string][]int32{}
			}
			gave[c.Preferred][c.Topic] = append(gave[c.Preferred][c.Topic], c.Partition)
		case NotNeeded:
			back++
		default:
			w.log.Warn("Leader did not come back", "topic", c.Topic, "partition", c.Partition, "preferred", c.Preferred, "result", o.Result, "err", o.Error)
		}
	}
	w.log.Info("Batch is over", "partitions", len(batch), "came_back", back, "batch", w.run.Batches)
	w.remember(gave)
	switch refusal := refusal(told, failure); {
	case refusal != nil:
		w.mu.Lock()
		w.refused, w.until = refusal.Error(), time.Now().Add(refusedFor)
		w.mu.Unlock()
		w.stopped = string(Unauthorized) + ": " + refusal.Error()
	case failure != nil:
		w.stopped = failure.Error()
	case back == 0:
		w.stopped = "no leader of a whole batch came back"
	}
}

// remember has it kept what was given back, and that the run goes on.
func (w *work) remember(gave map[int32]map[string][]int32) {
	now := time.Now()
	err := w.keep(context.Background(), func(k *Kept) {
		for broker, partitions := range gave {
			k.Gave(broker, partitions, now)
		}
		k.Heard(now)
	})
	if err != nil {
		w.log.Warn("What was given back could not be kept", "err", err)
	}
}

// outcome says what became of a partition: by the leaders, and only where these do not
// tell by what was answered.
func outcome(c Candidate, seen *cluster.Picture, told map[string]map[int32]error, failure error) Outcome {
	o := Outcome{Topic: c.Topic, Partition: c.Partition, Before: c.before(), After: leaderIn(seen, c), Result: NotRestored}
	err, answered := told[c.Topic][c.Partition]
	switch {
	case cameBack(seen, c) && kafka.IsElectionNotNeeded(err):
		o.Result = NotNeeded
		return o
	case cameBack(seen, c):
		o.Result = CameBack
		return o
	case kafka.IsPreferredNotAvailable(err):
		o.Result = NotAvailable
	}
	switch {
	case err != nil:
		o.Error = err.Error()
	case !answered && failure != nil:
		o.Error = failure.Error()
	case seen == nil:
		o.Error = "its leader could not be read back"
	case o.After == nil:
		o.Error = fmt.Sprintf("nobody leads it, %d was to", c.Preferred)
	default:
		o.Error = fmt.Sprintf("it is led by %d still, within %v", *o.After, readPatience)
	}
	return o
}

// refusal returns the error that says that this user may not elect, nil if there is none.
func refusal(told map[string]map[int32]error, failure error) error {
	if kafka.IsUnauthorized(failure) {
		return failure
	}
	for _, topic := range slices.Sorted(maps.Keys(told)) {
		for _, err := range told[topic] {
			if kafka.IsUnauthorized(err) {
				return err
			}
		}
	}
	return nil
}

// end brings the run to an end: it is kept, counted, journalled and told.
func (w *work) end(ctx context.Context) {
	run := &w.run
	run.Ended, run.Reason = time.Now(), w.stopped
	run.Seconds = run.Ended.Sub(run.Started).Seconds()
	run.Result = result(run)
	if err := w.keep(ctx, func(k *Kept) { k.End(run.Ended) }); err != nil {
		w.log.Warn("The end of the run could not be kept", "err", err)
	}
	w.count(run)
	level := slog.LevelInfo
	if run.Result != Success {
		level = slog.LevelWarn
	}
	w.log.Log(ctx, level, "Run is over", "result", run.Result, "reason", run.Reason, "batches", run.Batches,
		"restored", run.Counts[CameBack], "not_needed", run.Counts[NotNeeded], "not_available", run.Counts[NotAvailable],
		"failed", run.Counts[NotRestored], "duration", run.Ended.Sub(run.Started).Round(time.Millisecond))
}

// count adds a run to the journal and the counters.
func (r *Runner) count(run *Run) {
	r.opts.Journal.Add(*run)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Runs[run.Result]++
	for fate, n := range run.Counts {
		r.status.Fates[fate] += n
	}
}

func result(run *Run) Result {
	good := run.Counts[CameBack] + run.Counts[NotNeeded]
	switch {
	case good == 0:
		return Failed
	case run.Reason == "" && good == len(run.Partitions):
		return Success
	default:
		return Partial
	}
}
