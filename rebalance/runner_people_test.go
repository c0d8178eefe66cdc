package rebalance

import (
	"errors"
	"fmt"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evenkeel/evenkeel/config"
)

// lasting is a keeper that outlives its process.
func lasting() Keeper { return NewOwnKeeper(&Kept{}, func(Kept) error { return nil }) }

func TestPauseAndResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, 10)
		r := g.start(quick(config.ModeAuto), nil, lasting(), NewJournal(nil, nil))
		if err := r.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if s := r.Status(); len(g.asks()) > 0 || s.Paused == nil || s.Decision.has(Paused) == "" {
			t.Errorf("paused, and asked %v; %+v", g.asks(), s.Decision.Blocked)
		}
		since := r.Status().Paused.Since
		if err := r.Pause(t.Context()); err != nil || !r.Status().Paused.Since.Equal(since) {
			t.Errorf("a second pause: %v, since %v, the first %v", err, r.Status().Paused, since)
		}
		if err := r.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		r.stop()
		if g.misplaced() != 0 || r.Status().Paused != nil {
			t.Errorf("resumed, and %d are misplaced", g.misplaced())
		}
	})
}

func TestExclude(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, 10)
		r := g.start(quick(config.ModeAuto), nil, lasting(), NewJournal(nil, nil))
		if err := r.Exclude(t.Context(), 0, 20*time.Minute); err != nil {
			t.Fatal(err)
		}
		time.Sleep(19 * time.Minute)
		synctest.Wait()
		if s := r.Status(); len(g.asks()) > 0 || s.Decision.Skipped[BrokerExcluded] != 10 || len(s.Excluded) != 1 {
			t.Errorf("excluded, and asked %v; %v", g.asks(), s.Decision.Skipped)
		}
		time.Sleep(5 * time.Minute)
		r.stop()
		if g.misplaced() != 0 {
			t.Errorf("the time is over, and %d are misplaced", g.misplaced())
		}
		if err := r.Exclude(t.Context(), 0, time.Hour); err != nil || len(r.Status().Excluded) != 1 {
			t.Errorf("%v, %v", err, r.Status().Excluded)
		}
		if err := r.Exclude(t.Context(), 0, 0); err != nil || len(r.Status().Excluded) != 0 {
			t.Errorf("taken back: %v, %v", err, r.Status().Excluded)
		}
	})
}

// A word that would be forgotten is not taken, and one that comes before anything is known
// is.
func TestPersonsWordIsKept(t *testing.T) {
	ctx := t.Context()
	o := Options{Cluster: "c", Policy: quick(config.ModeAuto), Keeper: NewOwnKeeper(nil, nil), Journal: NewJournal(nil, nil)}
	r := NewRunner(o)
	for what, err := range map[string]error{"pause": r.Pause(ctx), "resume": r.Resume(ctx), "exclude": r.Exclude(ctx, 1, time.Hour)} {
		if !errors.Is(err, ErrNotKept) {
			t.Errorf("%s: %v", what, err)
		}
	}
	o.Keeper = lasting()
	r = NewRunner(o)
	if err := r.Pause(ctx); err != nil || r.Status().Paused == nil {
		t.Errorf("%v, %v", err, r.Status().Paused)
	}
	if d := r.Plan(ctx, ByHand{}); d.has(Blind) == "" || len(d.Plan) > 0 {
		t.Errorf("before the first snapshot: %+v", d)
	}
}

// A person's run elects what the person has seen and agreed to, in mode off too, and
// nothing that came up since.
func TestByHandElectsWhatWasSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, 30)
		r := g.start(quick(config.ModeOff), nil, NewOwnKeeper(&Kept{}, nil), NewJournal(nil, nil))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if len(g.asks()) > 0 {
			t.Fatal("mode off elects")
		}
		h := ByHand{Topic: regexp.MustCompile("^t00$"), Max: 7}
		d := r.Plan(t.Context(), h)
		if len(d.Plan) != 7 {
			t.Fatalf("the plan has %d", len(d.Plan))
		}
		run, err := r.Elect(t.Context(), h, d)
		r.stop()
		if err != nil || run.Mode != ModeElect || run.Result != Success || len(run.Partitions) != 7 || g.misplaced() != 23 {
			t.Fatalf("%v, %+v, %d misplaced", err, run, g.misplaced())
		}
	})
}

