package rebalance

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
)

// TestRunner plays the story: batches of the size, the pause and the rate of the policy,
// each after a fresh poll and read back by another, and a run that is kept before its
// first election.
func TestRunner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, 120)
		r := g.start(quick(config.ModeAuto), nil, remembers(g), NewJournal(nil, nil))
		time.Sleep(45 * time.Second)
		synctest.Wait()
		if asked := g.asks(); len(asked) > 0 {
			t.Fatalf("elected before the brokers had settled: %v", asked)
		}
		time.Sleep(45 * time.Second)
		synctest.Wait()
		if g.misplaced() != 0 {
			t.Fatalf("%d partitions are misplaced still\n%s", g.misplaced(), r.log)
		}
		var sizes []int
		for i, a := range g.asked {
			sizes = append(sizes, a.partitions)
			if i > 0 && a.at.Sub(g.asked[i-1].at) < 5*time.Second {
				t.Errorf("batch %d came %v after the one before", i+1, a.at.Sub(g.asked[i-1].at))
			}
		}
		if !slices.Equal(sizes, []int{50, 50, 20}) {
			t.Errorf("batches of %v", sizes)
		}
		text := strings.Join(g.did, " ")
		if at := strings.Index(text, "elect"); !strings.Contains(text[:at], "keep") || strings.Contains(text, "elect elect") || strings.Contains(text, "keep elect") && strings.Count(text, "keep elect") > 1 {
			t.Errorf("not in order: %s", text)
		}
		for i, piece := range strings.Split(text, "elect")[1:] {
			if !strings.HasPrefix(strings.TrimSpace(piece), "poll") {
				t.Errorf("batch %d was not read back: %s", i+1, piece)
			}
		}
		runs := r.journal.Runs()
		if len(runs) != 1 || runs[0].Result != Success || runs[0].Batches != 3 || runs[0].Mode != "auto" || runs[0].Reason != "" {
			t.Fatalf("the journal has %+v", runs)
		}
		one, zero := int32(1), int32(0)
		o := runs[0].Partitions[7]
		if o.Topic != "t00" || o.Partition != 7 || *o.Before != one || *o.After != zero || o.Result != CameBack || o.Error != "" {
			t.Errorf("%+v", o)
		}
		s := r.Status()
		if s.Runs[Success] != 1 || s.Fates[CameBack] != 120 || s.Running || len(s.Decision.Candidates) != 0 {
			t.Errorf("status %+v", s)
		}
	})
}

// A rate that is below what batches and pauses make is kept.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, 60)
		p := quick(config.ModeAuto)
		p.BatchSize, p.MaxPartitionsPerMinute = 20, 40
		g.start(p, nil, remembers(g), NewJournal(nil, nil))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if len(g.asked) != 3 || g.asked[2].at.Sub(g.asked[0].at) < time.Minute {
			t.Errorf("asked %v: more than 40 in a minute", g.asked)
		}
	})
}

// after starts a run of three batches, has something happen before the second, and
// returns what came of it.
func after(t *testing.T, happen func(g *stage)) (*stage, *play, Run) {
	t.Helper()
	g := newStage(t, 120)
	g.beforeDo = func(batch int) {
		if batch == 2 {
			happen(g)
		}
	}
	r := g.start(quick(config.ModeAuto), nil, remembers(g), NewJournal(nil, nil))
	time.Sleep(3 * time.Minute)
	synctest.Wait()
	runs := r.journal.Runs()
	if len(runs) != 1 {
		t.Fatalf("%d runs\n%s", len(runs), r.log)
	}
	return g, r, runs[0]
}

func TestGuardBetweenBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _, run := after(t, func(g *stage) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.amend = func(s *cluster.Snapshot) { s.ElectionPending = true }
		})
		if run.Result != Partial || !strings.HasPrefix(run.Reason, "election_pending: ") || len(g.asked) != 2 || run.Counts[CameBack] != 100 {
			t.Errorf("asked %v, run %v %s, %v", g.asked, run.Result, run.Reason, run.Counts)
		}
	})
}

// A broker that dies in the middle leaves partitions behind, and the run says so.
func TestPreferredLeaderDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, run := after(t, func(g *stage) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.scene.brokers[0].Probe.Status = cluster.BrokerRefused
		})
		if run.Result != Partial || !strings.Contains(run.Reason, "cannot be given back any more: map[unreachable:20]") {
			t.Errorf("run %v %q", run.Result, run.Reason)
		}
	})
}

// What was answered does not count: the leaders do.
func TestLeadersAreReadBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, r, run := after(t, func(g *stage) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.deaf = true
		})
		want := map[Fate]int{CameBack: 50, NotRestored: 50}
		if run.Result != Partial || run.Reason != "no leader of a whole batch came back" || !maps.Equal(counts(run), want) || len(g.asked) != 2 {
			t.Errorf("run %v %q, %v, asked %v", run.Result, run.Reason, run.Counts, g.asked)
		}
		if o := run.Partitions[60]; *o.After != 1 || o.Error != "it is led by 1 still, within 10s" {
			t.Errorf("%+v", o)
		}
		if s := r.Status(); s.Fates[NotRestored] != 50 || s.Runs[Partial] != 1 {
			t.Errorf("status %+v", s)
		}
	})
}

// An election that did its work, and whose answer was lost, is no failure of its
// partitions; but what comes next is not tried.
func TestAnswerIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, run := after(t, func(g *stage) {
			g.answer = func(map[string][]int32) (map[string]map[int32]error, error) { return nil, errors.New("EOF") }
		})
		if run.Result != Partial || run.Reason != "EOF" || !maps.Equal(counts(run), map[Fate]int{CameBack: 100}) {
			t.Errorf("run %v %q, %v", run.Result, run.Reason, run.Counts)
		}
	})
}

// A process that is being stopped reads back what it asked for, and gives up its right.
func TestStopInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, 120)
		e := newAgreed()
		second := make(chan struct{})
		g.beforeDo = func(batch int) {
			if batch == 2 {
				close(second)
				time.Sleep(time.Second)
			}
		}
		r := g.start(quick(config.ModeAuto), &member{agreed: e, self: "a"}, e.keeper(), NewJournal(nil, nil))
		<-second
		r.stop()
		run := r.journal.Runs()[0]
		if run.Result != Partial || run.Reason != "evenkeel is stopping" || run.Counts[CameBack] != 100 || len(g.asked) != 2 {
			t.Errorf("run %v %q, %v, asked %v", run.Result, run.Reason, run.Counts, g.asked)
		}
		if e.leader != "" || e.acting != "" {
			t.Errorf("it holds on to leader %q, acting %q", e.leader, e.acting)
		}
	})
}

// A panic in an election costs that turn.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, 10)
		e := newAgreed()
		g.beforeDo = func(batch int) {
			if g.beforeDo = nil; batch == 1 {
				panic("odd")
			}
		}
		p := quick(config.ModeAuto)
		p.Cooldown = time.Minute
		r := g.start(p, &member{agreed: e, self: "a"}, e.keeper(), NewJournal(nil, nil))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if g.misplaced() != 0 || !strings.Contains(r.log.String(), "panic: odd") || e.acting != "" || r.Status().Running {
			t.Errorf("%d are misplaced, acting %q, running %v\n%s", g.misplaced(), e.acting, r.Status().Running, r.log)
		}
	})
}
