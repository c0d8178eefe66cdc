package zookeeper

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/google/go-cmp/cmp"
)

// told gathers what a session tells.
type told struct {
	mu   sync.Mutex
	list []string
}

func (h *told) hear(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, what)
}

// all returns what was told so far, and forget begins anew.
func (h *told) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.list)
}

func (h *told) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = nil
}

// expect waits until exactly this was told, in any order, and begins anew.
func (h *told) expect(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(want)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		got := h.all()
		slices.Sort(got)
		if slices.Equal(got, want) {
			h.forget()
			return
		}
		if time.Now().After(deadline) || len(got) > len(want) {
			t.Fatalf("told %q, want %q", got, want)
		}
	}
}

// newWatched is newKafka with a session that tells.
func newWatched(t *testing.T, opts SessionOptions) (*fakeZooKeeper, *Session, *told) {
	z, _ := newKafka(t)
	z.set("/kafka/isr_change_notification", "")
	h := &told{}
	opts.Chroot, opts.Changed = "/kafka", h.hear
	return z, newTestSession(t, opts, z), h
}

func readAll(t *testing.T, s *Session) {
	t.Helper()
	mustRead(t, s.Registry(within(t), nil).Picture)
}

// settled makes a round trip: whatever the fake sent before has been heard.
func settled(t *testing.T, s *Session) {
	t.Helper()
	if err := s.sync(within(t), idsPath); err != nil {
		t.Fatal(err)
	}
}

func TestEveryChangeIsToldOnce(t *testing.T) {
	z, s, h := newWatched(t, SessionOptions{})
	readAll(t, s)
	for path, change := range map[string]func(n int){
		idsPath:           func(n int) { z.set(fmt.Sprint("/kafka/brokers/ids/", 10+n), broker28) },
		controllerPath:    func(n int) { z.set("/kafka/controller", fmt.Sprintf(`{"version":1,"brokerid":%d,"timestamp":"1"}`, n)) },
		topicsPath:        func(n int) { z.set(fmt.Sprint("/kafka/brokers/topics/new", n), `{"version":1,"partitions":{}}`) },
		notificationsPath: func(n int) { z.set(fmt.Sprintf("/kafka/isr_change_notification/isr_change_%010d", n), "{}") },
		deletePath:        func(n int) { z.set(fmt.Sprint("/kafka/admin/delete_topics/t", n), "") },
		electionPath: func(n int) {
			z.set("/kafka/admin/preferred_replica_election", fmt.Sprintf(`{"version":1,"partitions":[],"n":%d}`, n))
		},
		reassignPath: func(n int) {
			z.set("/kafka/admin/reassign_partitions", fmt.Sprintf(`{"version":1,"partitions":[],"n":%d}`, n))
		},
	} {
		for round := range 2 { // the second finds what the first has made
			for n := range 100 {
				change(100*round + n)
			}
			h.expect(t, path)
			settled(t, s)
			if again := h.all(); len(again) > 0 {
				t.Errorf("%s: before it was read again, %q was told", path, again)
			}
			readAll(t, s)
		}
	}
	for path, gone := range map[string]string{
		controllerPath: "/kafka/controller", electionPath: "/kafka/admin/preferred_replica_election",
		reassignPath: "/kafka/admin/reassign_partitions",
	} {
		z.remove(gone)
		h.expect(t, path)
		z.set(gone, `{"version":1,"brokerid":0,"timestamp":"1","partitions":[]}`)
		settled(t, s)
		if again := h.all(); len(again) > 0 {
			t.Errorf("%s: before it was read again, %q was told", path, again)
		}
		readAll(t, s)
	}
}

// A change between two readings of one poll falls to the later one or is told.
func TestAChangeWhileReadingIsTold(t *testing.T) {
	z, s, h := newWatched(t, SessionOptions{})
	var once sync.Once
	z.when(func(_ int32, path string) action {
		if path == statePath("t", 1) {
			once.Do(func() { z.set("/kafka/isr_change_notification/isr_change_1", "{}") })
		}
		return answer
	})
	readAll(t, s)
	h.expect(t, notificationsPath)
}

// What is not there when it is first read is told of when it comes.
func TestTheFirstBrokerIsTold(t *testing.T) {
	z := newFakeZooKeeper(t)
	h := &told{}
	s := newTestSession(t, SessionOptions{Chroot: "/kafka", Changed: h.hear}, z)
	if got := s.Registry(within(t), nil); got.Registrations.OK() {
		t.Fatalf("got %+v", got)
	}
	z.set("/kafka/brokers/ids/0", broker09)
	h.expect(t, idsPath)
	readAll(t, s)
	z.set("/kafka/brokers/topics/t", `{"version":1,"partitions":{}}`)
	h.expect(t, topicsPath)
	z.set("/kafka/controller", `{"version":1,"brokerid":0,"timestamp":"1"}`)
	h.expect(t, controllerPath)
}

