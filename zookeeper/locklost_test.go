package zookeeper

import (
	"errors"
	"testing"

	"github.com/go-zookeeper/zk"
)

// first returns a hook that does this to the first request of a kind.
func first(op int32, path string, do func() action) func(int32, string) action {
	done := false
	return func(gotOp int32, gotPath string) action {
		if done || gotOp != op || gotPath != path {
			return answer
		}
		done = true
		return do()
	}
}

// A connection that is lost in the middle: what became of the request is looked up.
func TestLockWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(z *fakeZooKeeper) action{
		"done":                    func(*fakeZooKeeper) action { return dropAfter },
		"not done":                func(*fakeZooKeeper) action { return drop },
		"the session has expired": func(z *fakeZooKeeper) action { z.expire(); return drop },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			z := newFakeZooKeeper(t)
			l := newTestLock(t, z, "one")
			wantHeld(t, l, leaderPath, "one", true) // with the parents
			z.when(first(opCreate, actingPath, func() action { return lose(z) }))
			wantHeld(t, l, actingPath, "one", true)
			if err := l.Holds(within(t)); err != nil {
				t.Error(err)
			}
			z.when(first(opDelete, actingPath, func() action { return lose(z) }))
			if err := l.Done(within(t)); err != nil || z.node(actingPath) != nil {
				t.Errorf("%v, and there is %+v", err, z.node(actingPath))
			}
			z.when(first(opSync, actingPath, func() action { return lose(z) }))
			if err := l.Holds(within(t)); !errors.Is(err, ErrNotHeld) {
				t.Errorf("held: %v", err)
			}
		})
	}
}

// Another takes the lock while ours is being created or given up, in which our session
// ends: the other keeps it.
func TestLockThatIsTakenMeanwhile(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	l := newTestLock(t, z, "one")
	wantHeld(t, l, leaderPath, "one", true)
	take := func() action {
		z.expire()
		z.own(actingPath, `{"holder":"other"}`)
		return drop
	}
	z.when(first(opCreate, actingPath, take))
	wantHeld(t, l, actingPath, "other", false)
	z.remove(actingPath)
	wantHeld(t, l, actingPath, "one", true)
	z.when(first(opDelete, actingPath, take))
	if err := l.Done(within(t)); err != nil || z.node(actingPath) == nil {
		t.Errorf("%v, and the other's is gone", err)
	}
	wantHeld(t, l, actingPath, "other", false)
}

// own makes a znode an ephemeral one of a session that is not one of the clients'.
func (z *fakeZooKeeper) own(path, data string) {
	z.remove(path)
	z.set(path, data)
	z.mu.Lock()
	defer z.mu.Unlock()
	z.nodes[path].owner = -0x10
}

// What waits for a connection while the session expires must not be sent in the next one:
// it may delete another's.
func TestNothingIsSentInAnotherSession(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	l := newTestLock(t, z, "one")
	wantHeld(t, l, actingPath, "one", true)
	z.when(func(op int32, _ string) action {
		if op == opSync {
			return drop
		}
		return answer
	})
	_, err, _ := once(within(t), l.session, func(conn *zk.Conn) (none struct{}, err error) {
		z.whenGreeted(func(int) action { return drop }) // so that it must wait
		z.expire()
		z.own(actingPath, `{"holder":"other"}`)
		eventually(t, "the connection is lost", func() bool { return conn.State() != zk.StateHasSession })
		deleted := make(chan error, 1)
		go func() { deleted <- conn.Delete(actingPath, 0) }()
		z.whenGreeted(nil)
		return none, <-deleted
	})
	if err == nil || z.node(actingPath) == nil {
		t.Errorf("%v, and there is %+v", err, z.node(actingPath))
	}
	z.when(nil)
	wantHeld(t, l, actingPath, "other", false)
}
