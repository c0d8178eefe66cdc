package cluster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestStopping(t *testing.T) {
	strict := topic("strict", part(0, []int32{1, 2}, 1, []int32{1, 2}), part(1, []int32{2, 3}, 2, []int32{2, 3}))
	strict.MinISR = 2
	loose := topic("loose", part(0, []int32{1, 2, 3}, 1, []int32{1, 2, 3}), part(1, []int32{1, 2, 3}, 1, []int32{1}), part(2, []int32{1, 4}, 1, []int32{1, 4}))
	loose.MinISR = 1
	deleting := topic("deleting", part(0, []int32{1}, 1, []int32{1}))
	deleting.MinISR, deleting.Deleting = 1, true
	s := snap(0, picture(strict, loose, deleting), alive(1), alive(2), alive(3), gone(4))
	for id, want := range map[int32]string{
		1: "critical offline [loose-1 loose-2] breaks [strict-0]", // 4 is in an ISR, and gone
		2: "critical offline [] breaks [strict-0 strict-1]",
		3: "critical offline [] breaks [strict-1]",
		4: "healthy offline [] breaks []", // it is down
	} {
		stop, err := s.Stopping(id)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%s offline %v breaks %v", stop.Verdict(), stop.Offline, stop.Breaks); got != want {
			t.Errorf("broker %d: %s, want %s", id, got, want)
		}
		load := s.Summary.Loads[id]
		if !stop.Down && load.StopOfflines != len(stop.Offline) {
			t.Errorf("broker %d: the metric says %d offline", id, load.StopOfflines)
		}
	}
	if _, err := s.Stopping(9); err == nil || !strings.Contains(err.Error(), "no broker 9") {
		t.Errorf("a broker that is not there: %v", err)
	}
}

// TestStopCountsAgree: what was counted says the same as a look at each partition.
func TestStopCountsAgree(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		some := func() []int32 {
			var ids []int32
			for _, id := range random.Perm(4) {
				if random.IntN(2) == 0 {
					ids = append(ids, int32(id))
				}
			}
			return ids
		}
		var topics []Topic
		for n := range 3 {
			isr := some()
			p := part(0, []int32{0, 1, 2, 3}, NoLeader, isr)
			if len(isr) > 0 && random.IntN(4) > 0 {
				p.Leader = isr[0]
			}
			one := topic(fmt.Sprint("t", n), p)
			one.MinISR = 1 + random.IntN(3)
			topics = append(topics, one)
		}
		var brokers []Broker
		for id := range int32(4) {
			b := alive(id)
			if random.IntN(4) == 0 {
				b = gone(id)
			}
			brokers = append(brokers, b)
		}
		s := snap(0, picture(topics...), brokers...)
		for id := range int32(4) {
			whole, err := s.Stopping(id)
			if err != nil {
				t.Fatal(err)
			}
			stop, offline, breaks := s.StopCounts(id)
			counted := offline > 0 || breaks > 0
			if offline != len(whole.Offline) || counted != (whole.Verdict() == Broken) || stop.Down != whole.Down || !stop.Down && breaks < len(whole.Breaks) {
				t.Fatalf("broker %d: counted %d %d %+v, looked %+v\n%+v", id, offline, breaks, stop, whole, topics)
			}
		}
	}
}

// TestStoppingAFencedBroker: the controller knows it, and lets it serve nobody.
func TestStoppingAFencedBroker(t *testing.T) {
	whole := topic("t", part(0, []int32{1, 2, 3}, 1, []int32{1, 2, 3}))
	whole.MinISR = 1
	fenced := alive(3)
	fenced.Registration = &Registration{ID: 3, Fenced: true}
	s := snap(0, picture(whole), alive(1), alive(2), fenced)
	if stop, err := s.Stopping(3); err != nil || !stop.Down || stop.Verdict() != Healthy {
		t.Errorf("%+v (%v)", stop, err)
	}
}

func TestStoppingUnknown(t *testing.T) {
	whole := topic("t", part(0, []int32{1, 2, 3}, 1, []int32{1, 2, 3}))
	unsure := func(change func(*Snapshot)) *Snapshot {
		s := snap(0, picture(whole), alive(1), alive(2), alive(3))
		change(s)
		return s
	}
	for what, s := range map[string]*Snapshot{
		"min.insync.replicas": unsure(func(*Snapshot) {}),
		"could not be read":   unsure(func(s *Snapshot) { s.Picture = Failed[*Picture](errors.New("x")) }),
		"confirm":             unsure(func(s *Snapshot) { s.Unconfirmed = true }),
		"ISR":                 unsure(func(s *Snapshot) { s.Summary.StatesKnown = false }),
	} {
		stop, err := s.Stopping(1)
		if err != nil || stop.Verdict() != Untold || !strings.Contains(stop.Unknown, what) {
			t.Errorf("%s: %+v (%v)", what, stop, err)
		}
	}
}

// TestStoppingAController: two of three are a majority, one is none.
func TestStoppingAController(t *testing.T) {
	whole := topic("t", part(0, []int32{1, 2, 3}, 1, []int32{1, 2, 3}))
	whole.MinISR = 1
	voters := &Quorum{Leader: 1, Voters: []QuorumReplica{{ID: 1}, {ID: 2}, {ID: 3}}}
	s := snap(0, picture(whole), alive(1), alive(2), alive(3))
	s.Quorum = Read(voters)
	if stop, err := s.Stopping(1); err != nil || stop.Verdict() != Healthy {
		t.Errorf("with all three: %+v (%v)", stop, err)
	}
	s = snap(0, picture(whole), alive(1), alive(2), gone(3))
	s.Quorum = Read(voters)
	if stop, err := s.Stopping(1); err != nil || !stop.LosesQuorum || stop.Verdict() != Broken {
		t.Errorf("with one gone: %+v (%v)", stop, err)
	}
	s.Quorum = Read(&Quorum{Leader: 3000, Voters: []QuorumReplica{{ID: 3000}}})
	if stop, err := s.Stopping(1); err != nil || stop.LosesQuorum {
		t.Errorf("a broker that is no controller: %+v (%v)", stop, err)
	}
}
