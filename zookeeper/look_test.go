package zookeeper

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evenkeel/evenkeel/cluster"
)

// modesOf returns what Look tells of the servers' modes.
func modesOf(ctx context.Context, e *Ensemble) map[string]cluster.ServerMode {
	modes := make(map[string]cluster.ServerMode)
	for name, server := range e.Look(ctx) {
		modes[name] = server.Mode
	}
	return modes
}

// modesSoon calls Look until it tells of n servers.
func modesSoon(t *testing.T, e *Ensemble, n int) map[string]cluster.ServerMode {
	t.Helper()
	modes := make(map[string]cluster.ServerMode)
	eventually(t, "all servers are told of", func() bool {
		maps.Copy(modes, modesOf(within(t), e))
		return len(modes) == n
	})
	return modes
}

// TestModesAreThoseOfRead holds that whatever servers answer, and however they fail,
// both have the same to say.
func TestModesAreThoseOfRead(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	answers := []func(string, net.Conn){
		says(map[string]string{"srvr": recorded(t, "3.4.6", "srvr.txt")}),
		says(map[string]string{"srvr": recorded(t, "3.9.5", "srvr.txt")}),
		says(map[string]string{"srvr": recorded(t, "read-only.txt")}),
		says(map[string]string{"srvr": notServingReply}),
		says(map[string]string{"srvr": "Mode: king\n"}),
		says(map[string]string{"srvr": "\x15\x03\x01\x00\x02\x02\x28"}),
		says(map[string]string{"srvr": ""}),
		hangs, babbles,
	}
	names := []string{closed.Addr().String(), "no.such.host.invalid:2181", "without a port"}
	for _, answer := range answers {
		names = append(names, newWordServer(t, answer).name())
	}
	e := NewEnsemble(names, EnsembleOptions{})
	defer e.Close()
	want := make(map[string]cluster.ServerMode)
	out, _ := e.Read(within(t))
	for _, s := range out.Servers {
		want[s.Name] = s.Mode
	}
	if diff := cmp.Diff(want, modesSoon(t, e, len(names))); diff != "" {
		t.Errorf("modes of Read and of Modes: %s", diff)
	}
	if n := len(slices.Compact(slices.Sorted(maps.Values(want)))); n < 5 {
		t.Errorf("only %d different modes: %v", n, want)
	}
}

// TestASlowServerIsAskedOnce has a server answer after many calls: until then it is
// left out and not asked again, and then told of. The others are told of meanwhile.
func TestASlowServerIsAskedOnce(t *testing.T) {
	t.Parallel()
	thaw := make(chan struct{})
	reply := recorded(t, "3.4.6", "srvr.txt")
	slow := newWordServer(t, func(_ string, conn net.Conn) {
		<-thaw
		_, _ = io.WriteString(conn, reply)
	})
	quick := newWordServer(t, says(map[string]string{"srvr": reply}))
	e := NewEnsemble([]string{slow.name(), quick.name()}, EnsembleOptions{})
	defer e.Close()
	told := 0
	before := runtime.NumGoroutine()
	for range 50 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		modes := modesOf(ctx, e)
		cancel()
		if mode, known := modes[slow.name()]; known {
			t.Fatalf("the server that did not answer is %s", mode)
		}
		told += len(modes)
	}
	if n := runtime.NumGoroutine() - before; n > 20 {
		t.Errorf("%d goroutines more than before", n)
	}
	close(thaw)
	modes := modesSoon(t, e, 1)
	// Twice, because it serves: the second time an idle connection is open.
	if asked := len(slow.heard()); asked != 2 {
		t.Errorf("the slow server was asked %d times, want 2", asked)
	}
	if modes[slow.name()] != cluster.ModeFollower && modes[slow.name()] != cluster.ModeStandalone && modes[slow.name()] != cluster.ModeLeader {
		t.Errorf("modes %v", modes)
	}
	if asked := len(quick.heard()); asked != 2 || told != 1 {
		t.Errorf("the quick server was asked %d times, and told of %d times", asked, told)
	}
}

// TestFrozenServerIsUnreachableInTheEnd has one thaw after it was taken for dead.
func TestFrozenServerIsUnreachableInTheEnd(t *testing.T) {
	t.Parallel()
	server := newWordServer(t, hangs)
	e := NewEnsemble([]string{server.name()}, EnsembleOptions{})
	defer e.Close()
	if modes := modesSoon(t, e, 1); modes[server.name()] != cluster.ModeUnreachable {
		t.Errorf("modes %v", modes)
	}
	server.become(says(map[string]string{"srvr": recorded(t, "3.4.6", "srvr.txt")}))
	if modes := modesSoon(t, e, 1); modes[server.name()] == cluster.ModeUnreachable {
		t.Errorf("modes %v", modes)
	}
}

// TestAServerThatDoesNotAllowItIsLeftAlone until Read finds that it does now.
func TestAServerThatDoesNotAllowItIsLeftAlone(t *testing.T) {
	server := newWordServer(t, says(nil))
	e := NewEnsemble([]string{server.name()}, EnsembleOptions{})
	defer e.Close()
	for range 20 {
		if modes := modesOf(within(t), e); len(modes) > 0 {
			t.Errorf("modes %v", modes)
		}
	}
	if asked := len(server.heard()); asked != 1 {
		t.Errorf("asked %d times, want 1", asked)
	}
	e.Read(within(t))
	server.heard()
	if modesOf(within(t), e); len(server.heard()) > 0 {
		t.Error("it was asked although Read found that it does not allow it")
	}
	server.become(says(map[string]string{"srvr": recorded(t, "3.4.6", "srvr.txt")}))
	if modesOf(within(t), e); len(server.heard()) > 0 {
		t.Error("it was asked before Read was")
	}
	e.Read(within(t))
	if modes := modesOf(within(t), e); len(modes) != 1 {
		t.Errorf("modes %v", modes)
	}
}

