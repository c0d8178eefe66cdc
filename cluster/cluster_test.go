package cluster

import (
	"errors"
	"testing"
	"time"
)

func TestBrokerUpAndStatus(t *testing.T) {
	reg := &Registration{}
	for _, c := range []struct {
		name      string
		broker    Broker
		up, known bool
		status    BrokerStatus
	}{
		{"registered and answers", Broker{RegistryRead: true, Registration: reg, Probe: Probe{Status: BrokerAlive}}, true, true, BrokerAlive},
		{"registered and silent", Broker{RegistryRead: true, Registration: reg, Probe: Probe{Status: BrokerTimeout}}, false, true, BrokerTimeout},
		{"a zombie: answers and is not registered", Broker{RegistryRead: true, Probe: Probe{Status: BrokerAlive}}, false, true, BrokerUnregistered},
		{"gone", Broker{RegistryRead: true, Probe: Probe{Status: BrokerRefused}}, false, true, BrokerUnregistered},
		{"answers, registry unread", Broker{Probe: Probe{Status: BrokerAlive}}, false, false, BrokerUnknown},
		{"silent, registry unread", Broker{Probe: Probe{Status: BrokerTimeout}}, false, true, BrokerTimeout},
		{"registered without an address", Broker{RegistryRead: true, Registration: reg, Probe: Probe{Status: BrokerUnknown}}, false, false, BrokerUnknown},
		{"nothing known", Broker{Probe: Probe{Status: BrokerUnknown}}, false, false, BrokerUnknown},
		{"no address, not registered", Broker{RegistryRead: true, Probe: Probe{Status: BrokerUnknown}}, false, true, BrokerUnregistered},
	} {
		up, known := c.broker.Up()
		if up != c.up || known != c.known || c.broker.Status() != c.status {
			t.Errorf("%s: up %v known %v status %s, want %v %v %s", c.name, up, known, c.broker.Status(), c.up, c.known, c.status)
		}
	}
}

func TestEnsemble(t *testing.T) {
	server := func(m ServerMode, addr string) Server { return Server{Mode: m, Address: addr} }
	for _, c := range []struct {
		name                string
		servers             []Server
		leaders             int
		leadersKnown        bool
		quorum, quorumKnown bool
		servingVoters       int
	}{
		{"three", []Server{server(ModeLeader, "a"), server(ModeFollower, "b"), server(ModeFollower, "c")}, 1, true, true, true, 3},
		{"two of three", []Server{server(ModeLeader, "a"), server(ModeUnreachable, ""), server(ModeFollower, "c")}, 1, true, true, true, 2},
		{"the leader is silent", []Server{server(ModeFollower, "a"), server(ModeUnreachable, "")}, 0, false, true, true, 1},
		{"no quorum, nobody silent", []Server{server(ModeNotServing, "a"), server(ModeNotServing, "b")}, 0, true, false, true, 0},
		{"one left, not serving", []Server{server(ModeNotServing, "a"), server(ModeUnreachable, "")}, 0, false, false, true, 0},
		{"nobody answers", []Server{server(ModeUnreachable, ""), server(ModeUnreachable, "")}, 0, false, false, false, 0},
		{"read-only", []Server{server(ModeReadOnly, "a")}, 0, true, false, true, 0},
		{"one by two names", []Server{server(ModeStandalone, "a"), server(ModeStandalone, "a")}, 1, true, true, true, 1},
		{"split brain", []Server{server(ModeLeader, "a"), server(ModeLeader, "b")}, 2, true, true, true, 2},
		{"one tells no mode", []Server{server(ModeFollower, "a"), server(ModeUnknown, "b")}, 0, false, true, true, 1},
		{"an observer knows of the quorum", []Server{server(ModeObserver, "a"), server(ModeUnreachable, "")}, 0, false, true, true, 0},
	} {
		e := Ensemble{Servers: c.servers}
		n, known := e.Leaders()
		q, qKnown := e.HasQuorum()
		if n != c.leaders || known != c.leadersKnown || q != c.quorum || qKnown != c.quorumKnown || e.ServingVoters() != c.servingVoters {
			t.Errorf("%s: leaders %d %v quorum %v %v voters %d", c.name, n, known, q, qKnown, e.ServingVoters())
		}
	}
	if _, known := (&Ensemble{Servers: []Server{{}}}).Voters(); known {
		t.Error("voters are known though nobody told")
	}
	if _, known := (&Ensemble{Servers: []Server{{Stats: map[string]float64{"zk_quorum_size": 0}}}}).Voters(); known {
		t.Error("an ensemble of no voters is taken for a known one")
	}
	if n, known := (&Ensemble{Servers: []Server{{Stats: map[string]float64{"zk_quorum_size": 3}}}}).Voters(); n != 3 || !known {
		t.Errorf("voters = %d, %v", n, known)
	}
}

