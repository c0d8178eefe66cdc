package cluster

import (
	"errors"
	"strings"
	"testing"
)

func keys(ts []Trouble) string {
	var all []string
	for _, t := range ts {
		all = append(all, t.Key)
	}
	return strings.Join(all, ", ")
}

func TestTroublesBeginOnceAndEndOnce(t *testing.T) {
	healthy := picture(topic("t", part(0, []int32{0, 1}, 0, []int32{0, 1})))
	down := picture(topic("t", part(0, []int32{0, 1}, 1, []int32{1})))
	ts := Troubles{}
	step := func(s *Snapshot) (now, began, ended []Trouble) {
		t.Helper()
		now, began, ended = ts.Update(s)
		s.Troubles = now
		return now, began, ended
	}
	now, _, _ := step(snap(0, healthy, alive(0), alive(1)))
	equal(t, "healthy", keys(now), "")

	s := snap(1, down, gone(0), alive(1))
	s.History.ImbalanceSince = s.Finished
	_, began, _ := step(s)
	equal(t, "began", keys(began), "broker 0, under-replicated down, imbalance")
	equal(t, "verdict", s.Verdict(), Worrying)

	s = snap(2, down, gone(0), alive(1))
	s.History.ImbalanceSince = t0.Add(1)
	now, began, ended := step(s)
	equal(t, "began again", keys(began)+keys(ended), "")
	equal(t, "since", now[0].Since, t0.Add(1))

	s = blind(3, errors.New("no session"))
	now, began, ended = step(s)
	equal(t, "began when blind", keys(began), "source registry, source partitions")
	equal(t, "ended when blind", keys(ended), "")
	for _, tr := range now {
		if seen := strings.HasPrefix(tr.Key, "source "); tr.Seen != seen {
			t.Errorf("%s: seen = %v", tr.Key, tr.Seen)
		}
	}
	equal(t, "verdict when blind", s.Verdict(), Untold)

	s = snap(4, healthy, alive(0), alive(1))
	_, began, ended = step(s)
	equal(t, "began at the end", keys(began), "")
	equal(t, "ended at the end", len(ended), 5)
	equal(t, "verdict at the end", s.Verdict(), Healthy)
}

// A broker that hangs and then loses its registration has one trouble that
// changes, not one that ends while another begins.
func TestTroubleThatChangesIsToldAndGoesOn(t *testing.T) {
	healthy := picture(topic("t", part(0, []int32{1, 0}, 1, []int32{1, 0})))
	hung := alive(0)
	hung.Probe = Probe{Status: BrokerTimeout, Err: errors.New("i/o timeout")}
	ts := Troubles{}
	_, began, _ := ts.Update(snap(1, healthy, hung, alive(1)))
	equal(t, "began", keys(began), "broker 0")
	equal(t, "detail", began[0].Detail, "i/o timeout")
	now, began, ended := ts.Update(snap(2, healthy, gone(0), alive(1)))
	equal(t, "changed", keys(began), "broker 0")
	equal(t, "ended", keys(ended), "")
	equal(t, "since", now[0].Since, t0.Add(1))
	equal(t, "state", now[0].State, string(BrokerUnregistered))
}

// What a snapshot could not look for is not over.
func TestTroubleThatCannotBeLookedForGoesOn(t *testing.T) {
	offline := part(0, []int32{0}, NoLeader, []int32{0})
	noController := snap(1, picture(topic("t", offline)), gone(0), alive(1))
	noController.Controller = Read(Controller{})
	ts := Troubles{}
	_, began, _ := ts.Update(noController)
	equal(t, "began", keys(began), "controller, broker 0, offline, under-replicated down"[:len("controller, broker 0, offline")])

	rubbish := snap(2, picture(topic("t", offline, Partition{ID: 1, Replicas: []int32{1}})), gone(0), alive(1))
	rubbish.Controller = Failed[Controller](errors.New("rubbish"))
	now, began, ended := ts.Update(rubbish)
	equal(t, "began with one state unknown", keys(began)+keys(ended), "")
	for _, tr := range now {
		equal(t, tr.Key+" is seen", tr.Seen, tr.Key == "broker 0")
	}

	unread := snap(3, picture(topic("t", offline)), Broker{ID: 0, Address: "h:9092", Probe: Probe{Status: BrokerRefused}}, alive(1))
	unread.Registrations, unread.Controller = Failed[map[int32]*Registration](nil), Failed[Controller](nil)
	now, began, ended = ts.Update(unread)
	equal(t, "began with the registry unread", keys(began)+keys(ended), "")
	for _, tr := range now {
		if tr.Key == "broker 0" && tr.State != string(BrokerUnregistered) {
			t.Errorf("what was known of broker 0 was replaced by %s", tr.State)
		}
	}
}

