package zookeeper

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
)

const (
	lockPath   = "/kafka/evenkeel"
	actingPath = lockPath + actingName
	leaderPath = lockPath + leaderName
	statePath0 = lockPath + stateName
)

// newTestLock returns a lock of a fake that may be written to, which is closed at the end.
func newTestLock(t *testing.T, z *fakeZooKeeper, self string) *Lock {
	t.Helper()
	z.mu.Lock()
	z.writable = true
	z.mu.Unlock()
	z.set("/kafka", "")
	l := NewLock(SessionOptions{Servers: []string{z.name()}, Chroot: "/kafka"}, "evenkeel/", self)
	t.Cleanup(l.Close)
	return l
}

// claims are the two that are held alike.
var claims = map[string]func(*Lock, context.Context) (string, bool, error){
	leaderPath: (*Lock).Lead, actingPath: (*Lock).Act,
}

func wantHeld(t *testing.T, l *Lock, path, want string, ours bool) {
	t.Helper()
	holder, is, err := claims[path](l, within(t))
	if err != nil || holder != want || is != ours {
		t.Errorf("%s is held by %q, ours %v, %v; want %q, %v", path, holder, is, err, want, ours)
	}
}

func TestNothingIsWrittenByALockThatOnlyReads(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	l := newTestLock(t, z, "one")
	if greeted, _, _ := z.counts(); greeted != 0 {
		t.Error("it connected before the first call")
	}
	if data, version, err := l.Load(within(t)); data != nil || version != -1 || err != nil {
		t.Errorf("loaded %q, %d, %v", data, version, err)
	}
	if err := l.Holds(within(t)); !errors.Is(err, ErrNotHeld) || !strings.Contains(err.Error(), actingPath) {
		t.Errorf("held: %v", err)
	}
	if err := l.Resign(within(t)); err != nil {
		t.Error(err)
	}
	wantWrites(t, z)
	if timeout := l.session.opts.Timeout; timeout != 6*time.Second {
		t.Errorf("session timeout %v", timeout)
	}
}

func TestLockIsHeldByOne(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	one, two := newTestLock(t, z, "one"), newTestLock(t, z, "two")
	for path := range claims {
		wantHeld(t, one, path, "one", true)
		wantHeld(t, two, path, "one", false)
		wantHeld(t, one, path, "one", true)
		node := z.node(path)
		var claim claimJSON
		if err := json.Unmarshal(node.data, &claim); err != nil || node.owner == 0 || claim.Holder != "one" || time.Since(claim.Since) > time.Hour {
			t.Errorf("%s is %+v: %s", path, node, node.data)
		}
	}
	if err := one.Holds(within(t)); err != nil {
		t.Error(err)
	}
	if err := two.Holds(within(t)); !errors.Is(err, ErrNotHeld) || !strings.HasSuffix(err.Error(), "held by one") {
		t.Errorf("held: %v", err)
	}
	if err := errors.Join(two.Done(within(t)), two.Resign(within(t))); err != nil || z.node(actingPath) == nil {
		t.Errorf("another gave it up: %v", err)
	}
	if err := one.Done(within(t)); err != nil || one.Holds(within(t)) == nil {
		t.Errorf("given up, %v", err)
	}
	wantHeld(t, two, actingPath, "two", true)
	wantHeld(t, two, leaderPath, "one", false)
	if err := one.Resign(within(t)); err != nil {
		t.Error(err)
	}
	wantHeld(t, two, leaderPath, "two", true)
	two.Close()
	wantHeld(t, one, actingPath, "one", true)
	if _, _, err := two.Lead(within(t)); !errors.Is(err, errClosed) {
		t.Errorf("of a closed lock: %v", err)
	}
	if node := z.node(lockPath); node.owner != 0 || node.acl != "31 world:anyone" {
		t.Errorf("the parent is %+v", node)
	}
}

