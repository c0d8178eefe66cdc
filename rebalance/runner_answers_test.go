package rebalance

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/zookeeper"
)

// tells has every partition that is asked for answered so.
func tells(err error) func(map[string][]int32) (map[string]map[int32]error, error) {
	return func(ask map[string][]int32) (map[string]map[int32]error, error) {
		told := map[string]map[int32]error{}
		for topic, ids := range ask {
			told[topic] = map[int32]error{}
			for _, id := range ids {
				told[topic][id] = fmt.Errorf("broker 0: %w", err)
			}
		}
		return told, nil
	}
}

// A controller that has just moved did nothing: the new one is asked for the same batch.
func TestControllerMoved(t *testing.T) {
	for name, moved := range map[string]func(map[string][]int32) (map[string]map[int32]error, error){
		"each partition says so": tells(sarama.ErrNotController),
		"the whole answer says so": func(map[string][]int32) (map[string]map[int32]error, error) {
			return nil, fmt.Errorf("broker 0: %w", sarama.ErrNotController)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newStage(t, 120)
				g.beforeDo = func(n int) {
					g.answer, g.deaf = nil, n == 2
					if g.deaf {
						g.answer = moved
					}
				}
				r := g.start(quick(config.ModeAuto), nil, remembers(g), NewJournal(nil, nil))
				time.Sleep(3 * time.Minute)
				r.stop()
				run := r.journal.Runs()[0]
				if run.Result != Success || run.Batches != 3 || len(g.asked) != 4 || run.Counts[CameBack] != 120 {
					t.Errorf("run %v %q, %d batches, %v, asked %v", run.Result, run.Reason, run.Batches, run.Counts, g.asked)
				}
			})
		})
	}
}

// A controller that moves on and on is not run after for ever.
func TestControllerMovesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, 10)
		g.answer, g.deaf = tells(sarama.ErrNotController), true
		p := quick(config.ModeAuto)
		p.Cooldown = time.Hour
		r := g.start(p, nil, remembers(g), NewJournal(nil, nil))
		time.Sleep(10 * time.Minute)
		r.stop()
		runs := r.journal.Runs()
		if len(runs) != 1 || runs[0].Result != Failed || len(g.asked) != moves+1 {
			t.Errorf("asked %v, runs %+v", g.asked, runs)
		}
	})
}

// What the controller did not see done in time may be done all the same.
func TestRequestTimedOutMeansLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, run := after(t, func(g *stage) {
			g.answer = func(ask map[string][]int32) (map[string]map[int32]error, error) {
				g.lead(ask) // the stage holds its lock already
				return tells(sarama.ErrRequestTimedOut)(ask)
			}
		})
		if run.Result != Success || !maps.Equal(counts(run), map[Fate]int{CameBack: 120}) {
			t.Errorf("run %v %q, %v", run.Result, run.Reason, run.Counts)
		}
	})
}

func TestElectionNotNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, run := after(t, func(g *stage) {
			g.answer = func(ask map[string][]int32) (map[string]map[int32]error, error) {
				g.lead(ask)
				return tells(sarama.ErrElectionNotNeeded)(ask)
			}
		})
		if run.Result != Success || run.Counts[CameBack] != 50 || run.Counts[NotNeeded] != 70 {
			t.Errorf("run %v %q, %v", run.Result, run.Reason, run.Counts)
		}
	})
}

func TestPreferredLeaderNotAvailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, run := after(t, func(g *stage) { g.answer, g.deaf = tells(sarama.ErrPreferredLeaderNotAvailable), true })
		if run.Result != Partial || run.Counts[NotAvailable] != 50 || run.Counts[NotRestored] != 0 {
			t.Errorf("run %v %q, %v", run.Result, run.Reason, run.Counts)
		}
		if o := run.Partitions[60]; !strings.Contains(o.Error, "broker 0: ") || *o.After != 1 {
			t.Errorf("%+v", o)
		}
	})
}

// A cluster that does not allow elections is asked again after an hour, not before.
func TestUnauthorized(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newStage(t, 10)
		g.answer, g.deaf = tells(sarama.ErrClusterAuthorizationFailed), true
		p := quick(config.ModeAuto)
		p.Cooldown = time.Minute
		r := g.start(p, nil, remembers(g), NewJournal(nil, nil))
		time.Sleep(55 * time.Minute)
		synctest.Wait()
		if asked := g.asks(); len(asked) != 1 || r.Status().Decision.has(Unauthorized) == "" {
			t.Errorf("asked %v, decided %+v", asked, r.Status().Decision.Blocked)
		}
		if run := r.journal.Runs()[0]; run.Result != Failed || !strings.HasPrefix(run.Reason, "unauthorized: ") {
			t.Errorf("run %v %q", run.Result, run.Reason)
		}
		time.Sleep(10 * time.Minute)
		r.stop()
		if len(g.asked) != 2 {
			t.Errorf("asked %v, want again after an hour", g.asked)
		}
	})
}

// Somebody else's election is left alone, and nothing counts as tried.
func TestElectionPendingElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _, run := after(t, func(g *stage) {
			g.deaf, g.answer = true, func(map[string][]int32) (map[string]map[int32]error, error) {
				return nil, fmt.Errorf("elect: %w", zookeeper.ErrElectionPending)
			}
		})
		if run.Result != Partial || !strings.HasPrefix(run.Reason, "election_pending: ") || run.Batches != 1 || len(run.Partitions) != 50 || len(g.asked) != 2 {
			t.Errorf("run %v %q, %d batches, %v", run.Result, run.Reason, run.Batches, run.Counts)
		}
	})
}
