package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// follow is a cluster of one topic of two partitions, and one group, which are changed
// between polls.
type follow struct {
	t        *testing.T
	progress *Progress
	now      time.Time
	topic    Topic
	more     []Topic
	group    Group
	commits  [2]int64 // -1: none; -2: unknown
	old      []OldGroup
	unread   bool // those
	found    []Finding
	failed   error // of the groups
	last     *Snapshot
}

func newFollow(t *testing.T) *follow {
	f := &follow{t: t, progress: NewProgress(interval, func(topic string) bool { return topic != "hidden" }), now: t0, group: Group{Name: "g", Members: 1}}
	f.topic = topic("t", part(0, []int32{0}, 0, []int32{0}), part(1, []int32{0}, 0, []int32{0}))
	for i := range f.topic.Partitions {
		f.topic.Partitions[i].Start, f.topic.Partitions[i].End = OffsetAt(0), OffsetAt(100)
	}
	f.commits = [2]int64{100, 100}
	return f
}

func (f *follow) end(partition int, end int64) { f.topic.Partitions[partition].End = OffsetAt(end) }

// poll observes what there is, and lets an interval pass.
func (f *follow) poll() Group {
	f.t.Helper()
	now := f.topic
	now.Partitions = append([]Partition(nil), f.topic.Partitions...)
	s := snap(f.now.Sub(t0), picture(append(f.more[:len(f.more):len(f.more)], now)...))
	s.Outcomes[SourceOffsets] = Outcome{Started: f.now.Add(-100 * time.Millisecond), Finished: f.now}
	g := f.group
	g.Topics = []GroupOffsets{{Topic: "t"}}
	for i, c := range f.commits {
		if c != -1 {
			g.Topics[0].Commits = append(g.Topics[0].Commits, Commit{Partition: int32(i), Offset: OffsetAt(c)})
		}
	}
	g.Topics[0].Topic = f.topic.Name
	s.Groups = Read(&Groups{Groups: []Group{g}, Old: f.old, OldUnread: f.unread})
	if f.failed != nil {
		s.Groups = Failed[*Groups](f.failed)
	}
	f.progress.Observe(s, f.found)
	f.found, f.last = nil, s
	f.now = f.now.Add(interval)
	if groups, ok := s.Groups.Get(); ok {
		return groups.Groups[0]
	}
	return Group{}
}

func (f *follow) polls(n int, change func()) (g Group) {
	f.t.Helper()
	for range n {
		if change != nil {
			change()
		}
		g = f.poll()
	}
	return g
}

func (f *follow) behind(g Group, partition int) Age {
	f.t.Helper()
	for _, c := range g.Topics[0].Commits {
		if int(c.Partition) == partition {
			return c.Behind
		}
	}
	f.t.Fatalf("no commit of partition %d", partition)
	return UnknownAge
}

func TestTheWorstPartitionIsTheGroups(t *testing.T) {
	f := newFollow(t)
	equal(t, "at rest", f.poll().Verdict.Status, StatusOK)
	g := f.polls(windowSlots, func() { f.end(1, f.topic.Partitions[1].End.Int()+10) })
	equal(t, "one partition hangs", g.Verdict.Status, StatusStalled)
	if !strings.HasPrefix(g.Verdict.Reason, "t, partition 1: ") {
		t.Errorf("reason %q", g.Verdict.Reason)
	}
	equal(t, "partition 0", g.Topics[0].Commits[0].Verdict, StatusOK)
	equal(t, "partition 1", g.Topics[0].Commits[1].Verdict, StatusStalled)
	equal(t, "partition 0 is behind by", f.behind(g, 0), AgeOf(0))
	age := f.behind(g, 1)
	// The first message that waits was written in the interval before the second poll.
	if want := time.Duration(windowSlots-1) * interval; !age.Known() || age.Duration() < want || age.Duration() > want+interval {
		t.Errorf("partition 1 is behind by %v, want %v to %v", age.Duration(), want, want+interval)
	}
	f.commits[1] = f.topic.Partitions[1].End.Int()
	equal(t, "caught up", f.poll().Verdict.Status, StatusOK)
}

