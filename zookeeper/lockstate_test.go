package zookeeper

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustLoad(t *testing.T, l *Lock, want string, wantVersion int32) {
	t.Helper()
	data, version, err := l.Load(within(t))
	if err != nil || string(data) != want || version != wantVersion {
		t.Errorf("loaded %q in version %d, %v; want %q in %d", data, version, err, want, wantVersion)
	}
}

func store(t *testing.T, l *Lock, data string, version int32) (int32, error) {
	t.Helper()
	return l.Store(within(t), []byte(data), version)
}

func TestStateIsComparedAndSet(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	one, two := newTestLock(t, z, "one"), newTestLock(t, z, "two")
	for i, data := range []string{"first", "second"} {
		version, err := store(t, one, data, int32(i)-1)
		if err != nil || version != int32(i) {
			t.Errorf("version %d, %v", version, err)
		}
		mustLoad(t, two, data, version)
	}
	if node := z.node(statePath0); node.owner != 0 {
		t.Errorf("the state is %+v", node)
	}
	for _, stale := range []int32{-1, 0, 2} {
		if version, err := store(t, two, "third", stale); version != stale || !errors.Is(err, ErrStale) || !strings.Contains(err.Error(), statePath0) {
			t.Errorf("of version %d: %d, %v", stale, version, err)
		}
	}
	// The same as is there: not ours, since no request was lost.
	if _, err := store(t, two, "second", 0); !errors.Is(err, ErrStale) {
		t.Errorf("stored: %v", err)
	}
	mustLoad(t, two, "second", 1)
	z.remove(statePath0)
	if _, err := store(t, two, "third", 1); !errors.Is(err, ErrStale) {
		t.Errorf("of one that was deleted: %v", err)
	}
	before := z.written()
	if _, err := two.Store(within(t), make([]byte, maxWritten+1), -1); err == nil || errors.Is(err, ErrStale) || !strings.Contains(err.Error(), "at most 500000") {
		t.Errorf("of too much: %v", err)
	}
	if diff := cmp.Diff(before, z.written()); diff != "" {
		t.Errorf("too much was sent: %s", diff)
	}
	if version, err := two.Store(within(t), make([]byte, maxWritten), -1); version != 0 || err != nil {
		t.Errorf("of as much as can be: version %d, %v", version, err)
	}
}

// A state whose answer was lost is stored once; that another has stored something else
// meanwhile is told.
func TestStateWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(z *fakeZooKeeper) (_ action, stale bool){
		"done":                    func(*fakeZooKeeper) (action, bool) { return dropAfter, false },
		"not done":                func(*fakeZooKeeper) (action, bool) { return drop, false },
		"the session has expired": func(z *fakeZooKeeper) (action, bool) { z.expire(); return drop, false },
		"another's is there":      func(z *fakeZooKeeper) (action, bool) { z.set(statePath0, "other's"); return drop, true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, begin := range []int32{-1, 0} {
				z := newFakeZooKeeper(t)
				l, op := newTestLock(t, z, "one"), int32(opCreate)
				if z.set(lockPath, ""); begin == 0 {
					op = opSetData
					z.set(statePath0, "before")
				}
				stale := false
				z.when(first(op, statePath0, func() (a action) { a, stale = lose(z); return a }))
				version, err := store(t, l, "ours", begin)
				switch {
				case stale && (!errors.Is(err, ErrStale) || string(z.node(statePath0).data) != "other's"):
					t.Errorf("from %d: version %d, %v", begin, version, err)
				case !stale && (err != nil || version != begin+1):
					t.Errorf("from %d: version %d, %v", begin, version, err)
				case !stale:
					mustLoad(t, l, "ours", begin+1)
				}
			}
		})
	}
}