// A leader that did not answer, and then cannot be asked, has not answered.
func TestUnreachableLeaderThatCannotBeAsked(t *testing.T) {
	led := picture(topic("t", part(0, []int32{0}, 0, []int32{0})))
	silent, unasked := alive(0), alive(0)
	silent.Probe, unasked.Probe = Probe{Status: BrokerTimeout}, Probe{Status: BrokerUnknown}
	ts := Troubles{}
	_, began, _ := ts.Update(snap(1, led, silent))
	equal(t, "began", keys(began), "broker 0, "+keyLeaderUnreachable)
	_, _, ended := ts.Update(snap(2, led, unasked))
	equal(t, "ended", keys(ended), "")
	equal(t, "seen", ts[keyLeaderUnreachable].Seen, false)
}

// A broker that was taken out of service for good is no trouble.
func TestBrokerWithoutReplicasMayLeave(t *testing.T) {
	now, _, _ := Troubles{}.Update(snap(1, picture(topic("t", part(0, []int32{1}, 1, []int32{1}))), gone(0), alive(1)))
	equal(t, "troubles", keys(now), "")
}

func TestTroublesNameWhatIsWrong(t *testing.T) {
	zombie := gone(0)
	zombie.Probe = Probe{Status: BrokerAlive}
	nameless := alive(0)
	nameless.Probe = Probe{Status: BrokerUnresolvable, Err: errors.New("lookup b0: no such host")}
	offline := picture(topic("t", part(0, []int32{0}, NoLeader, []int32{0})))
	healthy := picture(topic("t", part(0, []int32{0}, 0, []int32{0})))
	noQuorum := snap(0, healthy, alive(0))
	noQuorum.Ensemble = &Ensemble{Servers: []Server{{Name: "z1:2181", Mode: ModeNotServing, Status: ServerNotServing}}}
	silent := snap(0, healthy, alive(0))
	silent.Ensemble = &Ensemble{Servers: []Server{{Name: "z1:2181", Mode: ModeUnreachable, Status: ServerRefused, Err: errors.New("connection refused")}}}
	noController := snap(0, healthy, alive(0))
	noController.Controller = Read(Controller{})
	unreachable := snap(0, healthy, alive(0))
	unreachable.BrokersHeard = 0
	split := snap(0, healthy, alive(0))
	split.Ensemble = &Ensemble{Servers: []Server{{Mode: ModeLeader, Address: "a", Status: ServerOK}, {Mode: ModeLeader, Address: "b", Status: ServerOK}}}
	imbalanced := func(brokers ...Broker) *Snapshot {
		s := snap(0, picture(topic("t", part(0, []int32{0, 1}, 1, []int32{1, 0}), part(1, []int32{2, 1}, 1, []int32{1, 2}))), brokers...)
		s.History.ImbalanceSince = t0
		return s
	}
	rubbish := snap(0, picture(topic("t", part(0, []int32{0}, NoLeader, nil), Partition{ID: 1, Replicas: []int32{0}})), alive(0))
	unregistered := snap(0, offline, Broker{ID: 0, Probe: Probe{Status: BrokerAlive}})
	partitionsHang := snap(0, healthy, alive(0))
	partitionsHang.Picture, partitionsHang.Summary = Failed[*Picture](errors.New("no answer in time")), nil
	partitionsHang.Outcomes[SourcePartitions] = Outcome{Err: errors.New("no answer in time")}
	depends := snap(0, healthy, alive(0))
	depends.Outcomes[SourceGroups] = Outcome{Err: ErrDepends}
	faulty := snap(0, healthy, alive(0))
	faulty.Outcomes[SourceOffsets] = Outcome{Faults: []Fault{{Target: "broker 0", Reason: "timeout", Err: errors.New("i/o timeout")}}}
	for _, c := range []struct {
		name     string
		s        *Snapshot
		verdict  Verdict
		contains []string // one for each trouble
	}{
		{"zombie", snap(0, healthy, zombie), Broken, []string{"offline", "broker 0 is not registered: for the cluster it is down, though it still answers"}},
		{"unresolvable", snap(0, healthy, nameless), Worrying, []string{"broker 0 does not answer us at h:9092: the name that it advertises does not resolve here", "led by brokers that do not answer us"}},
		{"offline", snap(0, offline, alive(0)), Broken, []string{"1 of 1 partitions are offline", "leads"}[:1]},
		{"no quorum", noQuorum, Broken, []string{"ZooKeeper has no quorum", "z1:2181: it runs, but belongs to no quorum"}},
		{"no server", silent, Worrying, []string{"z1:2181: connection refused"}},
		{"no controller", noController, Broken, []string{"there is no active controller"}},
		{"unreachable", unreachable, Untold, []string{"evenkeel cannot reach any broker (1 tried)"}},
		{"split brain", split, Broken, []string{"2 ZooKeeper servers say that they are leader"}},
		{"an election repairs a part", imbalanced(alive(0), alive(1), gone(2)), Worrying, []string{"broker 2 is not registered", "2 partitions are not led by their preferred leader; a preferred-replica election would repair 1 of them"}},
		{"an election repairs nothing", imbalanced(gone(0), alive(1), gone(2)), Worrying, []string{"broker 0 is not", "broker 2 is not", "the preferred leaders of 2 partitions cannot lead now"}},
		{"a sum with an unknown part tells nothing", rubbish, Untold, nil},
		{"offline needs the registry", unregistered, Healthy, nil},
		{"only the partitions hang", partitionsHang, Untold, []string{"the partitions cannot be read"}},
		{"what only depends is no trouble", depends, Healthy, nil},
		{"a single fault", faulty, Worrying, []string{"a part of the ends of the logs cannot be read: broker 0: timeout"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, _, _ := Troubles{}.Update(c.s)
			c.s.Troubles = now
			equal(t, "verdict", c.s.Verdict(), c.verdict)
			if len(now) != len(c.contains) {
				t.Fatalf("%d troubles, want %d: %+v", len(now), len(c.contains), now)
			}
			for i, want := range c.contains {
				if !strings.Contains(now[i].Text, want) {
					t.Errorf("trouble %d: %q does not say %q", i, now[i].Text, want)
				}
			}
		})
	}
}