func TestUnknownOffsetsAreNoVerdict(t *testing.T) {
	f := newFollow(t)
	f.poll()
	f.commits[0] = -2
	g := f.poll()
	equal(t, "an unknown commit", g.Verdict.Status, StatusUnknown)
	equal(t, "its age", f.behind(g, 0), UnknownAge)
	f.commits[0] = 100
	f.topic.Partitions[0].End = UnknownOffset
	equal(t, "an unknown end", f.poll().Verdict.Status, StatusUnknown)
	f.end(0, 100)
	equal(t, "known again", f.poll().Verdict.Status, StatusOK)
	f.commits = [2]int64{-1, -1}
	equal(t, "no commits", f.poll().Verdict.Reason, "it has committed nothing in the topics that are shown")
	f.group.Unread = true
	equal(t, "unread", f.poll().Verdict.Reason, "its commits could not be read")
}

func TestOldConsumersAreMembers(t *testing.T) {
	f := newFollow(t)
	f.group.Members = 0
	f.end(0, 200)
	f.commits[0] = 50
	equal(t, "alone", f.polls(windowSlots, nil).Verdict.Status, StatusStopped)
	f.old = []OldGroup{{Name: "g", Members: 1}}
	equal(t, "with an old consumer", f.poll().Verdict.Status, StatusStalled)
}

func TestCommitsThatChange(t *testing.T) {
	f := newFollow(t)
	g := f.polls(3, nil)
	equal(t, "never seen to change", g.Committed.IsZero(), true)
	f.end(0, 110)
	f.commits[0] = 105
	changed := f.now
	g = f.poll()
	equal(t, "changed", g.Committed, changed)
	g = f.polls(3, nil)
	equal(t, "unchanged since", g.Committed, changed)
	f.commits[0] = -2
	g = f.poll()
	equal(t, "unknown", g.Committed, changed)
	f.commits[0] = 105
	equal(t, "as before", f.poll().Committed, changed)
}

func TestLostMessages(t *testing.T) {
	f := newFollow(t)
	start := func(n int64) { f.topic.Partitions[0].Start = OffsetAt(n) }
	f.commits[0] = 10
	start(30)
	equal(t, "lost before it was seen", f.poll().Lost["t"], 0)
	start(50)
	equal(t, "more", f.poll().Lost["t"], 20)
	f.commits[0] = 60
	equal(t, "gone on", f.poll().Lost["t"], 20)
	f.group.Members = 0
	start(70)
	equal(t, "without members", f.poll().Lost["t"], 20)
	f.group.Members = 1
	start(75)
	equal(t, "members at one reading only", f.poll().Lost["t"], 20)
	start(80)
	equal(t, "members again", f.poll().Lost["t"], 25)
}

func TestATopicCreatedAnewIsAnotherOne(t *testing.T) {
	f := newFollow(t)
	f.commits[0] = 40
	f.end(1, 90)
	f.commits[1] = 90
	f.polls(windowSlots, nil)
	f.topic.Created++
	f.end(0, 60)
	g := f.poll()
	equal(t, "the new one", g.Topics[0].Commits[0].Verdict, StatusUnknown) // a window of one
	equal(t, "age", f.behind(g, 0), UnknownAge)
	equal(t, "ahead", f.polls(1, func() { f.end(1, 3) }).Topics[0].Commits[1].Verdict, StatusAhead)
}

func TestPartitionsThatAreAdded(t *testing.T) {
	f := newFollow(t)
	f.polls(3, nil)
	added := part(2, []int32{0}, 0, []int32{0})
	added.Start, added.End = OffsetAt(0), OffsetAt(5)
	f.topic.Partitions = append(f.topic.Partitions, added)
	equal(t, "after one was added", f.poll().Verdict.Status, StatusOK)
	equal(t, "a commit of a partition that is not there", func() GroupStatus {
		f.topic.Partitions = f.topic.Partitions[:1]
		return f.poll().Verdict.Status
	}(), StatusOK)
}