func TestModesOfAPanic(t *testing.T) {
	e := NewEnsemble([]string{"zk1:2181"}, EnsembleOptions{Dial: func(context.Context, string, string) (net.Conn, error) {
		panic(errors.New("boom"))
	}})
	out, _ := e.Read(within(t))
	if modes := modesOf(within(t), e); modes["zk1:2181"] != out.Servers[0].Mode {
		t.Errorf("modes %v, want %s", modes, out.Servers[0].Mode)
	}
}

func TestModesFromManySides(t *testing.T) {
	server := newWordServer(t, says(map[string]string{"srvr": recorded(t, "3.4.6", "srvr.txt")}))
	e := NewEnsemble([]string{server.name()}, EnsembleOptions{})
	defer e.Close()
	var wg sync.WaitGroup
	var told atomic.Int32
	for range 20 {
		wg.Go(func() {
			for range 20 {
				told.Add(int32(len(modesOf(within(t), e))))
			}
		})
		wg.Go(func() { e.Read(within(t)) })
	}
	wg.Wait()
	if told.Load() == 0 {
		t.Error("nobody was told")
	}
}

// TestAServerIsAskedAgainWhenItsIdleConnectionEnds, and as long as it does not serve.
func TestAServerIsAskedAgainWhenItsIdleConnectionEnds(t *testing.T) {
	server := newWordServer(t, says(map[string]string{"srvr": recorded(t, "3.4.6", "srvr.txt")}))
	e := NewEnsemble([]string{server.name()}, EnsembleOptions{})
	defer e.Close()
	asked := func(what string, want int) {
		t.Helper()
		for range 10 {
			modesOf(within(t), e)
		}
		if got := len(server.heard()); got != want {
			t.Errorf("%s: asked %d times in 10 looks, want %d", what, got, want)
		}
	}
	e.members[0].atOnce = 0
	asked("it serves, and again with the connection open", 2)
	server.hangUp()
	eventually(t, "the end of the connection is noticed", func() bool { return len(modesOf(within(t), e)) == 1 })
	server.heard()
	asked("it serves anew", 0)
	server.become(says(map[string]string{"srvr": notServingReply}))
	asked("it tells nobody that it stopped", 0)
	e.Read(within(t)) // but a poll finds out
	server.heard()
	asked("it does not serve", 10)
	server.become(says(map[string]string{"srvr": recorded(t, "3.4.6", "srvr.txt")}))
	asked("it serves again", 2)
}

// TestAServerThatEndsIdleConnectionsIsAsked, and not given another one each time.
func TestAServerThatEndsIdleConnectionsIsAsked(t *testing.T) {
	server := newWordServer(t, says(map[string]string{"srvr": recorded(t, "3.4.6", "srvr.txt")}))
	e := NewEnsemble([]string{server.name()}, EnsembleOptions{})
	defer e.Close()
	e.members[0].atOnce = time.Hour
	modesSoon(t, e, 1)
	server.hangUp()
	eventually(t, "the end of the connection is noticed", func() bool { return len(modesOf(within(t), e)) == 1 })
	server.heard()
	for range 10 {
		modesOf(within(t), e)
	}
	if asked := len(server.heard()); asked != 10 {
		t.Errorf("asked %d times in 10 looks", asked)
	}
}

// TestAServerWithRoomForOneConnectionServes: an idle connection must not take the last
// one that there is for a question.
func TestAServerWithRoomForOneConnectionServes(t *testing.T) {
	reply := recorded(t, "3.4.6", "srvr.txt")
	full := newWordServer(t, says(map[string]string{"srvr": reply}))
	var mu sync.Mutex
	open := 0
	e := NewEnsemble([]string{full.name()}, EnsembleOptions{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		if open > 0 {
			return nil, errors.New("no more connections")
		}
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		open++
		return &closeTeller{Conn: conn, done: func() { mu.Lock(); defer mu.Unlock(); open-- }}, err
	}})
	defer e.Close()
	for range 10 {
		if modes := modesOf(within(t), e); modes[full.name()] == cluster.ModeUnreachable || len(modes) != 1 {
			t.Fatalf("modes %v", modes)
		}
	}
}

// closeTeller is a connection that tells once that it is closed.
type closeTeller struct {
	net.Conn
	once sync.Once
	done func()
}

func (c *closeTeller) Close() error {
	c.once.Do(c.done)
	return c.Conn.Close()
}

// BenchmarkModes asks three servers, which end their idle connections each time.
func BenchmarkModes(b *testing.B) {
	var names []string
	for range 3 {
		names = append(names, newWordServer(b, says(map[string]string{"srvr": recorded(b, "3.4.6", "srvr.txt")})).name())
	}
	e := NewEnsemble(names, EnsembleOptions{})
	defer e.Close()
	b.ReportAllocs()
	for b.Loop() {
		if modes := modesOf(b.Context(), e); len(modes) != len(names) {
			b.Fatal(modes)
		}
		for _, m := range e.members {
			m.release(nil)
		}
	}
}
