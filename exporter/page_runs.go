package exporter

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/rebalance"
)

// pageRuns is what the page tells of elections in a cluster.
type pageRuns struct {
	apiRebalance
	State string // what the rebalancer does, in a sentence
	Held  bool   // something holds a run back that is due
	Runs  []pageRun
	More  int // runs that are not shown
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
)

// runsForPage tells of a cluster's rebalancer; nil where another evenkeel has it.
func runsForPage(w *watcher, now time.Time) *pageRuns {
	if w.rebalancer == nil {
		return nil
	}
	p := &pageRuns{apiRebalance: describeRebalance(w, now)}
	p.State, p.Held = p.sentence()
	all := w.rebalancer.journal.Runs()
	p.More = max(len(all)-pageRunsShown, 0)
	for _, run := range all[:len(all)-p.More] {
		p.Runs = append(p.Runs, newPageRun(run))
	}
	return p
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