func TestWantsOfAGroupThatIsBehind(t *testing.T) {
	f := newFollow(t)
	f.more = []Topic{topic(transactionsTopic, part(0, []int32{0}, 0, []int32{0}))}
	f.commits[0] = 40
	f.poll()
	w := f.progress.Wants()
	equal(t, "stable offsets at first sight", len(w.Stable), 0)
	equal(t, "asks how old its oldest message is", w.Since["t"][0].UnixMilli(), 0)
	equal(t, "asks of how many logs", len(w.Since["t"]), 1)

	written := f.now.Add(-time.Hour)
	f.found = []Finding{{Topic: "t", Partition: 0, Asked: time.UnixMilli(0), Offset: OffsetAt(40), At: written}}
	g := f.poll()
	equal(t, "by the answer", f.behind(g, 0).Duration(), f.last.Finished.Sub(written))
	w = f.progress.Wants()
	equal(t, "asks again", len(w.Since), 0)
	equal(t, "stable offsets of one that does not move", len(w.Stable["t"]), 1)

	f.topic.Partitions[0].Stable = OffsetAt(40)
	g = f.polls(windowSlots, nil)
	equal(t, "blocked", g.Verdict.Status, StatusBlocked)
	f.more = nil
	f.topic.Partitions[0].Stable = UnknownOffset
	f.poll()
	equal(t, "without transactions", len(f.progress.Wants().Stable), 0)
}

func TestAMarkerHasNoAge(t *testing.T) {
	f := newFollow(t)
	f.more = []Topic{topic(transactionsTopic, part(0, []int32{0}, 0, []int32{0}))}
	f.commits[0] = 100
	f.polls(3, nil)
	f.end(0, 105)
	g := f.poll()
	equal(t, "messages that came just now have one", f.behind(g, 0).Known(), true)
	f.commits[0] = 104
	f.poll()
	g = f.poll()
	equal(t, "what rests at the end has none", f.behind(g, 0), UnknownAge)
	equal(t, "status at the end of a window", f.polls(windowSlots, nil).Verdict.Status, StatusUnknown)
	f.end(0, 120)
	g = f.poll()
	equal(t, "it goes on", f.behind(g, 0).Known(), true)
}

func TestAnEmptiedTopicIsNotBehind(t *testing.T) {
	f := newFollow(t)
	f.commits[0] = 40
	f.topic.Partitions[0].Start = OffsetAt(100)
	g := f.poll()
	equal(t, "age", f.behind(g, 0), AgeOf(0))
	equal(t, "status", g.Verdict.Status, StatusOK)
}

func TestAGapIsANewBaseline(t *testing.T) {
	f := newFollow(t)
	f.commits[0] = 40
	f.polls(windowSlots-1, nil)
	f.now = f.now.Add(time.Hour)
	equal(t, "after a gap", f.poll().Verdict.Status, StatusUnknown)
	f = newFollow(t)
	f.commits[0] = 40
	f.polls(windowSlots, nil)
	f.failed = errNotRead
	f.poll()
	f.failed = nil
	equal(t, "after one poll that could not see", f.poll().Verdict.Status, StatusStalled)
}

func TestPollsInARowAreOneObservation(t *testing.T) {
	f := newFollow(t)
	f.commits[0] = 40
	for range 4 * windowSlots {
		f.poll()
		f.now = f.now.Add(200*time.Millisecond - interval)
	}
	equal(t, "after moments", f.poll().Verdict.Status, StatusUnknown)
	if n := len(f.progress.logs["t"].logs[0].marks); n > 2 {
		t.Errorf("%d marks", n)
	}
}

func TestNothingIsRememberedForEver(t *testing.T) {
	f := newFollow(t)
	f.polls(3, nil)
	f.group.Name = "other"
	f.polls(int(leastMemory/interval)+2, nil)
	equal(t, "groups", len(f.progress.groups), 1)
	f.failed = errNotRead
	f.poll()
	equal(t, "logs while groups cannot be read", len(f.progress.logs), 1)
	f.failed, f.topic.Name = nil, "hidden"
	f.poll()
	equal(t, "logs", len(f.progress.logs), 0)
}

