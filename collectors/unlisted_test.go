package collectors

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/kafka"
)

// watching is a poller of a cluster that is told which groups there are.
func watching(t *testing.T, f *fakeCluster, change func(*config.Groups)) *Poller {
	cfg := testConfig(t)
	change(&cfg.Groups)
	return newPoller(cfg, nil, f, registryOf{f}, f, slog.New(slog.DiscardHandler))
}

func TestWatchedGroupsAreAskedForEverywhereAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.groups = nil
		f.commits["w"] = f.commits["g"]
		p := watching(t, f, func(g *config.Groups) { g.Watch = []string{"w", "nobody"} })
		asks := func(what string, want ...string) {
			t.Helper()
			f.asked = nil
			s := p.poll(t)
			if got := f.calls("commits"); !slices.Equal(got, want) {
				t.Errorf("%s: asked %q, want %q", what, got, want)
			}
			if got := groupNames(s); !slices.Equal(got, []string{"w"}) {
				t.Errorf("%s: groups %q", what, got)
			}
			time.Sleep(2 * time.Second)
		}
		const everywhere = " map[__consumer_offsets:[0] test:[0 1]]"
		asks("at first", "commits 1 nobody"+everywhere, "commits 1 w"+everywhere)
		for i := range 3 {
			asks(fmt.Sprint("then ", i), "commits 1 w map[test:[0 1]]")
		}
		asks("later, who had none", "commits 1 nobody"+everywhere, "commits 1 w map[test:[0 1]]")
		time.Sleep(watchPauseKnown * 2 * time.Second)
		asks("later", "commits 1 nobody"+everywhere, "commits 1 w"+everywhere)
	})
}

func TestKafka08ListsNothing(t *testing.T) {
	f := newFake()
	f.identity = kafka.Identity{Release: "0.8", Mode: cluster.ModeZooKeeper}
	f.commits["w"] = f.commits["g"]
	p := watching(t, f, func(g *config.Groups) { g.Watch = []string{"w"} })
	if got := groupNames(p.poll(t)); !slices.Equal(got, []string{"w"}) || len(f.calls("list")) > 0 {
		t.Errorf("groups %q, asked %q", got, f.asked)
	}
}

func TestWatchedGroupsBelongToOneShard(t *testing.T) {
	asked := 0
	for i := range 2 {
		cfg := testConfig(t)
		cfg.Groups.Watch, cfg.Shard = []string{"w"}, config.Shard{Index: i, Of: 2}
		asked += len(newGroupMemory(cfg))
	}
	if asked != 1 {
		t.Errorf("%d shards watch it", asked)
	}
}

func TestUnlistedGroupsAreBounded(t *testing.T) {
	f := newFake()
	f.groups = nil
	p := poller(t, f)
	for i := range mostUnlisted + 1 {
		name := fmt.Sprintf("g%04d", i)
		p.memory.learn(name, "test")
		f.commits[name] = f.commits["g"]
	}
	s := p.poll(t)
	groups, _ := s.Groups.Get()
	if n := len(f.calls("commits")); n != mostUnlisted || len(groups.Groups) != n || !groups.Limited {
		t.Errorf("%d requests, %d groups, limited: %t", n, len(groups.Groups), groups.Limited)
	}
	tells(t, told(t, p.cfg, s), `evenkeel_limited{what="groups_without_members"} 1`)
	for i := range mostRemembered {
		p.memory.learn(fmt.Sprintf("h%05d", i), "test")
	}
	if n := len(p.memory); n != mostRemembered {
		t.Errorf("%d groups are remembered", n)
	}
}

func TestOldGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.groups = nil
		inZooKeeper := []cluster.GroupOffsets{{Topic: "test", Commits: []cluster.Commit{{Partition: 0, Offset: cluster.OffsetAt(4)}}}}
		f.old = []cluster.OldGroup{
			{Name: "in-kafka", Members: 1, Subscribed: []string{"test"}},
			{Name: "in-zookeeper", Members: 1, Subscribed: []string{"test"}, Topics: inZooKeeper},
			{Name: "not-wanted", Members: 1},
		}
		f.commits["in-kafka"] = f.commits["g"]
		p := watching(t, f, func(g *config.Groups) { g.Exclude = regexp.MustCompile("^not-") })
		s := p.poll(t)
		groups, _ := s.Groups.Get()
		if len(groups.Old) != 2 || len(groups.Groups) != 0 {
			t.Errorf("old %+v, others %+v", groups.Old, groups.Groups)
		}
		reads := len(f.calls("old groups"))
		p.poll(t)
		if n := len(f.calls("old groups")); n != reads {
			t.Errorf("read %d times by two polls in a row", n)
		}
		next := func() *cluster.Snapshot {
			time.Sleep(p.cfg.Poll.Interval)
			return p.poll(t)
		}
		if got := groupNames(next()); !slices.Equal(got, []string{"in-kafka"}) {
			t.Errorf("groups with offsets in Kafka: %q", got)
		}
		f.old, f.commits = nil, nil
		next()
		f.asked = nil
		if s := next(); len(f.calls("commits")) > 0 || len(groupNames(s)) > 0 {
			t.Errorf("it is gone, and asked for: %q", f.calls("commits"))
		}
		f.fail["old groups"] = errors.New("no session")
		s = next()
		if groups, _ := s.Groups.Get(); !groups.OldUnread {
			t.Error("that they cannot be read is not told")
		}
		if o := s.Outcomes[cluster.SourceGroups]; o.Err != nil || len(o.Faults) != 1 || o.Faults[0].Target != "znode /consumers" {
			t.Errorf("they cannot be read: %+v", o)
		}
	})
}

func TestNoOldGroupsInKRaft(t *testing.T) {
	f := newFake()
	p := poller(t, f)
	p.mode = cluster.ModeKRaft
	f.metadata, f.identity = metadataOf, kraftIdentity
	p.poll(t)
	if n := len(f.calls("old groups")); n > 0 {
		t.Errorf("ZooKeeper is asked %d times", n)
	}
}

func TestGroupsAreFoundAmongKeys(t *testing.T) {
	f := newFake()
	f.groups = nil
	f.commits["found"] = f.commits["g"]
	f.keys = kafka.CommitKeys{Next: cluster.OffsetAt(70), Keys: []kafka.CommitKey{
		{Group: "found", Topic: "test"}, {Group: "gone", Topic: "test", Gone: true}, {Group: "not-wanted", Topic: "test"},
	}}
	p := watching(t, f, func(g *config.Groups) { g.DiscoverFromOffsetsTopic, g.Exclude = true, regexp.MustCompile("^not-") })
	p.poll(t)
	if got := groupNames(p.poll(t)); !slices.Equal(got, []string{"found"}) {
		t.Errorf("groups %q", got)
	}
	if got := f.calls("keys"); !slices.Equal(got, []string{"keys 1 0 from -1", "keys 1 0 from 70"}) {
		t.Errorf("it reads %q", got)
	}
	f.fail["keys 1 0 from 70"] = errors.New("broken")
	if o := p.poll(t).Outcomes[cluster.SourceGroups]; o.Err != nil || len(o.Faults) != 1 {
		t.Errorf("keys cannot be read: %+v", o)
	}

	f.asked, f.fail = nil, map[string]error{}
	f.topic("__consumer_offsets").Created = 99
	p.keys.of.Created = 98
	p.poll(t)
	if got := f.calls("keys"); !slices.Equal(got, []string{"keys 1 0 from -1"}) {
		t.Errorf("of a topic that was created anew it reads %q", got)
	}

	f.asked = nil
	f.identity.EmptyGroups = true
	p.poll(t)
	if got := f.calls("keys"); len(got) > 0 {
		t.Errorf("a release that lists all groups is asked %q", got)
	}
	f.identity.EmptyGroups = false
	p = poller(t, f)
	p.poll(t)
	if got := f.calls("keys"); len(got) > 0 {
		t.Errorf("unwanted, it reads %q", got)
	}
}

// Commits that cannot be read are not the same as none.
func TestUnreadCommitsAreNotNone(t *testing.T) {
	f := newFake()
	f.identity.AllOffsets, f.identity.EmptyGroups, f.identity.BatchOffsets = true, true, true
	f.fail["commits 1 [g]"] = errors.New("broken")
	s := poller(t, f).poll(t)
	groups, _ := s.Groups.Get()
	if g := groups.Groups[0]; !g.Unread || g.Verdict.Reason != "its commits could not be read" {
		t.Errorf("group %+v", g)
	}
	if faults := s.Outcomes[cluster.SourceGroups].Faults; len(faults) != 1 {
		t.Errorf("faults %+v", faults)
	}
}
