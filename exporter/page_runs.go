package exporter

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/rebalance"
)

// pageRuns is what the page tells of leadership and elections in a cluster.
type pageRuns struct {
	apiRebalance
	State     string // what the rebalancer does, in a sentence
	Held      bool   // something holds a run back that is due
	Worst     *int32 // the broker with the largest imbalance; nil where none has any, or it is not known
	Ratio     *float64
	Threshold float64
	Guards    []pageGuard // every one, where a decision was made
	Plan      string      // what a run would do now, in a sentence; "" for nothing
	Runs      []pageRun
	More      int // runs that are not shown

	decision rebalance.Decision
}

// pageGuard is a guard and what it says.
type pageGuard struct {
	Name  rebalance.Guard
	Why   string // "" where it lets pass
	Until time.Time
}

// pageRun is a line of the journal.
type pageRun struct {
	rebalance.Run
	Counts string
	Missed []rebalance.Outcome // partitions that did not come back
}

const (
	pageRunsShown = 10
	pageMissed    = 5
	pagePlanned   = 5
)

// runsForPage tells of a cluster's rebalancer; nil where another evenkeel has it.
func runsForPage(w *watcher, s *cluster.Snapshot, now time.Time) *pageRuns {
	if w.rebalancer == nil {
		return nil
	}
	status := w.rebalancer.Status() // once, so that all of it tells of one decision
	p := &pageRuns{apiRebalance: describeRebalance(w, status, now), Threshold: w.cfg.Rebalance.Threshold, decision: status.Decision}
	p.State, p.Held = p.sentence()
	p.worst(s)
	if !p.decision.At.IsZero() && p.Candidates != nil {
		p.guards(w.cfg.Rebalance.BatchSize)
	}
	all := w.rebalancer.journal.Runs()
	p.More = max(len(all)-pageRunsShown, 0)
	for _, run := range all[:len(all)-p.More] {
		p.Runs = append(p.Runs, newPageRun(run))
	}
	return p
}

func (p *pageRuns) worst(s *cluster.Snapshot) {
	z := s.Summary
	if z == nil || !z.StatesKnown {
		return
	}
	p.Ratio = ptr(z.MaxImbalance())
	for _, id := range slices.Sorted(maps.Keys(z.Loads)) {
		if r, ok := z.Loads[id].ImbalanceRatio(); ok && r > 0 && r == *p.Ratio {
			p.Worst = &id
			return
		}
	}
}

// guards tells what each guard says, and what a run would do.
func (p *pageRuns) guards(batch int) {
	held := map[rebalance.Guard]rebalance.Block{}
	for _, b := range p.decision.Blocked {
		held[b.Guard] = b
	}
	for _, name := range slices.Concat(rebalance.Guards, []rebalance.Guard{rebalance.BelowThreshold, rebalance.NothingElectable}) {
		b := held[name]
		p.Guards = append(p.Guards, pageGuard{name, b.Why, b.Until})
	}
	if len(p.decision.Candidates) == 0 {
		return
	}
	to := map[int32]int{}
	for _, c := range p.decision.Candidates {
		to[c.Preferred]++
	}
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(to)) {
		parts = append(parts, fmt.Sprintf("%d to broker %d", to[id], id))
	}
	if more := len(parts) - pagePlanned; more > 0 {
		parts = append(parts[:pagePlanned], fmt.Sprintf("others to %s", plural(more, "broker")))
	}
	n := len(p.decision.Candidates)
	p.Plan = fmt.Sprintf("A run would give back %s in %s: %s.", plural(n, "partition"), batches((n+batch-1)/max(batch, 1)), strings.Join(parts, ", "))
}

func batches(n int) string {
	if n == 1 {
		return "1 batch"
	}
	return fmt.Sprintf("%d batches", n)
}

func newPageRun(run rebalance.Run) pageRun {
	line := pageRun{Run: run}
	var counts []string
	for _, fate := range append(slices.Clone(rebalance.Fates), rebalance.Planned) {
		if n := run.Counts[fate]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(fate), "_", " ")))
		}
	}
	line.Counts = strings.Join(counts, ", ")
	for _, o := range run.Partitions {
		if o.Error != "" && len(line.Missed) < pageMissed {
			line.Missed = append(line.Missed, o)
		}
	}
	return line
}

// sentence says what is going on, and whether something holds back a run that is due.
func (p *pageRuns) sentence() (state string, held bool) {
	switch {
	case p.Candidates == nil:
		return "It is not known which partitions could be given back to their preferred leaders.", false
	case p.Running:
		return "A run is in progress.", false
	case *p.Candidates == 0:
		return "There is nothing that would be elected.", false
	}
	due := plural(*p.Candidates, "partition") + " could be given back to the preferred leader"
	switch {
	case p.Mode == "off":
		return due + ". The mode is off: `evenkeel elect` does it by hand.", false
	case len(p.Blocked) > 0:
		return due + ". A run is held back:", true
	case p.Mode == "dry_run":
		return due + ". A run would be made now; in mode dry_run it is journalled only.", false
	default:
		return due + ". A run is due.", false
	}
}