// What a fresh look forbids is not elected, whoever agreed to it.
func TestByHandLooksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, 10)
		r := g.start(quick(config.ModeOff), nil, NewOwnKeeper(&Kept{}, nil), NewJournal(nil, nil))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		d := r.Plan(t.Context(), ByHand{})
		g.balance(true)
		run, err := r.Elect(t.Context(), ByHand{}, d)
		r.stop()
		if !errors.Is(err, ErrForbidden) || run != nil || len(g.asked) > 0 {
			t.Errorf("%v, %+v, asked %v", err, run, g.asked)
		}
	})
}

// Mode dry_run journals one run for one imbalance, also over a restart, and elects nothing.
func TestDryRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, 120)
		r := g.start(quick(config.ModeDryRun), nil, lasting(), NewJournal(nil, nil))
		time.Sleep(time.Hour)
		r.stop()
		runs := r.journal.Runs()
		if len(g.asked) > 0 || len(runs) != 1 || runs[0].Result != DryRun || runs[0].Batches != 3 || runs[0].Counts[Planned] != 120 {
			t.Fatalf("asked %v, runs %+v", g.asked, runs)
		}
		again := g.start(quick(config.ModeDryRun), nil, lasting(), NewJournal(runs, nil))
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(again.journal.Runs()); n != 1 {
			t.Errorf("%d runs after a restart", n)
		}
		g.balance(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		g.balance(false)
		time.Sleep(time.Hour)
		again.stop()
		if n := len(again.journal.Runs()); n != 2 || len(g.asked) > 0 {
			t.Errorf("%d runs after a second imbalance, asked %v", n, g.asked)
		}
	})
}

// A decision is journalled when it is another one, not with every poll.
func TestDecisionsAreNotedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, 10)
		r := g.start(quick(config.ModeDryRun), nil, lasting(), NewJournal(nil, nil))
		time.Sleep(8 * time.Hour)
		r.stop()
		notes := r.journal.Notes()
		for i := 1; i < len(notes); i++ {
			if fmt.Sprint(notes[i].Blocked) == fmt.Sprint(notes[i-1].Blocked) && fmt.Sprint(notes[i].Skipped) == fmt.Sprint(notes[i-1].Skipped) {
				t.Errorf("noted twice: %+v", notes[i])
			}
		}
		if len(notes) < 2 || len(notes) > 40 {
			t.Errorf("%d notes in eight hours", len(notes))
		}
	})
}

func TestJournalIsBounded(t *testing.T) {
	var saved []Run
	j := NewJournal(nil, func(all []Run) { saved = all })
	for i := range wholeRuns + 5 {
		j.Add(Run{Ended: t0.Add(time.Duration(i) * time.Hour), Partitions: make([]Outcome, mostOutcomes+3)})
	}
	runs := j.Runs()
	if newest := runs[0]; len(newest.Partitions) != mostOutcomes || newest.LeftOut != 3 {
		t.Errorf("the newest has %d partitions, %d left out", len(newest.Partitions), newest.LeftOut)
	}
	if oldest := runs[len(runs)-1]; len(runs) != wholeRuns+5 || oldest.Partitions != nil || oldest.LeftOut != mostOutcomes+3 {
		t.Errorf("%d runs, the oldest with %d partitions, %d left out", len(runs), len(oldest.Partitions), oldest.LeftOut)
	}
	j.Add(Run{Ended: t0.Add(journalFor + 3*time.Hour + time.Minute)})
	if n := len(j.Runs()); n != wholeRuns+5+1-4 || len(saved) != n {
		t.Errorf("%d runs, %d saved, after ninety days", n, len(saved))
	}
	for range keptNotes + 10 {
		j.note(Note{})
	}
	if n := len(j.Notes()); n != keptNotes {
		t.Errorf("%d notes", n)
	}
}