func TestAPartitionFarOffIsNotFollowed(t *testing.T) {
	f := newFollow(t)
	far := part(1<<30, []int32{0}, 0, []int32{0})
	far.Start, far.End = OffsetAt(0), OffsetAt(10)
	f.topic.Partitions = append(f.topic.Partitions, far)
	equal(t, "the others", f.poll().Verdict.Status, StatusOK)
	if n := len(f.progress.logs["t"].logs); n > strayPartitions {
		t.Errorf("%d logs are remembered", n)
	}
}

func TestTheGreatestAge(t *testing.T) {
	f := newFollow(t)
	equal(t, "caught up", f.poll().Behind, AgeOf(0))
	f.end(0, 110)
	g := f.poll()
	equal(t, "one is behind", g.Behind, f.behind(g, 0))
	f.commits[1] = -2
	equal(t, "one is not known", f.poll().Behind, UnknownAge)
	f.commits = [2]int64{-1, -1}
	equal(t, "no commits", f.poll().Behind, UnknownAge)
}

func TestTopicsThatAreNotShownDoNotCount(t *testing.T) {
	f := newFollow(t)
	f.topic.Name = "hidden"
	f.topic.Partitions[0].End = UnknownOffset
	g := f.poll()
	equal(t, "its offsets are not read", g.Verdict.Reason, "it has committed nothing in the topics that are shown")
	equal(t, "logs", len(f.progress.logs), 0)
}

// TestAClockSetBackMakesNoAge: what was written after now has no age, which is not the
// age 0 of a group that nothing waits for.
func TestAClockSetBackMakesNoAge(t *testing.T) {
	f := newFollow(t)
	f.polls(3, nil)
	f.end(0, 200)
	if g := f.polls(4, nil); !f.behind(g, 0).Known() {
		t.Fatal("the age of what waits is unknown before the clock is set back")
	}
	f.now = f.now.Add(-time.Hour)
	if age := f.behind(f.poll(), 0); age.Known() {
		t.Errorf("100 messages wait, and the oldest is said to be %v old", age.Duration())
	}
}

// TestAFirstReadingIsNoLoss: what was deleted before a partition could be read is not
// known to have been lost by this group.
func TestAFirstReadingIsNoLoss(t *testing.T) {
	f := newFollow(t)
	f.end(0, 1_000_000)
	f.commits[0] = 10
	f.topic.Partitions[0].Start = UnknownOffset
	f.poll()
	f.topic.Partitions[0].Start = OffsetAt(900_000)
	if lost := f.poll().Lost["t"]; lost != 0 {
		t.Errorf("%d messages are said to be lost at the first reading", lost)
	}
	f.topic.Partitions[0].Start = OffsetAt(900_100)
	if lost := f.poll().Lost["t"]; lost != 100 {
		t.Errorf("%d messages are said to be lost, want the 100 that were deleted since", lost)
	}
}

// TestAMissedReadingLosesNoRecord: how old what waits is stays known when a leader, a
// commit or the whole group could not be read once.
func TestAMissedReadingLosesNoRecord(t *testing.T) {
	for name, miss := range map[string]func(f *follow){
		"leader": func(f *follow) {
			end := f.topic.Partitions[0].End
			f.topic.Partitions[0].End = UnknownOffset
			f.poll()
			f.topic.Partitions[0].End = end
		},
		"commit": func(f *follow) {
			commits := f.commits
			f.commits = [2]int64{-2, -2} // told, and not readable
			f.poll()
			f.commits = commits
		},
		"group": func(f *follow) {
			s := snap(f.now.Sub(t0), picture(f.topic))
			s.Outcomes[SourceOffsets] = Outcome{Started: f.now.Add(-100 * time.Millisecond), Finished: f.now}
			f.progress.Observe(s, nil)
			f.now = f.now.Add(interval)
		},
	} {
		f := newFollow(t)
		f.polls(2, nil)
		f.end(0, 200)
		f.polls(2, nil)
		grow := func() { f.end(0, f.topic.Partitions[0].End.Int()+10) }
		before := f.behind(f.polls(30, grow), 0)
		miss(f)
		after := f.behind(f.poll(), 0)
		if !before.Known() || !after.Known() || (after.Duration()-before.Duration()).Round(interval) != 2*interval {
			t.Errorf("%s: %v old (known: %v) before it was missed, %v (known: %v) two polls later", name, before.Duration(), before.Known(), after.Duration(), after.Known())
		}
	}
}

