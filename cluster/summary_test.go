package cluster

import "testing"

// The story that evenkeel was made for: two brokers, a topic of two partitions,
// and broker 0 dies and comes back.
func TestSummaryTellsTheStory(t *testing.T) {
	both := []int32{0, 1}
	for _, c := range []struct {
		name                   string
		p0, p1                 Partition
		brokers                []Broker
		down, lagging          int
		electable, not         int
		ratio0, ratio1         float64
		offline                int
		stop0, stop1           int
		outOfSync0, leadersOf1 int
	}{
		{
			name: "healthy", brokers: []Broker{alive(0), alive(1)},
			p0: part(0, []int32{0, 1}, 0, both), p1: part(1, []int32{1, 0}, 1, both), leadersOf1: 1,
		},
		{
			name: "broker 0 just died, nothing written yet", brokers: []Broker{gone(0), alive(1)},
			p0: part(0, []int32{0, 1}, 0, both), p1: part(1, []int32{1, 0}, 1, both),
			offline: 1, stop1: 2, leadersOf1: 1, // it is about to lead both
		},
		{
			name: "broker 0 is dead", brokers: []Broker{gone(0), alive(1)},
			p0: part(0, []int32{0, 1}, 1, []int32{1}), p1: part(1, []int32{1, 0}, 1, []int32{1}),
			down: 2, not: 1, ratio0: 1, stop1: 2, outOfSync0: 2, leadersOf1: 2,
		},
		{
			name: "broker 0 is back and catches up", brokers: []Broker{alive(0), alive(1)},
			p0: part(0, []int32{0, 1}, 1, []int32{1}), p1: part(1, []int32{1, 0}, 1, []int32{1}),
			lagging: 2, not: 1, ratio0: 1, stop1: 2, outOfSync0: 2, leadersOf1: 2,
		},
		{
			name: "the ISR is whole, leadership stayed", brokers: []Broker{alive(0), alive(1)},
			p0: part(0, []int32{0, 1}, 1, both), p1: part(1, []int32{1, 0}, 1, both),
			electable: 1, ratio0: 1, leadersOf1: 2,
		},
		{
			name: "broker 0 died again, and nothing is written yet", brokers: []Broker{gone(0), alive(1)},
			p0: part(0, []int32{0, 1}, 1, both), p1: part(1, []int32{1, 0}, 1, both),
			not: 1, ratio0: 1, stop1: 2, leadersOf1: 2,
		},
		{
			name: "both are dead", brokers: []Broker{gone(0), gone(1)},
			p0: part(0, []int32{0, 1}, NoLeader, []int32{1}), p1: part(1, []int32{1, 0}, 1, []int32{1}),
			offline: 2, down: 2, not: 1, ratio0: 1, outOfSync0: 2, leadersOf1: 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := Summarize(picture(topic("test", c.p0, c.p1)), c.brokers)
			if !z.AssignmentKnown || !z.StatesKnown || !z.RegistryKnown {
				t.Fatalf("something is unknown: %+v", z)
			}
			l0, l1 := z.Load(0), z.Load(1)
			r0, _ := l0.ImbalanceRatio()
			r1, _ := l1.ImbalanceRatio()
			equal(t, "partitions", z.Partitions, 2)
			equal(t, "broker_down", z.UnderReplicated[MissingBrokerDown], c.down)
			equal(t, "lagging", z.UnderReplicated[MissingLagging], c.lagging)
			equal(t, "electable", z.Electable, c.electable)
			equal(t, "not electable", z.NotElectable, c.not)
			equal(t, "ratio of 0", r0, c.ratio0)
			equal(t, "ratio of 1", r1, c.ratio1)
			equal(t, "offline", z.Offline, c.offline)
			equal(t, "stop 0", l0.StopOfflines, c.stop0)
			equal(t, "stop 1", l1.StopOfflines, c.stop1)
			equal(t, "out of sync of 0", l0.OutOfSync, c.outOfSync0)
			equal(t, "leaders of 1", l1.Leaders, c.leadersOf1)
		})
	}
}

