//go:build cluster

package zookeeper

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/testbed"
)

// startElectable starts two brokers of a release with a topic, whose first broker was
// killed and has come back, so that the other one leads all of it.
func startElectable(t *testing.T, spec testbed.Spec) (*testbed.Cluster, SessionOptions) {
	t.Helper()
	spec.ZooKeepers, spec.Brokers, spec.Chroot = 1, 2, "/kafka"
	c := testbed.StartT(t, spec)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.CreateTopic(t.Context(), "orders", [][]int32{{0, 1}, {1, 0}, {0, 1}}))
	must(c.CreateTopic(t.Context(), "doomed", [][]int32{{0, 1}}))
	opts := SessionOptions{Servers: []string{c.ZooKeeper(0).Addr()}, Chroot: "/kafka"}
	s := newTestSession(t, opts)
	must(c.Broker(0).Kill())
	awaitLeaders(t, s, 1, 1, 1)
	must(c.Broker(0).Start(t.Context()))
	awaitISR(t, s)
	return c, opts
}

// states reads the partitions of "orders".
func states(t *testing.T, s *Session) []cluster.Partition {
	t.Helper()
	var f faults
	topics, err := s.readTopics(within(t), []string{"orders"}, &f)
	if err != nil || len(topics) != 1 || len(f.all()) > 0 {
		t.Fatalf("%d topics, %v, %v", len(topics), err, f.all())
	}
	return topics[0].Partitions
}

func awaitLeaders(t *testing.T, s *Session, want ...int32) {
	t.Helper()
	eventually(t, "the leaders are as wanted", func() bool {
		var leaders []int32
		for _, p := range states(t, s) {
			leaders = append(leaders, p.Leader)
		}
		return slices.Equal(leaders, want)
	})
}

func awaitISR(t *testing.T, s *Session) {
	t.Helper()
	eventually(t, "all replicas are in sync", func() bool {
		return !slices.ContainsFunc(states(t, s), func(p cluster.Partition) bool { return len(p.ISR) < 2 })
	})
}

// TestElectionsOfReleases has real controllers take elections: of whom anybody may read
// and of whom only the owner may change, and never of a topic that is deleted while its
// election is about to be written.
func TestElectionsOfReleases(t *testing.T) {
	for _, kafka := range []string{"0.9.0.1", "1.1.1"} {
		t.Run(kafka, func(t *testing.T) { electionsOf(t, kafka) })
	}
}

func electionsOf(t *testing.T, kafka string) {
	c, opts := startElectable(t, testbed.Spec{Kafka: kafka, ZooKeeper: "3.4.6"})
	s := newTestSession(t, opts)
	ask := map[string][]int32{"orders": {0}, "doomed": {0}, "none": {0}}
	planned, err := s.planElection(within(t), ask)
	if err != nil || len(planned.partitions) != 2 {
		t.Fatalf("planned %v, %v", planned.partitions, err)
	}
	if err := c.DeleteTopic(t.Context(), "doomed"); err != nil {
		t.Fatal(err)
	}
	if err := s.writeElection(within(t), planned); !errors.Is(err, errTopicChanged) || !strings.Contains(err.Error(), "/doomed") {
		t.Errorf("of a topic that was deleted meanwhile: %v", err)
	}
	if pending, err := s.ElectionPending(within(t)); pending || err != nil {
		t.Errorf("pending %v, %v", pending, err)
	}
	began := time.Now()
	written, err := s.ElectPreferred(within(t), ask)
	if err != nil {
		t.Error(err)
	}
	t.Logf("elected within %v", time.Since(began))
	wantWritten(t, written, map[string][]int32{"orders": {0}})
	awaitLeaders(t, s, 0, 1, 1)

	// Whoever authenticates owns the znode, and the brokers take it all the same.
	opts.Auth = digest(passwordOf(secret))
	owner := newTestSession(t, opts)
	if _, err := owner.ElectPreferred(within(t), map[string][]int32{"orders": {0, 1, 2}}); err != nil {
		t.Error(err)
	}
	awaitLeaders(t, s, 0, 1, 0)
}

// TestLocksOfReleases has real servers end sessions.
func TestLocksOfReleases(t *testing.T) {
	for _, release := range []string{"3.4.6", "3.9.5"} {
		t.Run(release, func(t *testing.T) {
			c := testbed.StartT(t, testbed.Spec{ZooKeeper: release, ZooKeeperOnly: true, ZooKeepers: 1})
			lock := func(self string) *Lock {
				l := NewLock(SessionOptions{Servers: []string{c.ZooKeeper(0).Addr()}, Timeout: 2 * time.Second}, "/evenkeel", self)
				t.Cleanup(l.Close)
				return l
			}
			one, two := lock("one"), lock("two")
			acts := func(l *Lock, want string) bool {
				holder, acting, err := l.Act(within(t))
				return err == nil && holder == want && acting == (want == l.self)
			}
			if !acts(one, "one") || !acts(two, "one") || one.Holds(within(t)) != nil {
				t.Fatal("the first does not hold it")
			}
			if version, err := one.Store(within(t), []byte("seen"), -1); version != 0 || err != nil {
				t.Errorf("stored %d, %v", version, err)
			}
			if _, err := two.Store(within(t), []byte("stale"), -1); !errors.Is(err, ErrStale) {
				t.Errorf("stored: %v", err)
			}
			if data, version, err := two.Load(within(t)); string(data) != "seen" || version != 0 || err != nil {
				t.Errorf("loaded %q, %d, %v", data, version, err)
			}
			// A process that is cut off: its session ends by itself.
			one.session.mu.Lock()
			link := one.session.link
			one.session.mu.Unlock()
			link.dialer.sever()
			eventually(t, "another takes over", func() bool { return acts(two, "two") })
			if err := one.Holds(within(t)); !errors.Is(err, ErrNotHeld) {
				t.Errorf("held: %v", err)
			}
			if err := one.Resign(within(t)); err != nil || two.Holds(within(t)) != nil {
				t.Errorf("the second's was given up, %v", err)
			}
			two.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if holder, acting, err := one.Act(ctx); holder != "one" || !acting || err != nil {
				t.Errorf("after a session that was closed: %q, %v, %v", holder, acting, err)
			}
		})
	}
}
