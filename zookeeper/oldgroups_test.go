package zookeeper

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evenkeel/evenkeel/cluster"
)

func all(string) bool { return true }

func at(n int64) cluster.Offset { return cluster.OffsetAt(n) }

// registration is what the consumer of Kafka 0.9.0.1 writes.
const consoleRegistration = `{"version":1,"subscription":{"test":1},"pattern":"white_list","timestamp":"1795370756778"}`

func TestOldGroups(t *testing.T) {
	z, s := newKafka(t)
	set := func(path, data string) { z.set("/kafka/consumers/"+path, data) }
	// One that consumes two topics and has committed in one.
	set("active/ids/active_host-1", consoleRegistration)
	set("active/ids/active_host-2", consoleRegistration)
	set("active/owners/test/0", "active_host-1-0")
	set("active/owners/other/0", "active_host-1-0")
	set("active/offsets/test/10", "70")
	set("active/offsets/test/2", "50")
	// One that is gone, and one that keeps its offsets in Kafka.
	set("dead/ids", "")
	set("dead/offsets/test/0", "5")
	set("in-kafka/ids/c", `{"version":1,"subscription":{"b":1,"a":2},"pattern":"static"}`)
	set("waiting/ids/c", consoleRegistration)
	// Nothing is left of one, and one is not wanted.
	set("empty/ids", "")
	set("empty/owners/test", "")
	set("nothing/offsets/test", "")
	set("unwanted/ids/c", "")
	// Rubbish.
	set("odd/offsets/test/0", "many")
	set("odd/offsets/test/1", "-1")
	set("odd/offsets/test/01", "1")
	set("odd/offsets/test/x", "1")
	set("odd/offsets/test/3", "99999999999999999999")
	set("odd/ids/c", "nonsense")
	set("secret/offsets/test/0", "1")
	set("secret/ids/c", consoleRegistration)
	z.forbid("/kafka/consumers/secret/ids")
	z.forbid("/kafka/consumers/secret/offsets/test/0")

	read, faults, err := s.OldGroups(within(t), func(name string) bool { return name != "unwanted" })
	got := read.Groups
	if err != nil || read.Limited {
		t.Fatal(err, read.Limited)
	}
	want := []cluster.OldGroup{
		{Name: "active", Members: 2, Subscribed: []string{"other", "test"}, Topics: []cluster.GroupOffsets{{Topic: "test", Commits: []cluster.Commit{{Partition: 2, Offset: at(50)}, {Partition: 10, Offset: at(70)}}}}},
		{Name: "dead", Topics: []cluster.GroupOffsets{{Topic: "test", Commits: []cluster.Commit{{Partition: 0, Offset: at(5)}}}}},
		{Name: "empty", Subscribed: []string{"test"}},
		{Name: "in-kafka", Members: 1, Subscribed: []string{"a", "b"}},
		{Name: "odd", Members: 1, Topics: []cluster.GroupOffsets{{Topic: "test", Commits: []cluster.Commit{{Partition: 0}, {Partition: 1}, {Partition: 3}}}}},
		{Name: "secret", Members: cluster.UnknownMembers, Topics: []cluster.GroupOffsets{{Topic: "test", Commits: []cluster.Commit{{Partition: 0}}}}},
		{Name: "waiting", Members: 1},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b cluster.Offset) bool { return a == b }), cmp.Comparer(func(a, b cluster.Age) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	var targets []string
	for _, f := range faults {
		targets = append(targets, f.Target+": "+f.Reason)
	}
	slices.Sort(targets)
	if diff := cmp.Diff([]string{
		"znode /kafka/consumers/odd/ids/c: bad_reply",
		"znode /kafka/consumers/odd/offsets/test/0: bad_reply",
		"znode /kafka/consumers/odd/offsets/test/1: bad_reply",
		"znode /kafka/consumers/odd/offsets/test/3: bad_reply",
		"znode /kafka/consumers/odd/offsets/test: bad_reply",
		"znode /kafka/consumers/odd/offsets/test: bad_reply",
		"znode /kafka/consumers/secret/ids: permission",
		"znode /kafka/consumers/secret/offsets/test/0: permission",
	}, targets); diff != "" {
		t.Error(diff)
	}
}

func TestNoOldGroups(t *testing.T) {
	_, s := newKafka(t)
	if got, faults, err := s.OldGroups(within(t), all); got.Groups != nil || faults != nil || err != nil {
		t.Errorf("without the znode: %v, %v, %v", got, faults, err)
	}
}

