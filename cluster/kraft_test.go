package cluster

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// fenced is a broker that the controller knows and does not hear from.
func fenced(id int32) Broker {
	b := alive(id)
	b.Registration = &Registration{ID: id, Fenced: true}
	b.Probe = Probe{Status: BrokerRefused}
	return b
}

func TestFencedBrokerIsNotRegistered(t *testing.T) {
	b := fenced(0)
	registered, known := b.Registered()
	equal(t, "registered", registered, false)
	equal(t, "known", known, true)
	up, known := b.Up()
	equal(t, "up", up, false)
	equal(t, "up is known", known, true)
	equal(t, "status", b.Status(), BrokerFenced)
	b.Probe = Probe{Status: BrokerAlive} // it answers us, and the cluster does not let it serve
	equal(t, "status while it answers", b.Status(), BrokerFenced)
	up, _ = b.Up()
	equal(t, "up while it answers", up, false)

	z := Summarize(picture(topic("t", part(0, []int32{0, 1}, 1, []int32{1}))), []Broker{fenced(0), alive(1)})
	equal(t, "under-replicated because it is down", z.UnderReplicated[MissingBrokerDown], 1)

	now, _, _ := Troubles{}.Update(snap(1, picture(topic("t", part(0, []int32{0, 1}, 1, []int32{1}))), fenced(0), alive(1)))
	equal(t, "troubles", keys(now), "broker 0, "+keyReplicasDown)
}

func TestQuorumLag(t *testing.T) {
	q := &Quorum{
		Leader:    3001,
		Voters:    []QuorumReplica{{3000, OffsetAt(90)}, {3001, OffsetAt(100)}, {3002, UnknownOffset}},
		Observers: []QuorumReplica{{0, OffsetAt(101)}, {3000, OffsetAt(90)}},
	}
	for id, want := range map[int32]int64{3000: 10, 3001: 0, 3002: -1, 0: 0} {
		q.Each(func(n QuorumReplica, _ bool) {
			lag, known := q.Lag(n)
			if n.ID == id && (known != (want >= 0) || known && lag != want) {
				t.Errorf("node %d: lag %d, %v; want %d", id, lag, known, want)
			}
		})
	}
	seen := map[int32]int{}
	q.Each(func(n QuorumReplica, voter bool) {
		seen[n.ID]++
		equal(t, "voter", voter, n.ID >= 3000)
	})
	if len(seen) != 4 || seen[3000] != 1 {
		t.Errorf("nodes %v, want each once", seen)
	}
	q.Leader = 9 // who is not among the voters
	if _, known := q.Lag(q.Voters[0]); known {
		t.Error("a lag is known without the leader's end")
	}
}

// Without a state znode, an unclean election is proven when nobody of the ISR before
// was there in either reading.
func TestUncleanElectionWithoutZnode(t *testing.T) {
	before := versioned(part(0, []int32{0, 1, 2}, 0, []int32{0, 2}), NoVersion)
	after := versioned(part(0, []int32{0, 1, 2}, 1, []int32{1}), NoVersion)
	for name, c := range map[string]struct {
		then, now []Broker
		unclean   int
	}{
		"all gone in both":              {[]Broker{gone(0), alive(1), gone(2)}, []Broker{gone(0), alive(1), gone(2)}, 1},
		"one was there before":          {[]Broker{alive(0), alive(1), gone(2)}, []Broker{gone(0), alive(1), gone(2)}, 0},
		"one is back":                   {[]Broker{gone(0), alive(1), gone(2)}, []Broker{gone(0), alive(1), alive(2)}, 0},
		"who is gone could not be read": {[]Broker{{ID: 0}, alive(1), gone(2)}, []Broker{gone(0), alive(1), gone(2)}, 0},
	} {
		got := Compare(snap(0, picture(topic("t", before)), c.then...), snap(1, picture(topic("t", after)), c.now...))
		equal(t, name, got.Unclean, c.unclean)
	}
	znode := versioned(after, 0)
	got := Compare(snap(0, picture(topic("t", before)), alive(0), alive(1)), snap(1, picture(topic("t", znode)), alive(0), alive(1)))
	equal(t, "from one source to the other", got.Unclean, 0)
}

