package zookeeper

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestWhyThereIsNoSession(t *testing.T) {
	gone := func(err error) DialFunc {
		return func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		}
	}
	for _, c := range []struct {
		name   string
		greet  action
		dial   DialFunc
		reason cluster.ServerStatus
	}{
		{"refused", answer, gone(errors.New("connection refused")), cluster.ServerRefused},
		{"unresolvable", answer, gone(&net.DNSError{Err: "no such host", Name: "zk1"}), cluster.ServerUnresolvable},
		{"no quorum", drop, nil, cluster.ServerNotServing},
		{"an HTTP server", babble, nil, cluster.ServerBadReply},
		{"frozen", hang, nil, cluster.ServerTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			z := newFakeZooKeeper(t)
			z.whenGreeted(func(int) action { return c.greet })
			s := newTestSession(t, SessionOptions{Dial: c.dial}, z)
			began := time.Now()
			_, err := s.get(within(t), "/a")
			if err == nil || !strings.Contains(err.Error(), "no session with ZooKeeper: ") || !strings.Contains(err.Error(), z.name()) {
				t.Errorf("error %v", err)
			}
			if got := Reason(err); got != string(c.reason) {
				t.Errorf("reason %s, want %s: %v", got, c.reason, err)
			}
			// Well before the call's deadline: it need not wait for what is known.
			if took := time.Since(began); took > greetTimeout+2*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestNamesAreResolvedAtEachDial moves a server to another address.
func TestNamesAreResolvedAtEachDial(t *testing.T) {
	t.Parallel()
	first, second := newFakeZooKeeper(t), newFakeZooKeeper(t)
	first.set("/a", "first")
	second.set("/a", "second")
	var address atomic.Value
	address.Store("")
	s := newTestSession(t, SessionOptions{
		Servers: []string{"zk1:2181", "zk2:2181"},
		Dial: func(ctx context.Context, network, name string) (net.Conn, error) {
			target := address.Load().(string)
			if name == "zk2:2181" || target == "" {
				return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: name}}
			}
			return defaultDial(ctx, network, target)
		},
	})
	if _, err := s.get(within(t), "/a"); Reason(err) != string(cluster.ServerUnresolvable) {
		t.Fatalf("error %v", err)
	}
	address.Store(first.name())
	eventually(t, "a name that now resolves is found", func() bool {
		node, err := s.get(within(t), "/a")
		return err == nil && string(node.data) == "first"
	})
	address.Store(second.name())
	first.dropAll()
	mustGet(t, s, "/a", "second")
}

// TestSessionThatNobodyTakesBack has an ensemble that refuses the old session, as
// one does that lost its data, and takes a new one.
func TestSessionThatNobodyTakesBack(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	z.set("/a", "one")
	s := newTestSession(t, SessionOptions{Timeout: 100 * time.Millisecond}, z)
	mustGet(t, s, "/a", "one")
	s.mu.Lock()
	old := s.link
	s.mu.Unlock()
	z.whenGreeted(func(int) action { return drop })
	z.dropAll()
	eventually(t, "the session is given up", func() bool {
		_, _ = s.get(within(t), "/a")
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.link != old
	})
	z.whenGreeted(nil)
	mustGet(t, s, "/a", "one")
}
