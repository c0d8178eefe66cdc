package collectors

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

const commitsOfG = "commits 1 g map[test:[0 1]]"

// groupNames returns the names of the groups that a poll read.
func groupNames(s *cluster.Snapshot) (names []string) {
	groups, _ := s.Groups.Get()
	if groups == nil {
		return nil
	}
	for _, g := range groups.Groups {
		names = append(names, g.Name)
	}
	return names
}

func TestOnlyConsumerGroupsThatAreWanted(t *testing.T) {
	f := newFake()
	f.groups = map[int32][]string{1: {"commits-only", "connect", "g", "not-wanted"}}
	f.protocols = map[string]string{"connect": "connect", "commits-only": ""}
	p := poller(t, f)
	p.cfg.Groups.Exclude = regexp.MustCompile("^not-")
	if got := groupNames(p.poll(t)); !slices.Equal(got, []string{"commits-only", "g"}) {
		t.Errorf("groups %q", got)
	}
}

func TestReleasesThatHaveNoGroups(t *testing.T) {
	f := newFake()
	f.identity = kafka.Identity{Release: "0.8", Mode: cluster.ModeZooKeeper}
	s := poller(t, f).poll(t)
	if asked := f.calls("list"); len(asked) > 0 || !s.Groups.OK() {
		t.Errorf("asked %q, groups read: %v", asked, s.Groups.OK())
	}
	f = newFake()
	f.topic(offsetsTopic).Deleting = true
	if poller(t, f).poll(t); len(f.calls("list")) > 0 {
		t.Error("groups are asked for while their topic is being deleted")
	}
}

// A release that tells all that a group committed is not told which partitions;
// others are told all partitions of the group's topics.
func TestCommitsAreAskedForAsTheReleaseCan(t *testing.T) {
	for _, c := range []struct {
		version  int
		deleting bool
		want     string
	}{{2, false, commitsOfG}, {2, true, "commits 1 g map[]"}, {4, false, "commits 1 g map[]"}} {
		f := newFake()
		if c.version == 4 {
			f.identity.EmptyGroups, f.identity.AllOffsets = true, true
		}
		f.topic("test").Deleting = c.deleting
		poller(t, f).poll(t)
		if got := f.calls("commits"); !slices.Equal(got, []string{c.want}) {
			t.Errorf("version %d, topic being deleted %v: asked %q", c.version, c.deleting, got)
		}
	}
}

func TestOneCoordinatorThatFailsTakesOnlyItsGroups(t *testing.T) {
	f := newFake()
	broken := errors.New("broken")
	f.fail["list 0"] = broken
	s := poller(t, f).poll(t)
	if o := s.Outcomes[cluster.SourceGroups]; o.Err != nil || len(o.Faults) != 1 || !slices.Equal(groupNames(s), []string{"g"}) {
		t.Errorf("groups %q, %+v", groupNames(s), o)
	}
	f.fail["list 1"] = broken
	if s := poller(t, f).poll(t); !errors.Is(s.Groups.Err(), broken) {
		t.Errorf("no list could be read: %v", s.Groups.Err())
	}
}

func TestGroupThatCannotBeDescribedIsUnknown(t *testing.T) {
	f := newFake()
	f.described = map[string]kafka.DescribedGroup{"1 g": {Members: cluster.UnknownMembers, Err: errors.New("moving")}}
	s := poller(t, f).poll(t)
	if faults := s.Outcomes[cluster.SourceGroups].Faults; len(groupNames(s)) > 0 || len(faults) != 1 || len(f.calls("commits")) > 0 {
		t.Errorf("groups %q, faults %+v, asked %q", groupNames(s), faults, f.calls("commits"))
	}
}

// While a coordinator moves, the old one and the new one may list a group.
func TestGroupListedTwiceIsTheOneWithMembers(t *testing.T) {
	for _, with := range []string{"0 g", "1 g"} {
		f := newFake()
		f.groups = map[int32][]string{0: {"g"}, 1: {"g"}}
		f.described = map[string]kafka.DescribedGroup{"0 g": {State: "Dead"}, "1 g": {State: "Dead"}}
		f.described[with] = kafka.DescribedGroup{State: "Stable", Members: 2}
		groups, _ := poller(t, f).poll(t).Groups.Get()
		if len(groups.Groups) != 1 || groups.Groups[0].Members != 2 {
			t.Errorf("%s has the members: %+v", with, groups.Groups)
		}
	}
}

func TestTopicsOfAGroupAreRemembered(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	p.poll(t)
	asks := func(what string, want ...string) {
		t.Helper()
		f.asked = nil
		p.poll(t)
		if got := f.calls("commits"); !slices.Equal(got, want) {
			t.Errorf("%s: asked %q, want %q", what, got, want)
		}
	}
	asks("still listed", commitsOfG) // once, not as a lost one besides
	f.described = map[string]kafka.DescribedGroup{"1 g": {State: "PreparingRebalance", Members: 1}}
	asks("while it rebalances no topics are told", commitsOfG)
	f.groups = nil
	asks("lost, by its coordinator alone", commitsOfG)
	f.fail[commitsOfG] = errors.New("broken")
	asks("lost, and its coordinator fails", commitsOfG)
	f.fail = map[string]error{}
	if got := groupNames(p.poll(t)); !slices.Equal(got, []string{"g"}) {
		t.Errorf("a failure forgot it: %q", got)
	}
}

// A topic whose znode holds rubbish for a while takes no group with it.
func TestLostGroupOfAnUnreadableTopicIsNotForgotten(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	p.poll(t)
	f.groups = nil
	partitions := f.topic("test").Partitions
	f.topic("test").Unreadable, f.topic("test").Partitions = true, nil
	f.commits = map[string][]cluster.GroupOffsets{}
	p.poll(t)
	f.topic("test").Unreadable, f.topic("test").Partitions = false, partitions
	f.commits = newFake().commits
	if got := groupNames(p.poll(t)); !slices.Equal(got, []string{"g"}) {
		t.Errorf("groups %q", got)
	}
}

// Where there is no time for all groups, each has its turn in some poll.
func TestEveryGroupComesFirstInSomePoll(t *testing.T) {
	f := newFake()
	f.groups = map[int32][]string{1: {"a", "b", "c"}}
	p := poller(t, f)
	first := map[string]bool{}
	for range 3 {
		f.asked = nil
		p.poll(t)
		i := slices.IndexFunc(f.asked, func(c string) bool { return strings.HasPrefix(c, "commits") })
		first[f.asked[i]] = true
	}
	if len(first) != 3 {
		t.Errorf("first came %v", first)
	}
}
