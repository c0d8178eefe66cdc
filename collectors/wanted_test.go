package collectors

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// laggard is a cluster whose group g lags in partition 0 of test, which broker 0 leads.
func laggard() *fakeCluster {
	f := newFake()
	f.identity = kafka.Identity{Release: "2.8", Mode: cluster.ModeZooKeeper, Groups: true, EmptyGroups: true, AllOffsets: true, Timestamps: true, StableOffsets: true}
	f.offsets = map[kafka.Position]map[string]map[int32]cluster.Offset{
		kafka.Latest:     {"test": {0: cluster.OffsetAt(100), 1: cluster.OffsetAt(9)}, "__consumer_offsets": {0: cluster.OffsetAt(9)}},
		kafka.Earliest:   {"test": {0: cluster.OffsetAt(0), 1: cluster.OffsetAt(7)}, "__consumer_offsets": {0: cluster.OffsetAt(0)}},
		kafka.LastStable: {"test": {0: cluster.OffsetAt(3)}},
	}
	return f
}

// addTransactions makes the cluster one that has had a transaction.
func (f *fakeCluster) addTransactions() {
	picture, _ := f.registry.Picture.Get()
	picture.Topics = slices.Insert(picture.Topics, 1, cluster.Topic{Name: "__transaction_state"})
}

func TestTheAgeOfOldMessagesIsLookedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := laggard()
		p := poller(t, f)
		written := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
		f.founds = map[string]map[int32]kafka.Found{"test": {0: {Offset: cluster.OffsetAt(3), At: written}}}
		s := p.poll(t)
		if len(f.since) > 0 {
			t.Fatalf("asked before anything lags: %v", f.since)
		}
		tells(t, told(t, p.cfg, s), `kafka_consumergroup_lag{consumergroup="g",topic="test",partition="0"} 97`, "!kafka_consumergroup_lag_seconds")
		time.Sleep(2 * time.Second)
		s = p.poll(t)
		if len(f.since) != 1 || len(f.since[0]) != 1 || len(f.since[0]["test"]) != 1 || len(f.calls("since")) != 1 {
			t.Fatalf("asked %v of %q", f.since, f.calls("since"))
		}
		tells(t, told(t, p.cfg, s), `kafka_consumergroup_lag_seconds{consumergroup="g",topic="test",partition="0"} 3602`, `kafka_consumergroup_max_lag_seconds{consumergroup="g"} 3602`)
		time.Sleep(2 * time.Second)
		p.poll(t)
		if len(f.since) != 1 {
			t.Errorf("known, and asked again: %v", f.since)
		}
	})
}

func TestWhoIsNotAskedForTimestamps(t *testing.T) {
	for name, c := range map[string]struct {
		release string
		change  func(f *fakeCluster)
		asked   int
	}{
		"a release with timestamps":        {"2.8", func(*fakeCluster) {}, 1},
		"one without":                      {"0.10", func(f *fakeCluster) { f.identity.Timestamps = false }, 0},
		"a topic on the brokers' disks":    {"4.4", func(f *fakeCluster) { f.tiered = map[string]string{"test": "false"} }, 1},
		"one in tiered storage":            {"4.4", func(f *fakeCluster) { f.tiered = map[string]string{"test": "true"} }, 0},
		"one whose setting is not told":    {"3.9", func(*fakeCluster) {}, 0},
		"one whose setting is refused":     {"3.9", func(f *fakeCluster) { f.fail["configs 0 1 topics"] = errors.New("refused") }, 0},
		"a broker that is not known":       {"", func(f *fakeCluster) { f.tiered = map[string]string{"test": "true"} }, 0},
		"a broker whose question fails":    {"2.8", func(f *fakeCluster) { f.fail["since 0"] = errors.New("broken") }, 1},
		"a partition that is not answered": {"2.8", func(f *fakeCluster) { f.founds = nil }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := laggard()
				f.identity.Release, f.identity.Configs = c.release, true
				f.founds = map[string]map[int32]kafka.Found{"test": {0: {}}}
				c.change(f)
				p := poller(t, f)
				p.poll(t)
				time.Sleep(2 * time.Second)
				s := p.poll(t)
				if n := len(f.calls("since")); n != c.asked {
					t.Errorf("asked %d times, want %d", n, c.asked)
				}
				if o := s.Outcomes[cluster.SourceOffsets]; o.Err != nil {
					t.Errorf("the offsets failed: %v", o.Err)
				}
			})
		})
	}
}

func TestHowOftenTieredStorageIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := laggard()
		f.identity.Release, f.identity.Configs = "4.4", true
		f.tiered = map[string]string{"test": "true"}
		p := poller(t, f)
		asked := func() int { return len(f.calls("configs 0 1 topics")) }
		for range 5 {
			p.poll(t)
			time.Sleep(2 * time.Second)
		}
		if n := asked(); n != 1 {
			t.Errorf("asked %d times in five polls", n)
		}
		time.Sleep(configsAge)
		p.poll(t)
		p.poll(t)
		if n := asked(); n != 2 {
			t.Errorf("asked %d times after %v", n, configsAge)
		}
	})
}

func TestStableOffsetsOfAGroupThatStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := laggard()
		f.addTransactions()
		p := poller(t, f)
		const ask = "offsets 0 -"
		stable := func() (n int) {
			for _, call := range f.calls(ask) {
				if call != "offsets 0 -1 map[test:[0]]" && call != "offsets 0 -2 map[test:[0]]" {
					n++
				}
			}
			return n
		}
		var s *cluster.Snapshot
		for i := range 15 {
			s = p.poll(t)
			if want := max(i-1, 0); stable() != want {
				t.Fatalf("after %d polls the last stable offset was asked for %d times, want %d", i+1, stable(), want)
			}
			time.Sleep(2 * time.Second)
		}
		tells(t, told(t, p.cfg, s),
			`kafka_topic_partition_last_stable_offset{topic="test",partition="0"} 3`,
			`kafka_consumergroup_status{consumergroup="g",status="blocked_by_transaction"} 1`)
		groups, _ := s.Groups.Get()
		if r := groups.Groups[0].Verdict.Reason; r == "" {
			t.Error("no reason")
		}
		f.commits["g"][0].Commits = []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(100)}}
		p.poll(t)
		time.Sleep(2 * time.Second)
		before := stable()
		f.topic("test").Partitions[0].Stable = cluster.UnknownOffset // the fake's picture is always the same one
		s = p.poll(t)
		if stable() != before {
			t.Error("asked though nothing waits")
		}
		tells(t, told(t, p.cfg, s), "!kafka_topic_partition_last_stable_offset", `kafka_consumergroup_status{consumergroup="g",status="ok"} 1`)
	})
}

func TestALogWithoutTimestampsIsNotAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := laggard()
		f.untimed = map[string][]int32{"test": {0}}
		p := poller(t, f)
		var s *cluster.Snapshot
		for range 5 {
			s = p.poll(t)
			if o := s.Outcomes[cluster.SourceOffsets]; o.Err != nil || len(o.Faults) > 0 {
				t.Fatalf("a log of an old format is told as a fault: %v", o)
			}
			time.Sleep(2 * time.Second)
		}
		if n := len(f.calls("since")); n != 1 {
			t.Errorf("asked %d times in five polls, want once", n)
		}
		tells(t, told(t, p.cfg, s), `kafka_consumergroup_lag{consumergroup="g",topic="test",partition="0"} 97`, "!kafka_consumergroup_lag_seconds")
	})
}

func TestALeaderThatIsSlowToLookUpHoldsNothingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := laggard()
		f.hang["since 0"] = true
		p := poller(t, f)
		p.cfg.Poll.Timeout = 10 * time.Second
		for i := range 20 {
			begun := time.Now()
			s := p.poll(t)
			if took := time.Since(begun); took > lookUpTakes {
				t.Errorf("poll %d took %v", i, took)
			}
			faults := s.Outcomes[cluster.SourceOffsets].Faults
			if i > 0 && (len(faults) != 1 || faults[0].Target != "broker 0, asked for messages by their timestamps" || faults[0].Reason != "timeout") {
				t.Fatalf("poll %d: %v", i, faults)
			}
			tells(t, told(t, p.cfg, s), `kafka_consumergroup_lag{consumergroup="g",topic="test",partition="0"} 97`)
			time.Sleep(2 * time.Second)
		}
		if n := len(f.calls("since")); n < 3 || n > 5 {
			t.Errorf("asked %d times in twenty polls", n)
		}
		delete(f.hang, "since 0")
		f.founds = map[string]map[int32]kafka.Found{"test": {0: {Offset: cluster.OffsetAt(3), At: time.Now().Add(-time.Hour)}}}
		time.Sleep(longestPause)
		p.poll(t)
		if s := p.poll(t); len(s.Outcomes[cluster.SourceOffsets].Faults) > 0 {
			t.Errorf("it answers again: %v", s.Outcomes[cluster.SourceOffsets].Faults)
		}
	})
}