// TestACompactedLog: its first messages are gone, and its start stays 0. The oldest
// message that waits is the first one that is left.
func TestACompactedLog(t *testing.T) {
	f := newFollow(t)
	f.commits[0] = 30
	const first = 50 // the first that is left
	wrote := func(offset int64) time.Time { return t0.Add(time.Duration(offset-200) * time.Minute) }
	asked, g := 0, Group{}
	for range 30 {
		g = f.poll()
		if at, wanted := f.progress.Wants().Since["t"][0]; wanted {
			asked++
			finding := Finding{Topic: "t", Partition: 0, Asked: at}
			for offset := int64(first); offset < 100; offset++ {
				if !wrote(offset).Before(at) {
					finding.Offset, finding.At = OffsetAt(offset), wrote(offset)
					break
				}
			}
			f.found = []Finding{finding}
		}
	}
	want := f.now.Add(-interval).Sub(wrote(first))
	if age := f.behind(g, 0); !age.Known() || (age.Duration()-want).Abs() > want/10 {
		t.Errorf("after %d questions: %v old (known: %v), want %v", asked, age.Duration(), age.Known(), want)
	}
	if asked > 10 {
		t.Errorf("asked %d times", asked)
	}
}

// TestOldMembersThatCannotBeRead: they may be there, so nobody says that the group has
// no members.
func TestOldMembersThatCannotBeRead(t *testing.T) {
	f := newFollow(t)
	f.group.Members, f.commits = 0, [2]int64{50, 50}
	for _, c := range []struct {
		old  int
		want GroupStatus
	}{{0, StatusStopped}, {1, StatusStalled}, {UnknownMembers, StatusUnknown}} {
		f.old = []OldGroup{{Name: "g", Members: c.old}}
		if got := f.polls(2*windowSlots, nil).Verdict; got.Status != c.want {
			t.Errorf("%d old members: %s (%s), want %s", c.old, got.Status, got.Reason, c.want)
		}
	}
}

func TestOldMembersThatCouldNotBeReadAreNotNone(t *testing.T) {
	f := newFollow(t)
	f.group.Members = 0
	f.end(0, 200)
	f.commits[0] = 50
	equal(t, "while they are read", f.polls(windowSlots, nil).Verdict.Status, StatusStopped)
	f.unread = true
	equal(t, "while they are not", f.poll().Verdict.Status, StatusUnknown)
	f.unread = false
	equal(t, "read again", f.poll().Verdict.Status, StatusStopped)
}

// TestAGroupThatLeftATopic: its members consume another topic, so that messages of this
// one wait for nobody, and none of them is lost.
func TestAGroupThatLeftATopic(t *testing.T) {
	for name, c := range map[string]struct {
		subscribed []string
		old        int
		status     GroupStatus
		lost       int
	}{
		"it consumes the topic":       {subscribed: []string{"a", "t"}, status: StatusStalled, lost: 10},
		"it consumes others":          {subscribed: []string{"a", "u"}, status: StatusStopped},
		"nobody knows":                {status: StatusStalled, lost: 10},
		"others, but for old members": {subscribed: []string{"a", "u"}, old: 1, status: StatusStalled, lost: 10},
	} {
		f := newFollow(t)
		f.group.Subscribed = c.subscribed
		if c.old > 0 {
			f.old = []OldGroup{{Name: "g", Members: c.old}}
		}
		f.end(0, 200)
		f.commits[0] = 50
		f.polls(windowSlots, nil)
		f.topic.Partitions[0].Start = OffsetAt(60)
		g := f.poll()
		equal(t, name, g.Verdict.Status, c.status)
		equal(t, name+": lost", g.Lost["t"], c.lost)
		if want := "its members do not consume this topic"; strings.Contains(g.Verdict.Reason, want) != (c.status == StatusStopped) {
			t.Errorf("%s: %s", name, g.Verdict.Reason)
		}
	}
}

