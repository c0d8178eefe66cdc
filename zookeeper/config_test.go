package zookeeper

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestParseMembers(t *testing.T) {
	for text, want := range map[string][]cluster.Member{
		"": nil,
		"server.1=zk1:2888:3888:participant\nversion=0":                          {{ID: 1, Host: "zk1", Voting: true}},
		"server.1=zk1:2888:3888":                                                 {{ID: 1, Host: "zk1", Voting: true}},
		"server.2=10.0.0.2:2888:3888:observer;0.0.0.0:2181\nversion=100000000\n": {{ID: 2, Host: "10.0.0.2", Port: 2181}},
		"server.3=zk3:2888:3888:participant;zk3-out:2182":                        {{ID: 3, Host: "zk3-out", Port: 2182, Voting: true}},
		"server.4=[::1]:2888:3888:participant;[::]:2181":                         {{ID: 4, Host: "::1", Port: 2181, Voting: true}},
		"server.5=[::1]:2888:3888;2181":                                          {{ID: 5, Host: "::1", Port: 2181, Voting: true}},
		"server.6=zk6:2888:3888|zk6b:2889:3889:participant;2181":                 {{ID: 6, Host: "zk6", Port: 2181, Voting: true}},
		"group.1=1:2\nweight.1=1\nserver.1=a:1:2:observer":                       {{ID: 1, Host: "a"}},
	} {
		got, err := parseMembers(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	for _, text := range []string{
		"server.1=", "server.1=zk1", "server.1=zk1:2888", "server.x=zk1:2888:3888", "server.1=zk1:2888:3888;x", "server.1=:::::",
		"server.1=a:1:2\nserver.2",
	} {
		if got, err := parseMembers(text); err == nil || got != nil {
			t.Errorf("%q is taken for %+v", text, got)
		}
	}
}

func FuzzMembers(f *testing.F) {
	f.Add("server.1=zk1:2888:3888:participant;0.0.0.0:2181\nversion=0")
	f.Add("server.1=[::1]:2888:3888|b:1:2:observer;[::]:2181")
	f.Fuzz(func(t *testing.T, text string) {
		members, err := parseMembers(text)
		if err != nil && members != nil {
			t.Errorf("%v and error %v", members, err)
		}
	})
}

func TestMembers(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	s := newTestSession(t, SessionOptions{Chroot: "/kafka"}, z)
	read := func() []cluster.Member {
		t.Helper()
		members, err := s.Members(within(t))
		if err != nil {
			t.Error(err)
		}
		return members
	}
	if got := read(); got != nil {
		t.Errorf("without the znode: %v", got)
	}
	z.set("/zookeeper/config", "server.1=zk1:2888:3888:participant;2181\nserver.2=zk2:2888:3888:observer;2181\nversion=0")
	want := []cluster.Member{{ID: 1, Host: "zk1", Port: 2181, Voting: true}, {ID: 2, Host: "zk2", Port: 2181}}
	if diff := cmp.Diff(want, read()); diff != "" {
		t.Error(diff)
	}
	z.set("/zookeeper/config", "server.1=rubbish")
	if members, err := s.Members(within(t)); members != nil || Reason(err) != string(cluster.ServerBadReply) {
		t.Errorf("rubbish: %v, error %v", members, err)
	}
	z.forbid("/zookeeper/config")
	if got := read(); got != nil {
		t.Errorf("forbidden: %v", got)
	}
	z.whenGreeted(func(int) action { return drop })
	z.dropAll()
	if members, err := s.Members(within(t)); err == nil {
		t.Errorf("without a session: %v", members)
	}
}
