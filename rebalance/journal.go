package rebalance

import (
	"slices"
	"sync"
	"time"
)

// Result says how a run ended. Its values are those of the label of
// evenkeel_rebalance_runs_total.
type Result string

// How a run ends.
const (
	Success Result = "success" // every leader that could be given back was read back right
	Partial Result = "partial" // a guard ended it, or some leaders did not come back
	Failed  Result = "failed"  // no leader came back
	DryRun  Result = "dry_run" // it was not made, only found to be due
)

// Results lists them.
var Results = []Result{Success, Partial, Failed, DryRun}

// Fate says what became of a partition in a run. Its values are those of the label of
// evenkeel_rebalance_partitions_total, but for Planned.
type Fate string

// What becomes of a partition.
const (
	CameBack     Fate = "restored"      // its preferred leader leads it again
	NotNeeded    Fate = "not_needed"    // it did so before it was asked for
	NotAvailable Fate = "not_available" // the controller says that the preferred leader cannot lead
	NotRestored  Fate = "failed"        // it was asked for, and did not come
	Planned      Fate = "planned"       // of a run that was not made
)

// Fates lists those that are counted.
var Fates = []Fate{CameBack, NotNeeded, NotAvailable, NotRestored}

// ModeElect is the mode of a run that a person asked for.
const ModeElect = "elect"

// Run is a run as the journal keeps it. It is not changed once it is there.
type Run struct {
	Cluster string    `json:"cluster"`
	Mode    string    `json:"mode"` // auto, dry_run, or elect: by hand
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	Seconds float64   `json:"duration_seconds"`
	Result  Result    `json:"result"`
	Reason  string    `json:"reason,omitempty"` // why it ended before its work was done
	// Overridden are the guards that a person set aside.
	Overridden []string     `json:"overridden,omitempty"`
	Batches    int          `json:"batches"`
	Counts     map[Fate]int `json:"counts"`
	Partitions []Outcome    `json:"partitions,omitempty"` // in the order of the batches
	// LeftOut is how many of the partitions are not in Partitions any more.
	LeftOut int `json:"partitions_left_out,omitempty"`
}

// Outcome is what became of one partition in a run.
type Outcome struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Before    *int32 `json:"before"` // who led it; nil: nobody
	After     *int32 `json:"after"`  // who leads it now; nil: nobody, or it could not be read back
	Result    Fate   `json:"result"`
	Error     string `json:"error,omitempty"` // why it did not come back, as far as that was told
}

// Note is a decision that differs from the one before it.
type Note struct {
	Cluster    string       `json:"cluster"`
	At         time.Time    `json:"at"`
	Candidates int          `json:"candidates"`
	Plan       int          `json:"plan"` // partitions to be elected now
	Blocked    []Block      `json:"blocked,omitempty"`
	Skipped    map[Skip]int `json:"skipped,omitempty"`
}

// Limits of a journal. Partitions are what is large in it.
const (
	journalFor   = 90 * 24 * time.Hour
	keptNotes    = 200
	wholeRuns    = 20    // the latest runs, which are kept with their partitions
	mostOutcomes = 5_000 // partitions of one run
)

// Journal remembers the runs of a cluster for ninety days, and its latest decisions that
// changed. It is safe for concurrent use.
type Journal struct {
	mu    sync.Mutex
	runs  []Run // oldest first
	notes []Note
	keep  func([]Run)
}

// NewJournal returns a journal that begins with these runs, newest first, as Runs returns
// them. Keep, which may be nil, is called with all runs when one was added; they are not
// to be changed.
func NewJournal(runs []Run, keep func([]Run)) *Journal {
	j := &Journal{runs: slices.Clone(runs), keep: keep}
	slices.Reverse(j.runs)
	return j
}

// Add adds a run that has ended.
func (j *Journal) Add(r Run) {
	if n := len(r.Partitions); n > mostOutcomes {
		r.Partitions, r.LeftOut = r.Partitions[:mostOutcomes], n-mostOutcomes
	}
	j.mu.Lock()
	j.runs = slices.DeleteFunc(append(j.runs, r), func(old Run) bool { return r.Ended.Sub(old.Ended) > journalFor })
	if n := len(j.runs) - wholeRuns - 1; n >= 0 {
		j.runs[n].LeftOut += len(j.runs[n].Partitions)
		j.runs[n].Partitions = nil
	}
	j.mu.Unlock()
	if j.keep != nil {
		j.keep(j.Runs())
	}
}

// note adds a decision.
func (j *Journal) note(n Note) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notes = append(j.notes, n)
	j.notes = j.notes[max(len(j.notes)-keptNotes, 0):]
}

// Runs returns the runs, newest first. The slice belongs to the caller, what is in it is
// shared and not to be changed.
func (j *Journal) Runs() []Run {
	j.mu.Lock()
	defer j.mu.Unlock()
	return reversed(j.runs)
}

// Notes returns the decisions that changed, newest first, as Runs does.
func (j *Journal) Notes() []Note {
	j.mu.Lock()
	defer j.mu.Unlock()
	return reversed(j.notes)
}

func reversed[T any](all []T) []T {
	all = slices.Clone(all)
	slices.Reverse(all)
	return all
}