func TestWhatIsNoChangeOfACommit(t *testing.T) {
	for name, play := range map[string]func(f *follow){
		"the first that could be read": func(f *follow) {
			f.commits[0] = -2
			f.poll()
			f.commits[0] = 100
		},
		"the first of a group whose commits could be read": func(f *follow) {
			commits := f.commits
			f.group.Unread, f.commits = true, [2]int64{-1, -1}
			f.poll()
			f.group.Unread, f.commits = false, commits
		},
		"that of a topic created anew": func(f *follow) {
			f.polls(3, nil)
			f.topic.Created++
		},
		"one that was missed once": func(f *follow) {
			f.polls(3, nil)
			f.commits[0] = -2
			f.poll()
			f.commits[0] = 100
		},
	} {
		f := newFollow(t)
		play(f)
		if g := f.poll(); !g.Committed.IsZero() {
			t.Errorf("%s counts as a change", name)
		}
		f.commits[0]++
		if g := f.poll(); g.Committed.IsZero() {
			t.Errorf("%s: a change after it does not count", name)
		}
	}
}

func TestPollsInARowShortenNoWindow(t *testing.T) {
	f := newFollow(t)
	f.end(0, 200)
	f.commits[0] = 50
	begun := f.now
	for f.poll().Verdict.Status != StatusStalled {
		f.now = f.now.Add(-interval + interval*8/15)
		if f.now.Sub(begun) > 30*interval {
			t.Fatal("never stalled")
		}
	}
	if took := f.now.Sub(begun) - interval; took < (windowSlots-1)*interval {
		t.Errorf("stalled after %v of polls that came every eight seconds", took)
	}
}

func TestPollsInARowForgetNoGroup(t *testing.T) {
	f := newFollow(t)
	f.polls(2, nil)
	f.commits[0]++
	f.poll()
	name := f.group.Name
	f.group.Name = "other"
	for range 2 * windowSlots {
		f.poll()
		f.now = f.now.Add(-interval + interval/10)
	}
	f.group.Name = name
	if g := f.poll(); g.Committed.IsZero() {
		t.Error("forgotten within three intervals")
	}
	f.group.Name = "other"
	f.polls(int(leastMemory/interval)+2, nil)
	f.group.Name = name
	if g := f.poll(); !g.Committed.IsZero() {
		t.Error("remembered for ever")
	}
}

// TestACoordinatorThatHasJustTakenOver may not tell the latest commits yet.
func TestACoordinatorThatHasJustTakenOver(t *testing.T) {
	sum := func(f *follow, g Group) string {
		n, known := g.Topics[0].LagSum(&f.topic)
		return fmt.Sprint(n, known)
	}
	f := newFollow(t)
	f.end(0, 110)
	f.end(1, 120)
	equal(t, "before", sum(f, f.polls(2, nil)), "30 true")
	f.commits[1] = -1
	equal(t, "a commit that was deleted", sum(f, f.poll()), "10 true")
	f.commits[1] = 100
	f.poll()
	f.group.Coordinator = 7
	f.commits = [2]int64{-1, 90}
	equal(t, "one that is missing, and one that is older", sum(f, f.poll()), "0 false")
	f.now = f.now.Add(-interval + time.Second)
	f.commits = [2]int64{100, 100}
	equal(t, "told again", sum(f, f.poll()), "30 true")
	f.group.Coordinator = 8
	f.commits[0] = 50
	equal(t, "older at the next", sum(f, f.poll()), "0 false")
	equal(t, "and still so later", sum(f, f.poll()), "80 true") // the interval is longer than a takeover
	f.group.Coordinator = 9
	f.commits[0] = 60
	equal(t, "newer", sum(f, f.poll()), "70 true")
}