func TestSummaryCarriesTheUnknown(t *testing.T) {
	good := part(0, []int32{0, 1}, 0, []int32{0, 1})
	rubbish := Partition{ID: 1, Replicas: []int32{1, 0}}
	brokers := []Broker{alive(0), alive(1)}

	z := Summarize(picture(topic("t", good, rubbish)), brokers)
	equal(t, "assignment known with a bad state", z.AssignmentKnown, true)
	equal(t, "states known with a bad state", z.StatesKnown, false)

	z = Summarize(picture(topic("t", good), Topic{Name: "u", Unreadable: true}), brokers)
	equal(t, "assignment known with a bad topic", z.AssignmentKnown, false)
	equal(t, "states known with a bad topic", z.StatesKnown, false)

	unread := []Broker{{ID: 0, Probe: Probe{Status: BrokerAlive}}}
	z = Summarize(picture(topic("t", good)), unread)
	equal(t, "registry known", z.RegistryKnown, false)
}

// Of a partition that lacks a dead and a living replica, the living one is what
// somebody has to look at, in whatever order the assignment has them.
func TestOneLivingReplicaThatLagsDecidesTheReason(t *testing.T) {
	brokers := []Broker{alive(0), alive(1), gone(2)}
	z := Summarize(picture(topic("t",
		part(0, []int32{0, 1, 2}, 0, []int32{0}),
		part(1, []int32{0, 2, 1}, 0, []int32{0}),
		part(2, []int32{0, 2}, 0, []int32{0}),
	)), brokers)
	equal(t, "lagging", z.UnderReplicated[MissingLagging], 2)
	equal(t, "broker_down", z.UnderReplicated[MissingBrokerDown], 1)
}

func TestSummaryCountsSpecialPartitions(t *testing.T) {
	brokers := []Broker{alive(0), {ID: 1, RegistryRead: true, Registration: &Registration{ID: 1}, Probe: Probe{Status: BrokerTimeout}}}
	moving := part(0, []int32{0, 1}, 0, []int32{0})
	moving.Adding, moving.Reassigning = []int32{1}, true
	fresh := Partition{ID: 1, State: StateAbsent, Replicas: []int32{0, 1}}
	frozen := part(2, []int32{1, 0}, 1, []int32{1, 0})
	dying := topic("dying", part(0, []int32{0}, NoLeader, nil))
	dying.Deleting = true
	empty := topic("empty")

	z := Summarize(picture(dying, empty, topic("t", moving, fresh, frozen)), brokers)
	equal(t, "partitions without the topic being deleted", z.Partitions, 3)
	equal(t, "reassigning", z.Reassigning, 1)
	equal(t, "under-replicated without the added replica", z.UnderReplicated[MissingLagging]+z.UnderReplicated[MissingBrokerDown], 0)
	if under, known := moving.UnderReplicated(); under || !known {
		t.Errorf("the partition that is being moved: under-replicated %v, known %v", under, known)
	}
	equal(t, "offline: no leader was ever recorded", z.Offline, 1)
	equal(t, "leader unreachable", z.LeaderUnreachable, 1)
	l0 := z.Load(0)
	equal(t, "preferred leaders of 0", l0.PreferredLeaders, 2)
	equal(t, "a partition without a state is no imbalance", l0.NotLeading, 0)
	if none := Summarize(picture(topic("t", part(0, []int32{0}, NoLeader, nil))), brokers); none.Loads[NoLeader] != nil {
		t.Error("nobody is taken for a broker that leads")
	}
	if l9 := z.Load(9); l9 != (Load{}) {
		t.Errorf("load of a broker that nobody names = %+v", l9)
	}
	if _, ok := (&Load{}).ImbalanceRatio(); ok {
		t.Error("a broker preferred for nothing has no ratio")
	}
}