// A topic is the same from one source to the other, and another one when its id or
// its znode is.
func TestSameTopic(t *testing.T) {
	znode, id, both := Topic{Created: 7}, Topic{ID: "a"}, Topic{Created: 7, ID: "a"}
	for name, c := range map[string]struct {
		a, b          Topic
		same, certain bool
	}{
		"znode and id":  {znode, id, true, false},
		"id and both":   {id, both, true, true},
		"another znode": {znode, Topic{Created: 8}, false, true},
		"another id":    {both, Topic{Created: 7, ID: "b"}, false, true},
	} {
		same, certain := c.a.Same(&c.b)
		equal(t, name+": same", same, c.same)
		equal(t, name+": certain", certain, c.certain)
	}
}

// Without ids, a topic that was made anew under its name must not look like one that
// lost messages or leaders.
func TestTopicMadeAnewWithoutIDs(t *testing.T) {
	read := func(epoch, leader int32, end int64) Topic {
		p := part(0, []int32{0, 1}, leader, []int32{leader})
		p.LeaderEpoch, p.End, p.Version = epoch, OffsetAt(end), NoVersion
		return Topic{Name: "t", Partitions: []Partition{p}}
	}
	for name, c := range map[string]struct {
		readings  []Topic
		elections int
		cut       int
	}{
		"made anew, the epoch fell":           {[]Topic{read(4, 0, 1000), read(0, 1, 3), read(0, 1, 5)}, 0, 0},
		"made anew, the epoch is the same":    {[]Topic{read(0, 0, 1000), read(0, 1, 3), read(0, 1, 5)}, 0, 0},
		"made anew, epochs are not told":      {[]Topic{read(-1, 0, 1000), read(-1, 0, 3), read(-1, 0, 5)}, 0, 0},
		"another leader":                      {[]Topic{read(4, 0, 10), read(5, 1, 10)}, 1, 0},
		"another leader, and the log was cut": {[]Topic{read(4, 0, 10), read(5, 1, 3), read(5, 1, 4)}, 1, 1},
	} {
		tally, last := NewTally(0.1), (*Snapshot)(nil)
		var h History
		for i := range c.readings {
			s := snap(time.Duration(i)*10*time.Second, picture(c.readings[i]), alive(0), alive(1))
			h = tally.Observe(s, Compare(last, s))
			last = s
		}
		equal(t, name+": elections", h.Elections, c.elections)
		equal(t, name+": truncations", h.Truncations["t"], c.cut)
	}
}

func TestRegisteredSince(t *testing.T) {
	tally := NewTally(0.1)
	p := picture(topic("t", part(0, []int32{0}, 0, []int32{0})))
	observe := func(s *Snapshot) History { return tally.Observe(s, Changes{}) }
	equal(t, "first seen", observe(snap(1, p, alive(0))).RegisteredSince[0], t0.Add(1))
	equal(t, "goes on", observe(snap(2, p, alive(0))).RegisteredSince[0], t0.Add(1))
	unread := alive(0)
	unread.Registration, unread.RegistryRead = nil, false
	equal(t, "could not be read", observe(snap(3, p, unread)).RegisteredSince[0], t0.Add(1))
	if since, ok := observe(snap(4, p, fenced(0))).RegisteredSince[0]; ok {
		t.Errorf("fenced, and registered since %v", since)
	}
	equal(t, "back", observe(snap(5, p, alive(0))).RegisteredSince[0], t0.Add(5))
}

func TestTroublesOfMinISRAndPermissions(t *testing.T) {
	of := topic("t", part(0, []int32{0, 1}, 0, []int32{0}))
	of.MinISR = 2
	s := snap(1, picture(of), alive(0), alive(1))
	s.Permissions = map[Permission]bool{{"topic", "describe"}: false}
	now, _, _ := Troubles{}.Update(s)
	equal(t, "troubles", keys(now), keyMinISR+", "+keyReplicasLag+", "+keyHiddenTopics)
	equal(t, "that topics are hidden is no suffering", now[2].Blind, true)
}

// Who gets no login at the bootstrap addresses must read what to check.
func TestUnreachableSaysWhy(t *testing.T) {
	s := blind(1, errors.New("no registry"))
	s.BrokersTried, s.BrokersHeard = 1, 0
	s.Outcomes[SourceProbes] = Outcome{Faults: []Fault{{Target: "bootstrap address k:9092", Reason: string(BrokerAuthError), Err: errors.New("bootstrap address k:9092: the login failed")}}}
	_, began, _ := Troubles{}.Update(s)
	i := slices.IndexFunc(began, func(tr Trouble) bool { return tr.Key == keyUnreachable })
	if i < 0 || !strings.Contains(began[i].Text, "kafka.sasl") || !strings.Contains(began[i].Detail, "bootstrap address k:9092") {
		t.Errorf("troubles %v", began)
	}
}