func TestOldGroupsWithoutASession(t *testing.T) {
	z, s := newKafka(t)
	z.whenGreeted(func(int) action { return drop })
	if got, _, err := s.OldGroups(within(t), all); got.Groups != nil || Reason(err) != string(cluster.ServerNotServing) {
		t.Errorf("got %v, error %v", got, err)
	}
}

func TestTooManyOldOffsets(t *testing.T) {
	z, s := newKafka(t)
	for i := range maxOldOffsets + 1 {
		z.set(fmt.Sprintf("/kafka/consumers/g/offsets/t/%d", i), "1")
	}
	if got, _, err := s.OldGroups(within(t), all); got.Groups != nil || err == nil {
		t.Errorf("%d groups, error %v", len(got.Groups), err)
	}
}

func TestTooManyOldGroups(t *testing.T) {
	z, s := newKafka(t)
	for i := range maxOldGroups + 1 {
		z.set(fmt.Sprintf("/kafka/consumers/g%05d/ids/c", i), consoleRegistration)
	}
	if got, _, err := s.OldGroups(within(t), all); len(got.Groups) != maxOldGroups || !got.Limited || err != nil {
		t.Errorf("%d groups, limited: %v, error %v", len(got.Groups), got.Limited, err)
	}
}

// TestOldGroupsWithoutMembersAreKept: one request for each until a member comes.
func TestOldGroupsWithoutMembersAreKept(t *testing.T) {
	z, s := newKafka(t)
	z.set("/kafka/consumers/dead/ids", "")
	for i := range 10 {
		z.set(fmt.Sprintf("/kafka/consumers/dead/offsets/t/%d", i), "5")
	}
	z.set("/kafka/consumers/odd/offsets/t/0", "many")
	read := func() (got OldGroups, requests int) {
		_, before, _ := z.counts()
		got, _, err := s.OldGroups(within(t), all)
		if err != nil {
			t.Fatal(err)
		}
		_, after, _ := z.counts()
		return got, after - before
	}
	first, all := read()
	second, few := read()
	if !reflect.DeepEqual(first, second) {
		t.Errorf("%+v, then %+v", first, second)
	}
	if want := 1 + 1 + 5; few != want || all != want+13 { // the root; dead; odd, which has no offset, as a whole
		t.Errorf("%d requests, then %d, want %d", all, few, want)
	}
	second.Groups[0].Topics[0].Commits[0].Offset = at(9) // it is the caller's
	z.set("/kafka/consumers/dead/offsets/t/0", "7")
	if third, _ := read(); third.Groups[0].Topics[0].Commits[0].Offset != at(5) {
		t.Error("read again at once, or shared with the caller")
	}
	z.set("/kafka/consumers/dead/ids/c", consoleRegistration)
	if got, _ := read(); got.Groups[0].Members != 1 || got.Groups[0].Topics[0].Commits[0].Offset != at(7) {
		t.Errorf("with a member: %+v", got.Groups[0])
	}
	z.remove("/kafka/consumers/dead/ids/c")
	z.set("/kafka/consumers/dead/offsets/t/0", "8")
	if got, _ := read(); got.Groups[0].Members != 0 || got.Groups[0].Topics[0].Commits[0].Offset != at(8) {
		t.Errorf("its member left: %+v", got.Groups[0])
	}
	kept := s.oldGroups.groups["dead"]
	kept.read = kept.read.Add(-keepOld)
	s.oldGroups.groups["dead"] = kept
	z.set("/kafka/consumers/dead/offsets/t/0", "9")
	if got, _ := read(); got.Groups[0].Topics[0].Commits[0].Offset != at(9) {
		t.Errorf("not read again after %v", keepOld)
	}
}

func FuzzOldOffset(f *testing.F) {
	f.Add([]byte("50"))
	f.Add([]byte("-1"))
	f.Add([]byte("9223372036854775807"))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := parseOldOffset(data)
		if (err == nil) != o.Known() || err != nil && len(err.Error()) > 400 {
			t.Errorf("%v, %v", o, err)
		}
	})
}

func FuzzSubscription(f *testing.F) {
	f.Add([]byte(consoleRegistration))
	f.Add([]byte(`{"version":1,"subscription":{"a":1},"pattern":"static"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		topics, err := parseSubscription(data)
		if err != nil && topics != nil || !slices.IsSorted(topics) {
			t.Errorf("%q, %v", topics, err)
		}
	})
}
