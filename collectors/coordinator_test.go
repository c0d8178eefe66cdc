package collectors

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

func TestEachKindOfGroupIsDescribedInItsWay(t *testing.T) {
	f := newKRaft()
	f.groups = map[int32][]string{1: {"new", "old", "shared", "untyped"}}
	f.types = map[string]string{"new": "consumer", "old": "classic", "shared": "share"}
	p := kraftPoller(t, f)
	s := p.poll(t)
	if got := f.calls("describe 1"); !slices.Equal(got, []string{"describe 1 [old untyped]"}) {
		t.Errorf("classic groups: %q", got)
	}
	if got := f.calls("describe consumer"); !slices.Equal(got, []string{"describe consumer 1 [new]"}) {
		t.Errorf("groups of KIP-848: %q", got)
	}
	if got := groupNames(s); !slices.Equal(got, []string{"new", "old", "untyped"}) {
		t.Errorf("groups %q", got)
	}
	groups, _ := s.Groups.Get()
	if g := groups.Groups[0]; g.State != cluster.GroupReconciling || g.Type != "consumer" || g.Members != 2 {
		t.Errorf("group new is %+v", g)
	}
}

// However many groups there are, a coordinator gets one request of each kind.
func TestManyGroupsAreAskedForTogether(t *testing.T) {
	f := newKRaft()
	f.groups[1] = nil
	for i := range 1000 {
		f.groups[1] = append(f.groups[1], fmt.Sprintf("g%03d", i))
	}
	s := kraftPoller(t, f).poll(t)
	if described, commits := f.calls("describe 1"), f.calls("commits"); len(described) != 1 || len(commits) != 1 {
		t.Errorf("%d and %d requests for the members and the commits of %d groups", len(described), len(commits), len(f.groups[1]))
	}
	if got := groupNames(s); !slices.Equal(got, f.groups[1]) {
		t.Errorf("%d groups", len(got))
	}
}

func TestGroupWhoseCommitsAreRefusedTakesNoOther(t *testing.T) {
	f := newKRaft()
	commits := f.commits["g"]
	f.groups = map[int32][]string{1: {"a", "b"}}
	f.commits = map[string][]cluster.GroupOffsets{"b": commits}
	f.broken = map[string]error{"a": sarama.ErrGroupAuthorizationFailed}
	s := kraftPoller(t, f).poll(t)
	faults := s.Outcomes[cluster.SourceGroups].Faults
	if len(faults) != 1 || faults[0].Reason != cluster.ReasonPermission || !errors.Is(faults[0].Err, sarama.ErrGroupAuthorizationFailed) {
		t.Errorf("faults %+v", faults)
	}
	groups, ok := s.Groups.Get()
	if !ok || len(groups.Groups) != 2 || groups.Groups[0].Topics != nil || len(groups.Groups[1].Topics) != 1 {
		t.Errorf("groups %+v", groups)
	}
}

func TestGroupThatIsLeftOutOfADescriptionIsUnknown(t *testing.T) {
	f := newKRaft()
	f.groups = map[int32][]string{1: {"a", "b"}}
	f.untold = map[string]bool{"a": true}
	s := kraftPoller(t, f).poll(t)
	if got, asked := groupNames(s), f.calls("commits"); !slices.Equal(got, []string{"b"}) || !slices.Equal(asked, []string{"commits 1 [b]"}) {
		t.Errorf("groups %q, asked %q", got, asked)
	}
}

// Releases that create no topic when they are asked for groups are asked though
// __consumer_offsets is not seen: a group then proves that it is there.
func TestHiddenOffsetsTopic(t *testing.T) {
	describe := cluster.Permission{Resource: "topic", Operation: "describe"}
	f := newKRaft()
	f.metadata = func() *kafka.Metadata {
		m := metadataOf()
		m.Picture.Topics = m.Picture.Topics[1:]
		return m
	}
	all := f.groups
	f.groups = nil
	s := kraftPoller(t, f).poll(t)
	if allowed := s.Permissions[describe]; len(f.calls("list")) != 2 || !allowed || len(groupNames(s)) != 0 {
		t.Errorf("no group is there: asked %q, permission %v", f.calls("list"), allowed)
	}
	f.groups = all
	p := kraftPoller(t, f)
	if s := p.poll(t); !s.Permissions[describe] {
		t.Error("the topic may have been made since the picture was taken")
	}
	if s := p.poll(t); s.Permissions[describe] || !slices.Equal(groupNames(s), []string{"g"}) {
		t.Errorf("a group is there: permission %v, groups %q", s.Permissions[describe], groupNames(s))
	}
	f.described = map[string]kafka.DescribedGroup{"1 g": {Err: sarama.ErrGroupAuthorizationFailed}}
	s = p.poll(t)
	if allowed, told := s.Permissions[describe]; allowed || !told || len(groupNames(s)) != 0 {
		t.Errorf("it cannot be described: permission %v, told %v, groups %q", allowed, told, groupNames(s))
	}
	f.identity.Reassignments, f.asked = false, nil
	s = kraftPoller(t, f).poll(t)
	if asked := f.calls("list"); len(asked) != 0 || !s.Groups.OK() || !s.Permissions[describe] {
		t.Errorf("an older release is asked %q", asked)
	}
}

func TestPermissionsOfGroups(t *testing.T) {
	describe := cluster.Permission{Resource: "group", Operation: "describe"}
	may, not := kafka.DescribedGroup{Operations: kafka.OperationsOf(kafka.OpDescribe)}, kafka.DescribedGroup{Operations: kafka.OperationsOf(kafka.OpRead)}
	for name, c := range map[string]struct {
		a, b          kafka.DescribedGroup
		allowed, told bool
	}{
		"all":              {may, may, true, true},
		"one without":      {may, not, false, true},
		"one not told":     {may, kafka.DescribedGroup{}, false, false},
		"one refused":      {may, kafka.DescribedGroup{Err: sarama.ErrGroupAuthorizationFailed}, false, true},
		"one fails anyhow": {may, kafka.DescribedGroup{Err: errors.New("moving")}, true, true},
	} {
		f := newKRaft()
		f.groups = map[int32][]string{0: {"a"}, 1: {"b"}}
		f.described = map[string]kafka.DescribedGroup{"0 a": c.a, "1 b": c.b}
		allowed, told := kraftPoller(t, f).poll(t).Permissions[describe]
		if allowed != c.allowed || told != c.told {
			t.Errorf("%s: %v, told %v", name, allowed, told)
		}
	}
}