func TestForbiddenZnodesAreNotWatchedAndSpoilNothing(t *testing.T) {
	z, s, h := newWatched(t, SessionOptions{})
	z.forbid("/kafka/isr_change_notification")
	z.forbid("/kafka/admin/delete_topics")
	got := s.Registry(within(t), nil)
	mustRead(t, got.Picture)
	if len(got.Members.Faults) > 0 {
		t.Errorf("faults %v", got.Members.Faults)
	}
	z.set("/kafka/isr_change_notification/isr_change_1", "{}")
	z.set("/kafka/brokers/ids/7", broker28)
	h.expect(t, idsPath)
}

// TestWatchesDoNotPileUp reads five hundred times, on connections that come and go:
// there is one watch of a kind for each path at the server, and the client library,
// which keeps those it knows of for ever, knows of none: it would arm them anew on
// the next connection, which the fake takes for a fault.
func TestWatchesDoNotPileUp(t *testing.T) {
	z, s, _ := newWatched(t, SessionOptions{})
	readAll(t, s)
	before := runtime.NumGoroutine()
	for n := range 500 {
		readAll(t, s)
		if n%100 == 50 {
			z.dropAll()
		}
	}
	want := map[string]int{statePath("t", 0): 1, statePath("t", 1): 1}
	for _, path := range watchedPaths {
		want["/kafka"+path] = 1
	}
	if diff := cmp.Diff(want, z.armed()); diff != "" {
		t.Errorf("watches: %s", diff)
	}
	eventually(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= before+2 })
}

// Notifications that nobody takes away are not listed at every poll.
func TestWhatIsArmedIsNotReadForNothing(t *testing.T) {
	z, s, h := newWatched(t, SessionOptions{})
	readAll(t, s)
	read := z.readPaths()
	for range 5 {
		readAll(t, s)
	}
	if n := read["/kafka"+notificationsPath] + read["/kafka"+electionPath]; n > 0 {
		t.Errorf("%d requests for watches that are armed", n)
	}
	z.set("/kafka/isr_change_notification/isr_change_1", "{}")
	h.expect(t, notificationsPath)
	readAll(t, s)
	if n := read["/kafka"+notificationsPath]; n != 1 {
		t.Errorf("%d requests for a watch that fired, want 1", n)
	}
}

// Without anybody to tell there are neither watches nor requests for them.
func TestNothingIsWatchedForNobody(t *testing.T) {
	z, s := newKafka(t)
	read := z.readPaths()
	readAll(t, s)
	if armed := z.armed(); len(armed) > 0 || read["/kafka"+electionPath]+read["/kafka"+notificationsPath] > 0 {
		t.Errorf("watches %v, read %v", armed, read)
	}
}

func TestLossAndReturnOfTheSessionAreToldOnce(t *testing.T) {
	t.Parallel()
	z, s, h := newWatched(t, SessionOptions{})
	readAll(t, s)
	if first := h.all(); len(first) > 0 {
		t.Errorf("the first session was told of: %q", first)
	}
	var refused sync.WaitGroup
	refused.Add(3)
	z.whenGreeted(func(n int) action {
		if n <= 5 {
			refused.Done()
		}
		return drop
	})
	z.mu.Lock()
	z.greeted = 2
	z.mu.Unlock()
	z.dropAll()
	refused.Wait()
	h.expect(t, sessionNotice)
	z.whenGreeted(nil)
	h.expect(t, sessionNotice)

	// The watches went with the connection, and come with the next reading.
	z.set("/kafka/brokers/ids/8", broker28)
	settled(t, s)
	if got := h.all(); len(got) > 0 {
		t.Errorf("told %q", got)
	}
	readAll(t, s)
	z.set("/kafka/brokers/ids/9", broker28)
	h.expect(t, idsPath)

	z.expire()
	h.expect(t, sessionNotice, sessionNotice)
	readAll(t, s)
	z.set("/kafka/brokers/ids/10", broker28)
	h.expect(t, idsPath)
}

// A session that nobody got when it was wanted is told of when there is one.
func TestReturnOfAnEnsembleThatWasNeverThere(t *testing.T) {
	t.Parallel()
	z, s, h := newWatched(t, SessionOptions{})
	z.whenGreeted(func(int) action { return drop })
	for range 2 {
		if got := s.Registry(within(t), nil); got.Registrations.OK() {
			t.Fatalf("got %+v", got)
		}
	}
	if got := h.all(); len(got) > 0 {
		t.Errorf("told %q", got)
	}
	z.whenGreeted(nil)
	h.expect(t, sessionNotice)
}

