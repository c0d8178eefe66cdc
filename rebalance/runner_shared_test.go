package rebalance

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evenkeel/evenkeel/config"
)

// Who has lost the right to elect does not ask for the next batch.
func TestSessionIsLostBetweenBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, e := newStage(t, 120), newAgreed()
		m := &member{agreed: e, self: "a"}
		g.beforeDo = func(n int) {
			if n == 1 {
				m.die()
			}
		}
		r := g.start(quick(config.ModeAuto), m, e.keeper(), NewJournal(nil, nil))
		time.Sleep(10 * time.Minute)
		r.stop()
		runs := r.journal.Runs()
		if len(g.asked) != 1 || len(runs) != 1 || runs[0].Result != Partial || !strings.HasPrefix(runs[0].Reason, "not_leader: ") {
			t.Errorf("asked %v, runs %+v", g.asked, runs)
		}
	})
}

// While another one elects, nothing is elected, and who it is is told.
func TestAnotherElects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, e := newStage(t, 10), newAgreed()
		e.acting = "a person on host b"
		r := g.start(quick(config.ModeAuto), &member{agreed: e, self: "a"}, e.keeper(), NewJournal(nil, nil))
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if len(g.asks()) > 0 || len(r.journal.Runs()) > 0 || !strings.Contains(r.log.String(), "another evenkeel elects now: a person on host b") {
			t.Errorf("asked %v\n%s", g.asks(), r.log)
		}
		if _, err := r.Elect(t.Context(), ByHand{}, r.Plan(t.Context(), ByHand{})); !errors.Is(err, ErrActing) || !strings.Contains(err.Error(), "host b") {
			t.Errorf("a person's run: %v", err)
		}
		r.stop()
	})
}

// Two of them make one run. When the one that decides has died, the other takes over, and
// keeps the cool-down of what the first one did.
func TestTwoRunners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, e := newStage(t, 120), newAgreed()
		first := &member{agreed: e, self: "first"}
		p := quick(config.ModeAuto)
		a := g.start(p, first, e.keeper(), NewJournal(nil, nil))
		b := g.start(p, &member{agreed: e, self: "second"}, e.keeper(), NewJournal(nil, nil))
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if n, m := len(a.journal.Runs()), len(b.journal.Runs()); n+m != 1 || g.misplaced() != 0 {
			t.Fatalf("%d and %d runs, %d misplaced", n, m, g.misplaced())
		}
		if sa, sb := a.Status(), b.Status(); sa.Leader == sb.Leader || sa.Holder != sb.Holder {
			t.Errorf("they name %q (%v) and %q (%v) as the one that decides", sa.Holder, sa.Leader, sb.Holder, sb.Leader)
		}
		winner, heir := a, b
		if len(b.journal.Runs()) > 0 {
			winner, heir = b, a
		}
		ended := winner.journal.Runs()[0].Ended
		winner.stop()
		g.balance(false)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if len(heir.journal.Runs()) > 0 || heir.Status().Decision.has(Cooldown) == "" || !heir.Status().Leader {
			t.Errorf("five minutes later: %+v", heir.Status())
		}
		time.Sleep(10 * time.Minute)
		heir.stop()
		runs := heir.journal.Runs()
		if len(runs) != 1 || runs[0].Result != Success || runs[0].Started.Sub(ended) < p.Cooldown {
			t.Errorf("the heir made %+v; the last run had ended %v", runs, ended)
		}
	})
}

// What evenkeels share and cannot be read forbids everything: a run may just have been made.
func TestSharedStateUnreadable(t *testing.T) {
	for name, spoil := range map[string]func(*agreed){
		"unreachable": func(e *agreed) { e.broken = errors.New("connection lost") },
		"rubbish":     func(e *agreed) { e.data, e.version = []byte("{rubbish"), 3 },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, e := newStage(t, 10), newAgreed()
				spoil(e)
				r := g.start(quick(config.ModeAuto), &member{agreed: e, self: "a"}, e.keeper(), NewJournal(nil, nil))
				time.Sleep(30 * time.Minute)
				r.stop()
				if len(g.asked) > 0 || r.Status().Decision.has(NotLeader) == "" {
					t.Errorf("asked %v, decided %+v", g.asked, r.Status().Decision.Blocked)
				}
				if name == "rubbish" && string(e.data) != "{rubbish" {
					t.Errorf("what could not be read was overwritten with %s", e.data)
				}
			})
		})
	}
}

// A run that could not be kept is not begun, and not tried but after the next poll.
func TestRunIsKeptFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, 10)
		k := remembers(g)
		k.fail = errors.New("disk full")
		r := g.start(quick(config.ModeAuto), nil, k, NewJournal(nil, nil))
		time.Sleep(3 * time.Minute)
		r.stop()
		if most := 2*int(3*time.Minute/poll) + 2; len(g.asked) > 0 || g.polls > most || !strings.Contains(r.log.String(), "keep that a run begins: disk full") {
			t.Errorf("asked %v, %d polls\n%s", g.asked, g.polls, r.log)
		}
	})
}

// Without any memory, a run may have been made just before the process started.
func TestFirstStartCools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, 10)
		begun := time.Now()
		p := quick(config.ModeAuto)
		r := g.start(p, nil, NewOwnKeeper(nil, nil), NewJournal(nil, nil))
		time.Sleep(15 * time.Minute)
		r.stop()
		if len(g.asked) != 1 || g.asked[0].at.Sub(begun) < p.Cooldown {
			t.Errorf("asked %v, started at %v", g.asked, begun)
		}
	})
}