// The end of a session takes everything away, whether or not another has it by then.
func TestLockAfterItsSession(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	one, two := newTestLock(t, z, "one"), newTestLock(t, z, "two")
	wantHeld(t, one, leaderPath, "one", true)
	wantHeld(t, one, actingPath, "one", true)
	z.dropAll() // which costs the connection and not the session
	if err := one.Holds(within(t)); err != nil {
		t.Error(err)
	}
	z.expire()
	if err := one.Holds(within(t)); !errors.Is(err, ErrNotHeld) {
		t.Errorf("held: %v", err)
	}
	wantHeld(t, one, actingPath, "one", true)
	z.expire()
	wantHeld(t, two, actingPath, "two", true)
	if err := one.Holds(within(t)); !errors.Is(err, ErrNotHeld) {
		t.Errorf("held: %v", err)
	}
	wantHeld(t, one, actingPath, "two", false)
	wantHeld(t, one, leaderPath, "one", true)
}

func TestForeignZnodesInPlaceOfALock(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	l := newTestLock(t, z, "one")
	z.set(actingPath, `{"holder":"somebody"}`) // which is not ephemeral
	if _, acting, err := l.Act(within(t)); acting || err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("acting %v, %v", acting, err)
	}
	if err := l.Holds(within(t)); !errors.Is(err, ErrNotHeld) {
		t.Errorf("held: %v", err)
	}
	for data, want := range map[string]string{
		"rubbish": "session 0xfffffffffffffff0", "": "session 0xfffffffffffffff0", `{"holder":7}`: "session 0xfffffffffffffff0",
		`{"holder":"` + strings.Repeat("x", 1000) + `"}`: strings.Repeat("x", maxHolder),
	} {
		z.own(leaderPath, data)
		wantHeld(t, l, leaderPath, want, false)
	}
	if err := l.Resign(within(t)); err != nil || z.node(actingPath) == nil || z.node(leaderPath) == nil {
		t.Errorf("what is not ours was given up, %v", err)
	}
	z.forbid(leaderPath)
	if _, _, err := l.Lead(within(t)); Reason(err) != cluster.ReasonPermission {
		t.Errorf("of a forbidden znode: %v", err)
	}
}

// Kafka's chroot is not ours to make, and whoever authenticates owns what it writes.
func TestWhereALockIsMade(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	z.writable = true
	l := NewLock(SessionOptions{Servers: []string{z.name()}, Chroot: "/kafka", Auth: digest(passwordOf(secret))}, "/a/b", "one")
	t.Cleanup(l.Close)
	if _, _, err := l.Act(within(t)); !errors.Is(err, zk.ErrNoNode) || z.node("/kafka") != nil {
		t.Errorf("without the chroot: %v", err)
	}
	z.set("/kafka", "")
	if holder, acting, err := l.Act(within(t)); holder != "one" || !acting || err != nil {
		t.Errorf("held by %q, ours %v, %v", holder, acting, err)
	}
	for _, path := range []string{"/kafka/a", "/kafka/a/b", "/kafka/a/b/acting"} {
		if node := z.node(path); node == nil || node.acl != "31 auth:, 1 world:anyone" {
			t.Errorf("%s is %+v", path, node)
		}
	}
}

// A server that hangs proves nothing, in either way.
func TestLockOfAHangingServer(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	l := newTestLock(t, z, "one")
	wantHeld(t, l, actingPath, "one", true)
	z.when(func(int32, string) action { return hang })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := l.Holds(ctx); err == nil || errors.Is(err, ErrNotHeld) || Reason(err) != string(cluster.ServerTimeout) {
		t.Errorf("held: %v", err)
	}
	z.when(nil)
	// The call gave the session up, which lives on for its timeout: nothing is ours.
	wantHeld(t, l, actingPath, "one", false)
	if err := l.Holds(within(t)); !errors.Is(err, ErrNotHeld) {
		t.Errorf("held: %v", err)
	}
	z.expire()
	wantHeld(t, l, actingPath, "one", true)
}
