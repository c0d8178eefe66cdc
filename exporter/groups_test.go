package exporter

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
)

// every topic is shown.
func every(string) bool { return true }

// committed are offsets of the topic t of groupSnapshot, from partition 0 on.
func committed(offsets ...int64) []cluster.GroupOffsets {
	of := cluster.GroupOffsets{Topic: "t"}
	for i, o := range offsets {
		of.Commits = append(of.Commits, cluster.Commit{Partition: int32(i), Offset: cluster.OffsetAt(o)})
	}
	return []cluster.GroupOffsets{of}
}

// groupSnapshot has these groups, and a topic t whose logs end at 100, 1000, and
// somewhere that is not known.
func groupSnapshot(groups ...cluster.Group) *cluster.Snapshot {
	now := time.Now()
	topic := func(name string, deleting bool) cluster.Topic {
		return cluster.Topic{Name: name, Deleting: deleting, Partitions: []cluster.Partition{
			{ID: 0, End: cluster.OffsetAt(100)}, {ID: 1, End: cluster.OffsetAt(1000)}, {ID: 2},
		}}
	}
	return &cluster.Snapshot{
		Cluster: "a", Started: now, Finished: now, BrokersTried: 1, BrokersHeard: 1,
		Picture: cluster.Read(&cluster.Picture{Topics: []cluster.Topic{topic("dying", true), topic("left-out", false), topic("t", false)}}),
		Groups:  cluster.Read(&cluster.Groups{Groups: groups}),
	}
}

func judged(name string, status cluster.GroupStatus, topics []cluster.GroupOffsets) cluster.Group {
	return cluster.Group{Name: name, Coordinator: 1, State: cluster.GroupStable, Members: 1, Topics: topics, Verdict: cluster.GroupVerdict{Status: status, Reason: "because"}}
}

func TestGroupsInTheAPI(t *testing.T) {
	full := judged("full", cluster.StatusStalled, committed(90, 1000, 7))
	full.Type, full.Idle, full.Quiet, full.Committed = "consumer", 2, true, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	full.Topics[0].Commits[0].Behind, full.Topics[0].Commits[0].Verdict = cluster.AgeOf(1500*time.Millisecond), cluster.StatusStalled
	full.Topics[0].Commits[1].Behind = cluster.AgeOf(0)
	unread := cluster.Group{Name: "unread", Coordinator: 2, Members: cluster.UnknownMembers, Idle: cluster.UnknownMembers, Unread: true}
	s := groupSnapshot(full, unread)
	groups, _ := s.Groups.Get()
	groups.Old = []cluster.OldGroup{
		{Name: "in-kafka", Members: 1, Subscribed: []string{"t"}},
		{Name: "old", Members: cluster.UnknownMembers, Topics: committed(99, 1001)},
	}
	text, err := json.Marshal(describeSnapshot(s, true))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, string(text),
		`"groups":{"full":{"state":"stable","type":"consumer","coordinator":1,"members":1,"idle_members":2,"quiet":true,"verdict":{"status":"stalled","reason":"because"},"commits_changed_at":"2026-01-02T03:04:05Z","topics":{"t":[`+
			`{"partition":0,"committed":90,"lag":10,"lag_seconds":1.5,"status":"stalled"},{"partition":1,"committed":1000,"lag":0,"lag_seconds":0},{"partition":2,"committed":7}]}},`+
			`"unread":{"coordinator":2,"quiet":false,"topics":null}}`,
		`"old_groups":{"in-kafka":{"members":1,"subscribed":["t"],"topics":{}},"old":{"topics":{"t":[{"partition":0,"committed":99,"lag":1},{"partition":1,"committed":1001}]}}}`)
	text, err = json.Marshal(describeSnapshot(s, false))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, string(text), "!groups")
	s.Groups = cluster.Failed[*cluster.Groups](errors.New("no broker"))
	if c := describeSnapshot(s, true); c.Groups != nil || c.OldGroups != nil {
		t.Errorf("groups that were not read: %v, %v", c.Groups, c.OldGroups)
	}
}

