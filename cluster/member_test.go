package cluster

import (
	"slices"
	"testing"
)

func ensembleOf(names ...string) *Ensemble {
	e := &Ensemble{}
	for _, name := range names {
		e.Servers = append(e.Servers, Server{Name: name})
	}
	return e
}

func TestVotersOfTheConfiguration(t *testing.T) {
	e := ensembleOf("zk1:2181")
	e.Servers[0].Stats = map[string]float64{"zk_quorum_size": 5}
	if n, known := e.Voters(); n != 5 || !known {
		t.Errorf("%d voters (%v), want the server's 5", n, known)
	}
	e.Members = []Member{{ID: 1, Host: "zk1", Voting: true}, {ID: 2, Host: "zk2"}, {ID: 3, Host: "zk3", Voting: true}}
	if n, known := e.Voters(); n != 2 || !known {
		t.Errorf("%d voters (%v), want the configuration's 2", n, known)
	}
	if n, known := ensembleOf("zk1:2181", "zk2:2181").Voters(); known {
		t.Errorf("%d voters without anybody's word", n)
	}
}

func TestUnconfigured(t *testing.T) {
	members := []Member{{ID: 1, Host: "zk1.example.com", Port: 2181}, {ID: 2, Host: "zk2.example.com", Port: 2181}, {ID: 3, Host: "10.0.0.3", Port: 2181}}
	for name, c := range map[string]struct {
		servers   []string
		addresses []string // of the servers, as they answered
		members   []Member
		want      []string
	}{
		"nothing known":          {[]string{"zk1:2181"}, nil, nil, nil},
		"short names":            {[]string{"zk1:2181", "ZK2:2181", "10.0.0.3:2181"}, nil, members, nil},
		"one too many":           {[]string{"zk1:2181", "zk2:2181"}, nil, members, []string{"10.0.0.3:2181"}},
		"by address":             {[]string{"zk1:2181", "zk2:2181", "three:2181"}, []string{"", "", "10.0.0.3:2181"}, members, nil},
		"another port":           {[]string{"zk1:2181", "zk2:2181", "10.0.0.3:2182"}, nil, members, nil}, // it may be that one
		"another port, too many": {[]string{"zk1:2182", "zk2:2181"}, nil, members, []string{"zk1.example.com:2181", "10.0.0.3:2181"}},
		"no ports told":          {[]string{"a:2181"}, nil, []Member{{ID: 1, Host: "a"}, {ID: 2, Host: "b"}}, []string{"b"}},
		"as many other names":    {[]string{"a:2181", "b:2181", "c:2181"}, nil, members, nil},
		"not a prefix":           {[]string{"10.0:2181"}, nil, members[2:], nil},
	} {
		e := ensembleOf(c.servers...)
		for i, address := range c.addresses {
			e.Servers[i].Address = address
		}
		e.Members = c.members
		if got := e.Unconfigured(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestServerStatsAreNamedOnce(t *testing.T) {
	if names := slices.Compact(slices.Sorted(slices.Values(ServerStats))); len(names) != len(ServerStats) {
		t.Errorf("%d names, %d of them different", len(ServerStats), len(names))
	}
}
