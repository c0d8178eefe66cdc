package zookeeper

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evenkeel/evenkeel/cluster"
)

// statesRead sums up the readings of states.
func statesRead(z *fakeZooKeeper, read map[string]int) (n int) {
	z.mu.Lock()
	defer z.mu.Unlock()
	for path, times := range read {
		if strings.HasSuffix(path, "/state") {
			n += times
		}
	}
	clear(read)
	return n
}

func TestOnlyStatesThatChangedAreReadAgain(t *testing.T) {
	z, s, h := newWatched(t, SessionOptions{})
	read := z.readPaths()
	expect := func(what string, want int) {
		t.Helper()
		readAll(t, s)
		if n := statesRead(z, read); n != want {
			t.Errorf("%s: %d states were read, want %d", what, n, want)
		}
	}
	expect("at first", 2)
	expect("nothing changed", 0)
	z.set(statePath("t", 1), state01)
	expect("one changed", 1)
	z.remove(statePath("t", 1))
	expect("one is gone", 1)
	expect("it is not there", 1)
	z.set(statePath("t", 1), "rubbish")
	expect("it is rubbish", 1)
	expect("it still is", 1)
	z.set(statePath("t", 1), state01)
	expect("it makes sense again", 1)
	expect("nothing changed since", 0)
	z.dropAll()
	h.expect(t, sessionNotice, sessionNotice)
	expect("the connection was lost", 2)
	s.kept.expire(0)
	expect("it is time to read all", 2)
	expect("nothing changed since", 0)
	if got := h.all(); len(got) > 0 {
		t.Errorf("states are told of: %q", got)
	}
}

// What is read belongs to the caller, who may change it.
func TestWhatIsKeptIsNotShared(t *testing.T) {
	_, s, _ := newWatched(t, SessionOptions{})
	for range 3 {
		isr := mustRead(t, s.Registry(within(t), nil).Picture).Topic("t").Partition(0).ISR
		if !cmp.Equal(isr, []int32{0, 1}) {
			t.Fatalf("ISR %v", isr)
		}
		isr[0] = 99
	}
}

func TestNoMoreIsKeptThanAServerCanBear(t *testing.T) {
	var k keptStates
	for i := range maxKept + 10 {
		entry, found := k.find(fmt.Sprint(i), &cluster.Partition{})
		if found || (entry != nil) != (i < maxKept) {
			t.Fatalf("%d: entry %v, found %v", i, entry, found)
		}
	}
	k.fired("0")
	if entry, _ := k.find("new", &cluster.Partition{}); entry == nil {
		t.Error("there is no place for another")
	}
}

// TestANoticeBeforeTheAnswerIsSeen has a state change between its reading and the
// moment at which it would be kept.
func TestANoticeBeforeTheAnswerIsSeen(t *testing.T) {
	for what, happens := range map[string]func(k *keptStates){
		"a notice":          func(k *keptStates) { k.fired("/s") },
		"a lost connection": func(k *keptStates) { k.lost() },
		"another reading":   func(k *keptStates) { k.fired("/s"); k.find("/s", &cluster.Partition{}) },
	} {
		var k keptStates
		p := cluster.Partition{State: cluster.StateRecorded, Leader: 1}
		entry, _ := k.find("/s", &cluster.Partition{})
		if !k.wanted([]byte("/s")) {
			t.Error("the watch is not armed")
		}
		happens(&k)
		k.settle(entry, &p)
		if _, found := k.find("/s", &cluster.Partition{}); found {
			t.Errorf("after %s the state is kept", what)
		}
	}
}

// tree changes the fake's registry at random.
type tree struct{ z *fakeZooKeeper }

