package cluster

import (
	"errors"
	"testing"
)

func versioned(p Partition, version int32) Partition {
	p.Version = version
	return p
}

func TestCompareCountsWhoLeftAndJoined(t *testing.T) {
	before := part(0, []int32{0, 1, 2}, 0, []int32{0, 1, 2})
	for _, c := range []struct {
		name             string
		after            Partition
		shrinks, expands map[int32]int
		elections        int
	}{
		{"nothing", before, nil, nil, 0},
		{"one left", part(0, []int32{0, 1, 2}, 0, []int32{0, 2}), map[int32]int{1: 1}, nil, 0},
		{"left the assignment as well", part(0, []int32{0, 2}, 0, []int32{0, 2}), nil, nil, 0},
		{"moved to another", part(0, []int32{0, 1, 3}, 0, []int32{0, 1, 3}), nil, map[int32]int{3: 1}, 0},
		{"the leader died", part(0, []int32{0, 1, 2}, 1, []int32{1, 2}), map[int32]int{0: 1}, nil, 1},
		{"nobody leads", part(0, []int32{0, 1, 2}, NoLeader, []int32{0}), map[int32]int{1: 1, 2: 1}, nil, 0},
		{"state unknown", Partition{ID: 0, Replicas: []int32{0, 1, 2}}, nil, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Compare(snap(0, picture(topic("t", before))), snap(1, picture(topic("t", c.after))))
			for id := int32(0); id < 4; id++ {
				equal(t, "shrinks", got.ISRShrinks[id], c.shrinks[id])
				equal(t, "expands", got.ISRExpands[id], c.expands[id])
			}
			equal(t, "elections", got.Elections, c.elections)
			equal(t, "unclean", got.Unclean, 0)
		})
	}
}

func TestCompareNeedsTwoReadingsOfTheSameTopic(t *testing.T) {
	a, b := part(0, []int32{0, 1}, 0, []int32{0, 1}), part(0, []int32{0, 1}, 1, []int32{1})
	reborn := topic("t", b)
	reborn.Created = 8
	dying := topic("t", b)
	dying.Deleting = true
	for name, pair := range map[string][2]*Snapshot{
		"no snapshot before":    {nil, snap(0, picture(topic("t", b)))},
		"blind before":          {blind(0, errors.New("x")), snap(1, picture(topic("t", b)))},
		"blind now":             {snap(0, picture(topic("t", a))), blind(1, errors.New("x"))},
		"topic created anew":    {snap(0, picture(topic("t", a))), snap(1, picture(reborn))},
		"topic being deleted":   {snap(0, picture(topic("t", a))), snap(1, picture(dying))},
		"its state was unknown": {snap(0, picture(topic("t", Partition{ID: 0, Replicas: []int32{0, 1}}))), snap(1, picture(topic("t", b)))},
		"it had none yet":       {snap(0, picture(topic("t", Partition{ID: 0, State: StateAbsent, Replicas: []int32{0, 1}}))), snap(1, picture(topic("t", b)))},
		"a new topic":           {snap(0, picture(topic("s", a))), snap(1, picture(topic("s", a), topic("t", b)))},
		"a partition is added":  {snap(0, picture(topic("t", a))), snap(1, picture(topic("t", a, part(1, []int32{1}, 1, []int32{1}))))},
	} {
		c := Compare(pair[0], pair[1])
		if len(c.ISRShrinks)+len(c.ISRExpands)+c.Elections+c.Unclean != 0 {
			t.Errorf("%s: %+v, want nothing", name, c)
		}
	}
}

func TestUncleanElectionNeedsProof(t *testing.T) {
	before := versioned(part(0, []int32{0, 1}, 0, []int32{0}), 5)
	for _, c := range []struct {
		name    string
		after   Partition
		unclean int
	}{
		{"outside the ISR, nothing in between", versioned(part(0, []int32{0, 1}, 1, []int32{1}), 6), 1},
		{"outside the ISR, but it may have joined in between", versioned(part(0, []int32{0, 1}, 1, []int32{1}), 7), 0},
		{"nobody leads", versioned(part(0, []int32{0, 1}, NoLeader, []int32{0}), 6), 0},
		{"the same leader", versioned(part(0, []int32{0, 1}, 0, []int32{0}), 6), 0},
	} {
		got := Compare(snap(0, picture(topic("t", before))), snap(1, picture(topic("t", c.after))))
		if got.Unclean != c.unclean {
			t.Errorf("%s: %d proven, want %d", c.name, got.Unclean, c.unclean)
		}
	}
	// From nobody to one outside the ISR, in one write.
	leaderless := versioned(part(0, []int32{0, 1}, NoLeader, []int32{0}), 6)
	got := Compare(snap(0, picture(topic("t", leaderless))), snap(1, picture(topic("t", versioned(part(0, []int32{0, 1}, 1, []int32{1}), 7)))))
	equal(t, "unclean from nobody", got.Unclean, 1)
}
