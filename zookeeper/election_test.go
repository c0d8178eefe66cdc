package zookeeper

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evenkeel/evenkeel/cluster"
)

const (
	theElection = "/kafka/admin/preferred_replica_election"
	electionOf  = `{"version":1,"partitions":[%s]}`
	electT      = `{"topic":"t","partition":0},{"topic":"t","partition":1}`
)

// controller is what a fake's controller does: it takes elections, and keeps them.
type controller struct {
	z *fakeZooKeeper

	mu    sync.Mutex
	taken []fakeNode
}

// take takes the election that is there, if any.
func (c *controller) take() {
	node := c.z.node(theElection)
	if node == nil {
		return
	}
	c.z.remove(theElection)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken = append(c.taken, *node)
}

func (c *controller) all() (taken []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, node := range c.taken {
		taken = append(taken, string(node.data))
	}
	return taken
}

// newElectable returns a Kafka that may be written to, and whose controller takes an
// election when it is looked for. Hook is called before that; nil for none.
func newElectable(t *testing.T, hook func(op int32, path string) action) (*fakeZooKeeper, *Session, *controller) {
	t.Helper()
	z, s := newKafka(t)
	z.writable = true
	z.set("/kafka/brokers/topics/u", `{"version":1,"partitions":{"0":[0,1]}}`)
	z.set(statePath("u", 0), state01)
	c := &controller{z: z}
	z.when(func(op int32, path string) action {
		if hook != nil {
			if a := hook(op, path); a != answer {
				return a
			}
		}
		if op == opSync && path == theElection {
			c.take()
		}
		return answer
	})
	return z, s, c
}

func wantWritten(t *testing.T, got map[string][]int32, want map[string][]int32) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("written: %s", diff)
	}
}

// wantWrites checks what the server was asked to write.
func wantWrites(t *testing.T, z *fakeZooKeeper, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, z.written()); diff != "" {
		t.Errorf("writes: %s", diff)
	}
}

func TestElectPreferred(t *testing.T) {
	t.Parallel()
	z, s, c := newElectable(t, nil)
	z.set("/kafka/brokers/topics/marked", `{"version":1,"partitions":{"0":[0]}}`)
	z.set(statePath("marked", 0), state01)
	z.set("/kafka/admin/delete_topics/marked", "")
	z.set("/kafka/brokers/topics/new", `{"version":1,"partitions":{"0":[0]}}`)
	z.set("/kafka/brokers/topics/t", `{"version":1,"partitions":{"0":[0,1],"1":[1,0],"2":[1,0]}}`) // in version 1
	written, err := s.ElectPreferred(within(t), map[string][]int32{
		"t": {1, 0, 1, 2, 9, -1}, "u": {0}, "gone": {0}, "marked": {0}, "new": {0}, "none": nil,
	})
	if err != nil {
		t.Fatal(err)
	}
	wantWritten(t, written, map[string][]int32{"t": {0, 1}, "u": {0}})
	want := fmt.Sprintf(electionOf, electT+`,{"topic":"u","partition":0}`)
	if diff := cmp.Diff([]string{want}, c.all()); diff != "" {
		t.Errorf("elected: %s", diff)
	}
	wantWrites(t, z, "multi "+theElection)
	if node := c.taken[0]; node.owner != 0 || node.acl != "31 world:anyone" || node.version != 0 {
		t.Errorf("the znode was %+v", node)
	}
}

// Whoever authenticates owns what it writes, and brokers may read it.
func TestElectionOfAnAuthenticatedSession(t *testing.T) {
	t.Parallel()
	z, _, c := newElectable(t, nil)
	s := newTestSession(t, SessionOptions{Chroot: "/kafka", Auth: digest(passwordOf(secret))}, z)
	if _, err := s.ElectPreferred(within(t), map[string][]int32{"t": {0}}); err != nil {
		t.Fatal(err)
	}
	if len(c.taken) != 1 || c.taken[0].acl != "31 auth:, 1 world:anyone" {
		t.Errorf("the znode was %+v", c.taken)
	}
}

func TestNothingToElect(t *testing.T) {
	t.Parallel()
	z, s, _ := newElectable(t, nil)
	for _, ask := range []map[string][]int32{nil, {}, {"t": nil}, {"gone": {0}}, {"t": {2}}} {
		written, err := s.ElectPreferred(within(t), ask)
		if written != nil || err != nil {
			t.Errorf("of %v: %v, %v", ask, written, err)
		}
	}
	wantWrites(t, z)
}

func TestElectionPending(t *testing.T) {
	t.Parallel()
	z, s, _ := newElectable(t, nil)
	if pending, err := s.ElectionPending(within(t)); pending || err != nil {
		t.Errorf("pending %v, %v", pending, err)
	}
	z.set(theElection, "another's")
	if pending, err := s.ElectionPending(within(t)); !pending || err != nil {
		t.Errorf("pending %v, %v", pending, err)
	}
	written, err := s.ElectPreferred(within(t), map[string][]int32{"t": {0}})
	if written != nil || !errors.Is(err, ErrElectionPending) || !strings.Contains(err.Error(), theElection) {
		t.Errorf("%v, %v", written, err)
	}
	if node := z.node(theElection); string(node.data) != "another's" || node.version != 0 {
		t.Errorf("the other's election is %+v", node)
	}
	closed := NewSession(SessionOptions{Servers: []string{z.name()}})
	closed.Close()
	if pending, err := closed.ElectionPending(within(t)); pending || !errors.Is(err, errClosed) {
		t.Errorf("of a closed session: %v, %v", pending, err)
	}
}