func TestBacklogIsOfTopicsThatAreShown(t *testing.T) {
	s := groupSnapshot()
	picture, _ := s.Picture.Get()
	in := func(topic string, offset int64) cluster.GroupOffsets {
		return cluster.GroupOffsets{Topic: topic, Commits: []cluster.Commit{{Offset: cluster.OffsetAt(offset)}}}
	}
	for name, c := range map[string]struct {
		topics     []cluster.GroupOffsets
		partitions int
		lag        string
	}{
		"nothing":                       {nil, 0, "unknown"},
		"a topic without commits":       {[]cluster.GroupOffsets{{Topic: "t"}}, 0, "unknown"},
		"all is consumed":               {committed(100, 1000), 2, "0"},
		"two partitions":                {committed(90, 900), 2, "110"},
		"the end of one is not known":   {committed(90, 900, 5), 3, "unknown"},
		"a commit is not known":         {committed(90, -1), 2, "unknown"},
		"a commit is beyond the end":    {committed(101, 900), 2, "unknown"},
		"of topics that are not shown":  {[]cluster.GroupOffsets{in("dying", 1), in("gone", 1), in("left-out", 1)}, 0, "unknown"},
		"beside topics that are hidden": {append(committed(99), in("dying", 1), in("gone", 1), in("left-out", 1)), 1, "1"},
	} {
		b := backlogOf(c.topics, picture, func(topic string) bool { return topic != "left-out" })
		if got := unknown(b.lag); got != c.lag || b.partitions != c.partitions {
			t.Errorf("%s: %s in %d partitions, want %s in %d", name, got, b.partitions, c.lag, c.partitions)
		}
	}
}

// TestWorstGroupComesFirst holds the order of the lines.
func TestWorstGroupComesFirst(t *testing.T) {
	aged := func(g cluster.Group, d time.Duration) cluster.Group {
		g.Behind = cluster.AgeOf(d)
		return g
	}
	quiet := func(g cluster.Group) cluster.Group {
		g.Quiet = true
		return g
	}
	unread := judged("unknown, commits not read", cluster.StatusUnknown, nil)
	unread.Unread = true
	want := []cluster.Group{
		judged("stopped, age and lag unknown", cluster.StatusStopped, committed(1, 1, 1)),
		judged("stopped, age unknown, lag 900", cluster.StatusStopped, committed(100, 100)),
		aged(judged("stopped, 2 h, lag 1", cluster.StatusStopped, committed(99)), 2*time.Hour),
		aged(judged("stopped, 1 h, lag 1000", cluster.StatusStopped, committed(50, 50)), time.Hour),
		aged(judged("stopped, 1 h, lag 1, a", cluster.StatusStopped, committed(99)), time.Hour),
		aged(judged("stopped, 1 h, lag 1, b", cluster.StatusStopped, committed(99)), time.Hour),
		judged("stalled", cluster.StatusStalled, committed(99)),
		judged("rewound", cluster.StatusRewound, committed(99)),
		judged("slow", cluster.StatusSlow, committed(99)),
		judged("catching up", cluster.StatusCatchingUp, committed(99)),
		unread,
		{Name: "unknown, not judged", Members: 1, Topics: committed(99)},
		aged(judged("unknown, nothing waits", cluster.StatusUnknown, committed(100)), 0),
		judged("unknown, nothing committed", cluster.StatusUnknown, nil),
		quiet(judged("quiet, stopped", cluster.StatusStopped, committed(1))),
		quiet(judged("quiet, unknown", cluster.StatusUnknown, committed(1))),
		quiet(aged(judged("ok, quiet, 3 s", cluster.StatusOK, committed(1)), 3*time.Second)),
		aged(judged("ok", cluster.StatusOK, committed(100)), 0),
	}
	shuffled := slices.Clone(want)
	slices.Reverse(shuffled)
	s := groupSnapshot(shuffled...)
	groups, _ := s.Groups.Get()
	var names, got []string
	for _, g := range want {
		names = append(names, g.Name)
	}
	for _, l := range groupLines(s, groups, every) {
		got = append(got, l.Group)
	}
	if diff := cmp.Diff(names, got); diff != "" {
		t.Errorf("order of the groups (-want +got):\n%s", diff)
	}
}

func TestOldConsumersAreMembers(t *testing.T) {
	none, unsaid := judged("g", cluster.StatusOK, nil), judged("h", cluster.StatusOK, nil)
	none.Members, unsaid.Members = 0, cluster.UnknownMembers
	s := groupSnapshot(none, unsaid)
	groups, _ := s.Groups.Get()
	groups.Old = []cluster.OldGroup{{Name: "g", Members: 2}, {Name: "h", Members: 2}, {Name: "i", Members: 2}}
	lines := groupLines(s, groups, every)
	if len(lines) != 2 || unknown(lines[0].Members) != "2" || lines[1].Members != nil {
		t.Errorf("%+v", lines)
	}
	groups.Old[0].Members = cluster.UnknownMembers
	if lines := groupLines(s, groups, every); unknown(lines[0].Members) != "0" {
		t.Errorf("%+v", lines[0])
	}
}

