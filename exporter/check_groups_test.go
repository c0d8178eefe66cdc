package exporter

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evenkeel/evenkeel/cluster"
)

// report is what a check says of the groups of a snapshot.
func report(s *cluster.Snapshot) string {
	c := groupsForCheck(s, every)
	return strings.Join(c.report(), "\n")
}

// onePoll are groups as one poll sees them, which can tell few verdicts.
func onePoll() *cluster.Snapshot {
	left := judged("left", cluster.StatusUnknown, committed(40))
	left.Members = 0
	ahead := judged("ahead", cluster.StatusAhead, committed(101))
	behind := judged("behind", cluster.StatusUnknown, committed(100, 1))
	behind.Behind = cluster.AgeOf(200 * time.Second)
	further := judged("bad\x1b[2Jname", cluster.StatusUnknown, committed(0, 1))
	quiet := judged("quiet", cluster.StatusUnknown, committed(0))
	quiet.Quiet, quiet.Members = true, cluster.UnknownMembers
	unread := judged("unread", cluster.StatusUnknown, nil)
	unread.Unread = true
	fine, silent := judged("fine", cluster.StatusOK, committed(100, 1000)), judged("silent", cluster.StatusUnknown, nil)
	s := groupSnapshot(left, ahead, behind, further, quiet, unread, fine, silent)
	groups, _ := s.Groups.Get()
	groups.Old = []cluster.OldGroup{{Name: "old", Topics: committed(1)}}
	s.Outcomes = map[cluster.Source]cluster.Outcome{cluster.SourceGroups: {Faults: []cluster.Fault{{Target: "broker 3", Err: errors.New("timeout")}}}}
	return s
}

func TestCheckSaysWhichGroupsDeserveALook(t *testing.T) {
	want := `groups 8, with members 6, members of 1 unknown, lag of 2 unknown, quiet 1, of old consumers, in ZooKeeper, 1
  Not all could be read: broker 3: timeout.
  Groups whose commits could not be read: 1.
  ahead             ahead_of_log  lag unknown  behind unknown     members 1
  left              unknown       lag 60       behind unknown     members 0
  "bad\x1b[2Jname"  unknown       lag 1099     behind unknown     members 1
  behind            unknown       lag 999      behind 3 min 20 s  members 1`
	if diff := cmp.Diff(want, report(onePoll())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	text, err := json.Marshal(checkCluster{Groups: groupsForCheck(onePoll(), every)})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, string(text), `"groups":{"total":8,"with_members":6,"members_unknown":1,"lag_unknown":2,"quiet":1,"old":1,"not_read":["Not all could be read: broker 3: timeout.","Groups whose commits could not be read: 1."],"look":[`+
		`{"group":"ahead","quiet":false,"status":"ahead_of_log","reason":"because","members":1,"idle_members":0,"state":"stable","coordinator":1},{"group":"left",`,
		`{"group":"behind","quiet":false,"status":"unknown","reason":"because","members":1,"idle_members":0,"state":"stable","lag":999,"max_lag_seconds":200,"coordinator":1}]}}`)
}

func TestCheckOfNoGroups(t *testing.T) {
	if got := report(groupSnapshot()); got != "groups 0, with members 0" {
		t.Errorf("no group: %q", got)
	}
	s := groupSnapshot()
	s.Groups = cluster.Failed[*cluster.Groups](errors.New("no broker answers"))
	if got := report(s); got != "groups unknown: no broker answers" {
		t.Errorf("they could not be read: %q", got)
	}
	text, err := json.Marshal(groupsForCheck(s, every))
	if err != nil || string(text) != `{"error":"no broker answers"}` {
		t.Errorf("they could not be read: %s, %v", text, err)
	}
}

// TestCheckStaysShort has thousands of groups, most of them abandoned.
func TestCheckStaysShort(t *testing.T) {
	for _, c := range []struct{ abandoned, behind, named, more int }{
		{0, 0, 0, 0}, {mostSuspects, mostLooks - mostSuspects, mostLooks, 0}, {1, 1000, mostLooks, 1001 - mostLooks},
		{1000, 0, mostLooks, 1000 - mostLooks}, {1000, 1, mostLooks, 1001 - mostLooks}, {1000, 1000, mostLooks, 2000 - mostLooks},
	} {
		var all []cluster.Group
		for i := range c.abandoned {
			g := judged(fmt.Sprint("abandoned ", i), cluster.StatusUnknown, committed(1))
			g.Members = 0
			all = append(all, g)
		}
		for i := range c.behind {
			all = append(all, judged(fmt.Sprint("behind ", i), cluster.StatusUnknown, committed(99)))
		}
		got := groupsForCheck(groupSnapshot(all...), every)
		behind := 0
		for _, l := range got.Look {
			if strings.HasPrefix(l.Group, "behind") {
				behind++
			}
		}
		if len(got.Look) != c.named || got.More != c.more || behind < min(c.behind, mostLooks-mostSuspects) {
			t.Errorf("%+v: %d are named, of them %d of those with members, and %d are not", c, len(got.Look), behind, got.More)
		}
		if lines := len(got.report()); lines > 10 {
			t.Errorf("%+v: %d lines", c, lines)
		}
	}
}