// Any valid reply is a sign of life, that of a server which forbids srvr included.
func TestServerIsUp(t *testing.T) {
	up := map[ServerStatus]bool{ServerOK: true, ServerNotServing: true, ServerNotAllowed: true}
	for _, status := range ServerStatuses {
		equal(t, string(status), (&Server{Status: status}).Up(), up[status])
	}
}

func TestLag(t *testing.T) {
	for _, c := range []struct {
		end, committed int64 // negative: unknown
		lag            int64
		known          bool
	}{
		{10, 4, 6, true}, {10, 10, 0, true}, {10, 11, 0, false}, {-1, 4, 0, false}, {10, -1, 0, false}, {0, 0, 0, true},
	} {
		if lag, known := Lag(OffsetAt(c.end), OffsetAt(c.committed)); lag != c.lag || known != c.known {
			t.Errorf("Lag(%d, %d) = %d, %v", c.end, c.committed, lag, known)
		}
	}
}

func TestOffsetIsUnknownUntilSet(t *testing.T) {
	if (Offset{}).Known() || OffsetAt(-1).Known() || UnknownOffset.Int() != -1 {
		t.Error("an offset that nobody set passes for one that was read")
	}
	if o := OffsetAt(0); !o.Known() || o.Int() != 0 || o.Before(o) || !o.Before(OffsetAt(1)) || UnknownOffset.Before(o) {
		t.Error("offset 0 is not what it should be")
	}
}

func TestReadingIsUnreadUntilFilled(t *testing.T) {
	var r Reading[int]
	if _, ok := r.Get(); ok || r.OK() || r.Err() == nil {
		t.Error("a zero Reading passes for one that was read")
	}
	if r := Failed[int](nil); r.OK() || r.Err() == nil {
		t.Error("a failure without a reason passes for a success")
	}
	if v, ok := Read(3).Get(); v != 3 || !ok || Read(3).Err() != nil {
		t.Error("what was read is not there")
	}
}

func TestKnownBrokers(t *testing.T) {
	address := func(r *Registration) string { return r.Endpoints[0].Host }
	regs := func(rs ...*Registration) Reading[map[int32]*Registration] {
		m := map[int32]*Registration{}
		for _, r := range rs {
			m[r.ID] = r
		}
		return Read(m)
	}
	r0 := &Registration{ID: 0, Version: 2, Rack: "r", Endpoints: []Endpoint{{Host: "a"}}}
	assigned := Read(picture(topic("t", part(0, []int32{0, 5}, 0, []int32{0}))))
	unread := Failed[*Picture](errors.New("x"))

	var k Known
	k = k.Remember(regs(r0), assigned, address, t0)
	if len(k) != 2 || k[0].Address != "a" || k[0].Rack != "r" || k[5].ID != 5 || k[5].Address != "" {
		t.Fatalf("known = %+v", k)
	}
	if got := k.Sorted(); got[0].ID != 0 || got[1].ID != 5 {
		t.Errorf("not sorted: %+v", got)
	}
	later := k.Remember(regs(), Read(picture()), address, t0.Add(KnownFor))
	if len(later) != 2 || later[0].Address != "a" {
		t.Errorf("forgotten too early: %+v", later)
	}
	if !later.Same(k) {
		t.Error("only the time differs, yet not the same")
	}
	blind := k.Remember(Failed[map[int32]*Registration](errors.New("x")), unread, address, t0.Add(10*KnownFor))
	if len(blind) != 2 {
		t.Errorf("a blind poll forgot somebody: %+v", blind)
	}
	for name, later := range map[string]Known{
		"registry unread":   k.Remember(Failed[map[int32]*Registration](errors.New("x")), Read(picture()), address, t0.Add(2*KnownFor)),
		"assignment unread": k.Remember(regs(), unread, address, t0.Add(2*KnownFor)),
	} {
		if len(later) != 2 {
			t.Errorf("%s, and somebody is forgotten: %+v", name, later)
		}
	}
	if gone := k.Remember(regs(), Read(picture()), address, t0.Add(KnownFor+time.Second)); len(gone) != 0 {
		t.Errorf("not forgotten: %+v", gone)
	}
	if len(k) != 2 || !k[0].LastSeen.Equal(t0) {
		t.Error("Remember changed the set that it was given")
	}
}