func TestPageShowsGroups(t *testing.T) {
	bad := judged("<bad>", cluster.StatusStalled, committed(1, 1000))
	bad.Members, bad.Idle, bad.Behind, bad.Verdict.Reason = 3, 1, cluster.AgeOf(200*time.Second), "<t>, partition 0: it hangs"
	hidden := judged("hidden", cluster.StatusStopped, committed(1, 1, 1))
	hidden.Members, hidden.Idle, hidden.State, hidden.Quiet = cluster.UnknownMembers, cluster.UnknownMembers, cluster.GroupStateUnknown, true
	all := []cluster.Group{bad, hidden}
	for i := range 30 {
		all = append(all, judged(fmt.Sprint("fine ", i), cluster.StatusOK, committed(100)))
	}
	s := groupSnapshot(append(all, judged("fast", cluster.StatusCatchingUp, committed(1)))...)
	groups, _ := s.Groups.Get()
	s.Outcomes = map[cluster.Source]cluster.Outcome{cluster.SourceGroups: {Faults: []cluster.Fault{{Target: "broker 3 at b3:9092", Err: errors.New("timeout")}, {Target: "broker 4"}}}}
	e := newExporter(t, twoClusters, Options{})
	page := func() string {
		e.watchers[0].publish(collectors.Result{Snapshot: s})
		_, text := fetch(t, e, "GET", "/clusters/a")
		return text
	}
	text := page()
	expect(t, text,
		`<tr><td class="name">&lt;bad&gt;</td><td class="verdict"><span class="bad">stalled</span><br><span class="grey">&lt;t&gt;, partition 0: it hangs</span></td><td>3 (1 idle)</td><td>stable</td><td>99</td><td class="age">3 min 20 s</td><td>1</td></tr>`,
		`<tr><td class="name">hidden <span class="grey">quiet</span></td><td class="verdict"><span class="grey">stopped</span><br><span class="grey">because</span></td><td>unknown</td><td>unknown</td><td>unknown</td><td class="age">unknown</td><td>1</td></tr>`,
		`<span class="warn">catching up</span>`, `<span class="good">ok</span>`, "13 more are not shown: 13 ok.",
		"Not all could be read: broker 3 at b3:9092: timeout (and 1 more).", "!of old consumers")
	if n := strings.Count(text, `<td class="verdict">`); n != shownGroups {
		t.Errorf("%d groups are shown", n)
	}
	groups.Old = []cluster.OldGroup{{Name: "in-kafka", Members: 1}}
	expect(t, page(), "!of old consumers")
	for i := range 22 {
		groups.Old = append(groups.Old, cluster.OldGroup{Name: fmt.Sprint("old ", i), Members: 1, Topics: committed(int64(i))})
	}
	groups.Old = append(groups.Old, cluster.OldGroup{Name: "odd", Members: cluster.UnknownMembers, Topics: committed(101)})
	text = page()
	expect(t, text, "of old consumers", "!in-kafka", "!old 20", "3 more are not shown.",
		`<tr><td class="name">odd</td><td>unknown</td><td>unknown</td></tr>`+"\n"+`<tr><td class="name">old 0</td><td>1</td><td>100</td></tr>`)
	s.Groups = cluster.Read(&cluster.Groups{Limited: true})
	expect(t, page(), "There are none.", "There are more groups without members than", "!they could not be read")
	s.Groups = cluster.Failed[*cluster.Groups](cluster.ErrDepends)
	expect(t, page(), "Unknown: they could not be read", "!There are none.")
}

func TestAgesAndMembersInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", time.Millisecond: "< 1 s", 12*time.Second + 900*ms: "12 s", 200 * time.Second: "3 min 20 s", 2*time.Hour + 59*time.Second: "2 h 0 min", 100 * time.Hour: "4 d 4 h",
	} {
		if got := age(ageSeconds(cluster.AgeOf(d))); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	if got := age(ageSeconds(cluster.UnknownAge)); got != "unknown" {
		t.Errorf("an unknown age: %q", got)
	}
	for _, c := range []struct {
		all, idle int
		want      string
	}{
		{3, 0, "3"}, {3, 3, "3 (3 idle)"}, {3, -1, "3 (idle: unknown)"}, {0, -1, "0"}, {-1, -1, "unknown"}, {-1, 0, "unknown"},
	} {
		if got := members(memberCount(c.all), memberCount(c.idle)); got != c.want {
			t.Errorf("%d members, %d idle: %q, want %q", c.all, c.idle, got, c.want)
		}
	}
}
