package zookeeper

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
)

// newTestSession returns a session with these servers that is closed at the end.
func newTestSession(t testing.TB, opts SessionOptions, servers ...*fakeZooKeeper) *Session {
	t.Helper()
	for _, z := range servers {
		opts.Servers = append(opts.Servers, z.name())
	}
	s := NewSession(opts)
	t.Cleanup(s.Close)
	return s
}

// within is a context with a generous deadline for what must succeed.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func mustGet(t *testing.T, s *Session, path, want string) {
	t.Helper()
	node, err := s.get(within(t), path)
	if err != nil {
		t.Fatal(err)
	}
	if string(node.data) != want {
		t.Fatalf("%s holds %q, want %q", path, node.data, want)
	}
}

func TestSessionReads(t *testing.T) {
	z := newFakeZooKeeper(t)
	z.set("/kafka/a", "one")
	z.set("/kafka/a/b", "")
	s := newTestSession(t, SessionOptions{Chroot: "/kafka/"}, z)
	if greeted, _, _ := z.counts(); greeted != 0 {
		t.Error("it connected before the first call")
	}
	mustGet(t, s, "/a", "one")
	if node, err := s.list(within(t), "/a"); err != nil || len(node.children) != 1 || node.children[0] != "b" {
		t.Errorf("children %v, error %v", node.children, err)
	}
	if err := s.sync(within(t), "/a"); err != nil {
		t.Error(err)
	}
	_, err := s.stat(within(t), "/none")
	if !errors.Is(err, zk.ErrNoNode) || err.Error() != "look for /kafka/none: zk: node does not exist" {
		t.Errorf("error %v", err)
	}
	if greeted, _, _ := z.counts(); greeted != 1 {
		t.Errorf("%d connections for four calls", greeted)
	}
	s.Close()
	if _, _, sessions := z.counts(); sessions != 0 {
		t.Error("the session was left to expire")
	}
	if _, err := s.get(within(t), "/a"); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestSessionSurvivesLossAndExpiry(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	z.set("/a", "one")
	s := newTestSession(t, SessionOptions{}, z)
	mustGet(t, s, "/a", "one")
	z.dropAll()
	mustGet(t, s, "/a", "one")
	z.expire()
	mustGet(t, s, "/a", "one")

	// A connection that is lost under a call.
	var dropped atomic.Bool
	z.when(func(op int32, _ string) action {
		if op == opGetData && !dropped.Swap(true) {
			return drop
		}
		return answer
	})
	mustGet(t, s, "/a", "one")
	if !dropped.Load() {
		t.Error("nothing was dropped")
	}
}

func TestCallGivesUpOnConnectionsThatKeepBreaking(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	z.when(func(int32, string) action { return drop })
	s := newTestSession(t, SessionOptions{}, z)
	_, err := s.get(within(t), "/a")
	if err == nil || !strings.Contains(err.Error(), z.name()) || Reason(err) != string(cluster.ServerRefused) {
		t.Errorf("error %v, reason %s", err, Reason(err))
	}
	if _, requests, _ := z.counts(); requests > maxTries {
		t.Errorf("tried %d times, want at most %d", requests, maxTries)
	}
}

// TestHangingServer makes a hundred calls to a server that takes the session and
// answers nothing. Each returns by its deadline, and nothing piles up.
func TestHangingServer(t *testing.T) {
	for name, prepare := range map[string]func(*fakeZooKeeper){
		"no session": func(z *fakeZooKeeper) { z.whenGreeted(func(int) action { return hang }) },
		"no answers": func(z *fakeZooKeeper) { z.when(func(int32, string) action { return hang }) },
	} {
		t.Run(name, func(t *testing.T) {
			z := newFakeZooKeeper(t)
			prepare(z)
			s := newTestSession(t, SessionOptions{}, z)
			before := runtime.NumGoroutine()
			most := 0
			for range 120 {
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
				_, err := s.get(ctx, "/a")
				cancel()
				if Reason(err) != string(cluster.ServerTimeout) {
					t.Fatalf("error %v, reason %s", err, Reason(err))
				}
				if took := time.Since(began); took > time.Second {
					t.Fatalf("a call with 10 ms took %v", took)
				}
				most = max(most, runtime.NumGoroutine()-before)
			}
			// Of each link: the client's loops, the closing, the call, the fake's.
			if most > 30 {
				t.Errorf("%d goroutines more than before", most)
			}
			z.whenGreeted(nil)
			z.when(nil)
			z.set("/a", "thawed")
			mustGet(t, s, "/a", "thawed")
		})
	}
}

func TestManyCallsOverrunTogether(t *testing.T) {
	z := newFakeZooKeeper(t)
	z.when(func(int32, string) action { return hang })
	s := newTestSession(t, SessionOptions{}, z)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			if _, err := s.get(ctx, "/a"); Reason(err) != string(cluster.ServerTimeout) {
				t.Errorf("error %v", err)
			}
		})
	}
	wg.Wait()
	z.when(nil)
	z.set("/a", "thawed")
	mustGet(t, s, "/a", "thawed")
}

func TestNextServerAfterAHangingOne(t *testing.T) {
	frozen, good := newFakeZooKeeper(t), newFakeZooKeeper(t)
	good.set("/a", "good")
	frozen.when(func(int32, string) action { return hang })
	s := newTestSession(t, SessionOptions{}, frozen, good)
	s.hosts.next = 0
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.get(ctx, "/a"); err == nil || !strings.Contains(err.Error(), frozen.name()) {
		t.Errorf("error %v does not name the server that hangs", err)
	}
	mustGet(t, s, "/a", "good")
}