// TestALinkThatWasGivenUpTellsNothingMore has a call overrun: that the session is
// lost is told, the next one as well, and what is left of the old one is silent.
func TestALinkThatWasGivenUpTellsNothingMore(t *testing.T) {
	t.Parallel()
	z, s, h := newWatched(t, SessionOptions{})
	readAll(t, s)
	z.when(func(int32, string) action { return hang })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got := s.Registry(ctx, nil); got.Registrations.OK() {
		t.Fatalf("got %+v", got)
	}
	h.expect(t, sessionNotice)
	z.when(nil)
	readAll(t, s)
	h.expect(t, sessionNotice)
	z.set("/kafka/brokers/ids/9", broker28)
	h.expect(t, idsPath)
}

// TestNothingIsToldAfterClose closes a session while everything changes.
func TestNothingIsToldAfterClose(t *testing.T) {
	t.Parallel()
	for range 10 {
		var mu sync.Mutex
		closed, times := false, 0
		z := newFakeZooKeeper(t)
		z.set("/brokers/ids/0", broker28)
		s := newTestSession(t, SessionOptions{Changed: func(what string) {
			mu.Lock()
			defer mu.Unlock()
			times++
			if closed {
				t.Errorf("told %q after Close", what)
			}
		}}, z)
		readAll(t, s)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for n := 0; !isClosed(stop); n++ {
				z.set(fmt.Sprint("/brokers/ids/", n), broker28)
				if n%10 == 0 {
					z.dropAll()
				}
				time.Sleep(100 * time.Microsecond)
			}
		})
		wg.Go(func() {
			for !isClosed(stop) {
				s.Registry(within(t), nil)
			}
		})
		eventually(t, "it tells", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return times > 5
		})
		s.Close()
		mu.Lock()
		closed = true
		mu.Unlock()
		close(stop)
		wg.Wait()
	}
}

// A server that tells of what was not asked for is not believed.
func TestOddNoticesAreNotTold(t *testing.T) {
	z, s, h := newWatched(t, SessionOptions{})
	readAll(t, s)
	z.mu.Lock()
	for c := range z.watches {
		for _, path := range []string{"/", "/brokers/ids", "/kafka", "/kafka/brokers/topics/t", strings.Repeat("x", 1<<16)} {
			var notice jute
			notice.int32(-1).int64(-1).int32(0).int32(eventChildren).int32(syncConnected).bytes([]byte(path))
			writeFrame(c, notice)
		}
		_ = c.Flush()
	}
	z.mu.Unlock()
	settled(t, s)
	if got := h.all(); len(got) > 0 {
		t.Errorf("told %q", got)
	}
}

func TestArmSetsOneBitInReadingsOfWatchedPaths(t *testing.T) {
	list := newWatchList(SessionOptions{Chroot: "/kafka", Changed: func(string) {}})
	request := func(op int32, path string) []byte {
		var j jute
		j.int32(int32(13 + len(path))).int32(7).int32(op).bytes([]byte(path))
		return append(j, 0)
	}
	for _, op := range []int32{opExists, opGetData, opChildren} {
		plain, armed := request(op, "/kafka/controller"), request(op, "/kafka/controller")
		list.arm(armed)
		if armed[len(armed)-1] != 1 || !slices.Equal(plain[:len(plain)-1], armed[:len(armed)-1]) {
			t.Errorf("operation %d: %x became %x", op, plain, armed)
		}
		other := request(op, "/controller")
		if list.arm(other); other[len(other)-1] != 0 {
			t.Errorf("operation %d is armed for a path that is not watched", op)
		}
	}
	odd := request(opGetData, "/kafka/controller")
	odd[15]++
	for _, r := range [][]byte{nil, make([]byte, 12), make([]byte, 17), request(opSync, "/kafka/controller"), odd} {
		got := slices.Clone(r)
		if list.arm(got); !slices.Equal(got, r) {
			t.Errorf("%x became %x", r, got)
		}
	}
}

// To close a session is no news, and what is left of a link that was given up neither.
func TestTheEndIsNotTold(t *testing.T) {
	_, s, h := newWatched(t, SessionOptions{})
	readAll(t, s)
	s.Close()
	if got := h.all(); len(got) > 0 {
		t.Errorf("Close told %q", got)
	}
	late := &told{}
	n := &notices{changed: late.hear, watched: newWatchList(SessionOptions{Changed: late.hear})}
	old := &link{}
	n.silence(old)
	for _, event := range []zk.Event{
		{Type: zk.EventSession, State: zk.StateHasSession},
		{Type: zk.EventNodeChildrenChanged, Path: idsPath},
		{Type: zk.EventSession, State: zk.StateDisconnected},
	} {
		n.take(old, event)
	}
	if got := late.all(); len(got) > 0 {
		t.Errorf("told %q", got)
	}
	n.take(&link{}, zk.Event{Type: zk.EventSession, State: zk.StateHasSession})
	late.expect(t, sessionNotice)
}
