package zookeeper

import (
	"io"
	"net"
	"slices"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestForbiddenMntrIsRememberedAndNoFault(t *testing.T) {
	s := newWordServer(t, says(map[string]string{"srvr": recorded(t, "3.5.10", "srvr.txt")}))
	e := NewEnsemble([]string{s.name()}, EnsembleOptions{})
	read := func(wantMode cluster.ServerMode, want ...string) {
		t.Helper()
		got, faults := readOne(t, e)
		if got.Mode != wantMode || (got.Err == nil) != (len(faults) == 0) {
			t.Errorf("mode %s, faults %v", got.Mode, faults)
		}
		if heard := s.heard(); !slices.Equal(heard, want) {
			t.Errorf("it was asked %v, want %v", heard, want)
		}
	}
	read(cluster.ModeLeader, "srvr", "mntr")
	read(cluster.ModeLeader, "srvr")
	read(cluster.ModeLeader, "srvr")

	s.become(says(map[string]string{"srvr": recorded(t, "3.6.4", "srvr.txt")})) // upgraded between two polls
	read(cluster.ModeFollower, "srvr", "mntr")
	read(cluster.ModeFollower, "srvr")

	s.become(says(map[string]string{"srvr": notServingReply}))
	read(cluster.ModeNotServing, "srvr")
	s.become(says(map[string]string{"srvr": recorded(t, "3.6.4", "srvr.txt"), "mntr": recorded(t, "3.6.4", "mntr.txt")}))
	read(cluster.ModeFollower, "srvr", "mntr")
	read(cluster.ModeFollower, "srvr", "mntr")
}

func TestMntrNeverSpoilsSrvr(t *testing.T) {
	srvr := recorded(t, "3.4.6", "srvr.txt")
	for name, c := range map[string]struct {
		mntr   func(string, net.Conn)
		reason cluster.ServerStatus
	}{
		"hangs":         {hangs, cluster.ServerTimeout},
		"babbles":       {babbles, cluster.ServerBadReply},
		"garbage":       {says(map[string]string{"mntr": "\x00\xff\xfe garbage\n"}), cluster.ServerBadReply},
		"closes":        {says(map[string]string{"mntr": ""}), cluster.ServerRefused},
		"lost a quorum": {says(map[string]string{"mntr": notServingReply}), cluster.ServerNotServing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newWordServer(t, func(word string, conn net.Conn) {
				if word == "srvr" {
					_, _ = io.WriteString(conn, srvr)
					return
				}
				c.mntr(word, conn)
			})
			got, faults := readOne(t, NewEnsemble([]string{s.name()}, EnsembleOptions{}))
			if got.Mode != cluster.ModeLeader || got.Status != cluster.ServerOK || got.Err != nil || got.Stats["zk_znode_count"] != 141 {
				t.Errorf("server: %+v", got)
			}
			if len(faults) != 1 || faults[0].Reason != string(c.reason) {
				t.Errorf("faults %v, want one for %s", faults, c.reason)
			}
		})
	}
}