// What is deleted after it was read must not be written: not with its topic, nor while
// the topic's znode is still there, which is the last to go.
func TestDeletionBetweenReadingAndWriting(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]string{"topic": "/kafka/brokers/topics/t", "state": "/kafka/brokers/topics/t/partitions/0"} {
		for _, others := range []bool{false, true} {
			t.Run(fmt.Sprint(name, others), func(t *testing.T) {
				var z *fakeZooKeeper
				z, s, c := newElectable(t, func(op int32, _ string) action {
					if op == opMulti {
						z.remove(gone)
					}
					return answer
				})
				ask := map[string][]int32{"t": {0}}
				var want map[string][]int32
				writes, taken := []string{"multi " + theElection}, []string(nil)
				if others {
					ask["u"], want = []int32{0}, map[string][]int32{"u": {0}}
					writes, taken = append(writes, writes...), []string{fmt.Sprintf(electionOf, `{"topic":"u","partition":0}`)}
				}
				written, err := s.ElectPreferred(within(t), ask)
				if err != nil {
					t.Error(err)
				}
				wantWritten(t, written, want)
				wantWrites(t, z, writes...)
				if diff := cmp.Diff(taken, c.all()); diff != "" {
					t.Errorf("elected: %s", diff)
				}
			})
		}
	}
}

func TestTopicThatChangesAllTheTime(t *testing.T) {
	t.Parallel()
	var z *fakeZooKeeper
	z, s, c := newElectable(t, func(op int32, _ string) action {
		if op == opMulti {
			z.set("/kafka/brokers/topics/t", `{"version":1,"partitions":{"0":[0,1],"1":[1,0]}}`)
		}
		return answer
	})
	written, err := s.ElectPreferred(within(t), map[string][]int32{"t": {0}, "u": {0}})
	if written != nil || !errors.Is(err, errTopicChanged) || !strings.Contains(err.Error(), "/kafka/brokers/topics/t)") {
		t.Errorf("%v, %v", written, err)
	}
	wantWrites(t, z, "multi "+theElection, "multi "+theElection)
	if taken := c.all(); taken != nil || z.node(theElection) != nil {
		t.Errorf("elected %v", taken)
	}
}

func TestElectionThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil  func(z *fakeZooKeeper)
		reason string
		writes int
	}{
		"topic is rubbish":   {func(z *fakeZooKeeper) { z.set("/kafka/brokers/topics/t", "rubbish") }, string(cluster.ServerBadReply), 0},
		"topic is forbidden": {func(z *fakeZooKeeper) { z.forbid("/kafka/brokers/topics/t") }, cluster.ReasonPermission, 0},
		"marks are secret":   {func(z *fakeZooKeeper) { z.forbid("/kafka/admin/delete_topics") }, cluster.ReasonPermission, 0},
		"not allowed":        {func(z *fakeZooKeeper) { z.forbid("/kafka/admin") }, cluster.ReasonPermission, 1},
		"no parent":          {func(z *fakeZooKeeper) { z.remove("/kafka/admin") }, string(cluster.ServerBadReply), 1},
	} {
		t.Run(name, func(t *testing.T) {
			z, s, taker := newElectable(t, nil)
			c.spoil(z)
			written, err := s.ElectPreferred(within(t), map[string][]int32{"t": {0}, "u": {0}})
			if written != nil || err == nil || Reason(err) != c.reason {
				t.Errorf("%v, %v, want reason %s", written, err, c.reason)
			}
			if got := len(z.written()); got != c.writes || taker.all() != nil {
				t.Errorf("%d writes, want %d; elected %v", got, c.writes, taker.all())
			}
		})
	}
}

// What a server would take for an attack is refused here, and what is just below that
// goes through.
func TestElectionOfTooMuch(t *testing.T) {
	t.Parallel()
	z, s, c := newElectable(t, nil)
	const partitions = 5500
	name := strings.Repeat("b", 40)
	var assigned strings.Builder
	ask := make([]int32, partitions)
	for i := range partitions {
		fmt.Fprintf(&assigned, `,"%d":[0]`, i)
		z.set(statePath(name, i), state01)
		ask[i] = int32(i)
	}
	z.set("/kafka/brokers/topics/"+name, `{"version":1,"partitions":{`+assigned.String()[1:]+`}}`)
	written, err := s.ElectPreferred(within(t), map[string][]int32{name: ask})
	if written != nil || err == nil || !strings.Contains(err.Error(), "at most 500000") {
		t.Errorf("%d partitions, %v", len(written[name]), err)
	}
	wantWrites(t, z)
	written, err = s.ElectPreferred(within(t), map[string][]int32{name: ask[:2800]})
	if len(written[name]) != 2800 || err != nil || len(c.all()) != 1 {
		t.Errorf("%d partitions, %v", len(written[name]), err)
	}
}