func TestWorseVerdict(t *testing.T) {
	order := []Verdict{Healthy, Worrying, Untold, Broken}
	for i, a := range order {
		for j, b := range order {
			equal(t, a.String()+" or "+b.String(), a.Worse(b), order[max(i, j)])
		}
	}
}

// What was critical and cannot be looked at now is neither over nor a finding.
func TestUnseenTroubleIsNoVerdict(t *testing.T) {
	ts := Troubles{}
	leaderless := snap(0, picture(topic("t", part(0, []int32{0}, NoLeader, nil))), alive(0))
	leaderless.Controller = Read(Controller{})
	leaderless.Troubles, _, _ = ts.Update(leaderless)
	equal(t, "verdict", leaderless.Verdict(), Broken)
	s := blind(1, errors.New("no session"))
	s.BrokersHeard = 1
	var ended []Trouble
	s.Troubles, _, ended = ts.Update(s)
	equal(t, "ended when blind", keys(ended), "")
	equal(t, "verdict when blind", s.Verdict(), Untold)
}

func TestEventsTellWhatHappened(t *testing.T) {
	a := snap(0, picture(topic("t", versioned(part(0, []int32{0, 1}, 0, []int32{0}), 3))), alive(0), alive(1))
	b := snap(1, picture(topic("t", versioned(part(0, []int32{0, 1}, 1, []int32{1}), 4))), alive(0), alive(1))
	b.Brokers[0].Registration = &Registration{ID: 0, Session: 9}
	b.Controller = Read(Controller{ID: 0, Exists: true, Named: true})
	a.Ensemble = &Ensemble{Servers: []Server{{Name: "z1", Mode: ModeFollower}}}
	b.Ensemble = &Ensemble{Servers: []Server{{Name: "z1", Mode: ModeLeader}}}
	got := strings.Join(Events(a, b, Compare(a, b)), "\n")
	for _, want := range []string{
		"ZooKeeper server z1 is leader now (was follower)", "node 0 is the active controller now", "broker 0 registered anew",
		"1 partitions have another leader now", "1 partitions elected a leader from outside the ISR", "1 replicas left an ISR, 1 joined one",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("events do not say %q:\n%s", want, got)
		}
	}
	a.Ensemble.Servers[0].Mode, b.Ensemble.Servers[0].Mode = ModeLeader, ModeUnreachable
	b.Controller = Read(Controller{})
	if got := strings.Join(Events(a, b, Compare(a, b)), "\n"); strings.Contains(got, "ZooKeeper server") || strings.Contains(got, "controller") {
		t.Errorf("what is only gone is a trouble, and no event:\n%s", got)
	}
	if e := Events(nil, b, Changes{}); e != nil {
		t.Errorf("events of the first snapshot: %v", e)
	}
	if e := Events(b, b, Compare(b, b)); e != nil {
		t.Errorf("events without a change: %v", e)
	}
}