func (r tree) change() {
	topic := fmt.Sprint("r", rand.IntN(6))
	path := "/kafka/brokers/topics/" + topic
	partition := rand.IntN(5)
	switch n := rand.IntN(100); {
	case n < 70:
		r.z.set(statePath(topic, partition), fmt.Sprintf(
			`{"controller_epoch":1,"leader":%d,"version":1,"leader_epoch":%d,"isr":[%d]}`, rand.IntN(2)-1, rand.IntN(100), rand.IntN(3)))
	case n < 78:
		r.z.remove(statePath(topic, partition))
	case n < 82:
		r.z.set(statePath(topic, partition), "rubbish")
	case n < 90:
		r.z.set(path, `{"version":1,"partitions":{`+strings.Join(partitionList(1+rand.IntN(5)), ",")+`}}`)
	case n < 95:
		r.z.remove(path)
	case n < 97:
		r.z.set("/kafka/admin/delete_topics/"+topic, "")
	case n < 98:
		r.z.remove("/kafka/admin/delete_topics/" + topic)
	default:
		r.z.set("/kafka/controller", fmt.Sprintf(`{"version":1,"brokerid":%d,"timestamp":"1"}`, rand.IntN(2)))
	}
}

// sameAsFresh holds that a session that keeps states reads what one that does not
// keep any reads, when nothing changes.
func sameAsFresh(t *testing.T, round int, kept, fresh *Session) {
	t.Helper()
	got, want := kept.Registry(within(t), nil), fresh.Registry(within(t), nil)
	diff := cmp.Diff(mustRead(t, want.Picture), mustRead(t, got.Picture), cmp.AllowUnexported(cluster.Offset{}, cluster.Partition{}))
	if diff != "" {
		t.Fatalf("round %d: a full reading and one with kept states: %s", round, diff)
	}
	if diff := cmp.Diff(mustRead(t, want.Controller), mustRead(t, got.Controller)); diff != "" {
		t.Fatalf("round %d: %s", round, diff)
	}
	if len(got.Partitions.Faults) != len(want.Partitions.Faults) {
		t.Fatalf("round %d: faults %v, want %v", round, got.Partitions.Faults, want.Partitions.Faults)
	}
}

// TestKeptStatesUnderChaos changes thousands of znodes at random, before readings and
// in the midst of them, with connections that are lost and sessions that expire: what
// is kept is always what a full reading finds.
func TestKeptStatesUnderChaos(t *testing.T) {
	t.Parallel()
	z, s, _ := newWatched(t, SessionOptions{})
	fresh := newTestSession(t, SessionOptions{Chroot: "/kafka"}, z)
	r := tree{z}
	for round := range 500 {
		for range rand.IntN(12) {
			r.change()
		}
		if rand.IntN(3) == 0 { // while it is being read
			z.when(func(_ int32, path string) action {
				if rand.IntN(4) == 0 && strings.HasPrefix(path, "/kafka") {
					r.change()
				}
				if rand.IntN(1000) == 0 {
					return drop
				}
				return answer
			})
			s.Registry(within(t), nil)
			z.when(nil)
		}
		switch rand.IntN(50) {
		case 0:
			z.dropAll()
		case 1:
			z.expire()
		}
		sameAsFresh(t, round, s, fresh)
	}
}

// TestKeptStatesWhileAllMoves has changes and readings run side by side, so that
// notices and answers meet at every moment that there is.
func TestKeptStatesWhileAllMoves(t *testing.T) {
	t.Parallel()
	z, s, _ := newWatched(t, SessionOptions{})
	fresh := newTestSession(t, SessionOptions{Chroot: "/kafka"}, z)
	r := tree{z}
	for round := range 15 {
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for n := 0; !isClosed(stop); n++ {
				r.change()
				if rand.IntN(2000) == 0 {
					z.dropAll()
				}
				time.Sleep(time.Duration(rand.IntN(100)) * time.Microsecond)
			}
		})
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				for range 10 {
					s.Registry(within(t), nil)
				}
			})
		}
		readers.Wait()
		close(stop)
		wg.Wait()
		sameAsFresh(t, round, s, fresh)
	}
}
