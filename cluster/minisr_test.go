package cluster

import "testing"

func TestMinISRIsCountedAsKafkaCounts(t *testing.T) {
	three := []int32{0, 1, 2}
	for _, c := range []struct {
		name                      string
		minISR                    int
		p                         Partition
		under, at, large, breaks0 int
		unknown                   bool
	}{
		{name: "whole", minISR: 2, p: part(0, three, 0, three)},
		{name: "at min ISR", minISR: 2, p: part(0, three, 0, []int32{0, 1}), at: 1, breaks0: 1},
		{name: "under min ISR", minISR: 2, p: part(0, three, 0, []int32{0}), under: 1},
		{name: "whole at min ISR is not at risk, and cannot spare anybody", minISR: 3, p: part(0, three, 0, three), breaks0: 1},
		{name: "min ISR above the replication factor", minISR: 5, p: part(0, three, 0, three), large: 1, breaks0: 1},
		{name: "above it, and one missing", minISR: 5, p: part(0, three, 0, []int32{0, 1}), large: 1, under: 1},
		{name: "no state yet", minISR: 1, p: Partition{ID: 0, State: StateAbsent, Replicas: three}, under: 1},
		{name: "unknown", minISR: 0, p: part(0, three, 0, three), unknown: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			of := topic("t", c.p)
			of.MinISR = c.minISR
			z := Summarize(picture(of), []Broker{alive(0), alive(1), alive(2)})
			equal(t, "known", z.MinISRKnown, !c.unknown)
			equal(t, "under", z.UnderMinISR, c.under)
			equal(t, "at", z.AtMinISR, c.at)
			equal(t, "too large", z.MinISRTooLarge, c.large)
			l := z.Load(0)
			equal(t, "would break", l.StopBreaks, c.breaks0)
		})
	}
}

// One topic whose setting is not known makes the sums unknown, but for one that has
// no partitions.
func TestMinISRIsKnownOfAllOrNone(t *testing.T) {
	known, unknown, empty := topic("a", part(0, []int32{0}, 0, []int32{0})), topic("b", part(0, []int32{0}, 0, []int32{0})), topic("c")
	known.MinISR = 1
	equal(t, "all known", Summarize(picture(known, empty), []Broker{alive(0)}).MinISRKnown, true)
	equal(t, "one unknown", Summarize(picture(known, unknown), []Broker{alive(0)}).MinISRKnown, false)
}

func TestMissingReplicasOnFailedLogDirectories(t *testing.T) {
	three := []int32{0, 1, 2}
	on := func(p Partition, offline ...int32) Partition { p.Offline = offline; return p }
	for _, c := range []struct {
		name   string
		p      Partition
		reason MissingReason
		on1    int
	}{
		{"the broker is down", on(part(0, three, 0, []int32{0, 1}), 2), MissingBrokerDown, 0},
		{"its log directory failed", on(part(0, three, 0, []int32{0, 2}), 1), MissingLogDir, 1},
		{"one is down, of the other the directory failed", on(part(0, three, 0, []int32{0}), 1, 2), MissingLogDir, 1},
		{"it lags", part(0, three, 0, []int32{0, 2}), MissingLagging, 0},
		{"one lags, of the other the directory failed", on(part(0, three, 2, []int32{2}), 1), MissingLagging, 1},
	} {
		p := picture(topic("on another directory", part(0, []int32{1}, 1, []int32{1})), topic("t", c.p))
		p.OfflineTold = true
		z := Summarize(p, []Broker{alive(0), alive(1), gone(2)})
		if z.UnderReplicated[c.reason] != 1 || !z.LogDirsKnown {
			t.Errorf("%s: %v, want %s", c.name, z.UnderReplicated, c.reason)
		}
		l := z.Load(1)
		equal(t, c.name+": offline replicas", l.OfflineReplicas, c.on1)
	}
}

// A broker that is being stopped is taken out by the controller while it is still
// registered: its directories are well.
func TestLeavingBrokerHasNoFailedDirectory(t *testing.T) {
	two := []int32{0, 1}
	p := picture(topic("t", part(0, two, 0, []int32{0}), part(1, two, 0, two)))
	for i := range p.Topics[0].Partitions {
		p.Topics[0].Partitions[i].Offline = []int32{1}
	}
	p.OfflineTold = true
	z := Summarize(p, []Broker{alive(0), alive(1)})
	l := z.Load(1)
	if !l.Leaving || l.OfflineReplicas != 0 || z.UnderReplicated[MissingLogDir] != 0 || z.UnderReplicated[MissingLagging] != 1 {
		t.Errorf("%+v, %v", l, z.UnderReplicated)
	}
}

// Without replicas and ISR nothing is counted that needs them, and what is known of
// leaders is not lost.
func TestLeadersOnly(t *testing.T) {
	p := picture(topic("t", Partition{ID: 0, State: StateLeader, Leader: 0}))
	p.LeadersOnly = true
	z := Summarize(p, []Broker{alive(0)})
	equal(t, "assignment", z.AssignmentKnown, false)
	equal(t, "states", z.StatesKnown, false)
	s := snap(1, p, alive(0))
	if v := s.Verdict(); v != Healthy {
		t.Errorf("verdict %s: that a service has no ISR is no blindness", v)
	}
}
