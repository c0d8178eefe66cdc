package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// An answer that is lost is neither taken for a success nor asked for again.
func TestElectionWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lose func(z *fakeZooKeeper) action
		want error
	}{
		"written and there":         {func(*fakeZooKeeper) action { return dropAfter }, nil},
		"not written":               {func(*fakeZooKeeper) action { return drop }, errUnsure},
		"the session has expired":   {func(z *fakeZooKeeper) action { z.expire(); return drop }, errUnsure},
		"another's is there by now": {func(z *fakeZooKeeper) action { z.set(theElection, "another's"); return drop }, errUnsure},
	} {
		t.Run(name, func(t *testing.T) {
			var z *fakeZooKeeper
			z, s := newKafka(t)
			z.writable = true
			syncs := 0
			z.when(func(op int32, path string) action {
				switch {
				case op == opMulti:
					return c.lose(z)
				case op == opSync && path == theElection:
					if syncs++; syncs > 1 && c.want == nil { // after it was read back
						z.remove(theElection)
					}
				}
				return answer
			})
			written, err := s.ElectPreferred(within(t), map[string][]int32{"t": {0}})
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			wantWritten(t, written, map[string][]int32{"t": {0}})
			wantWrites(t, z, "multi "+theElection)
		})
	}
}

// A server that never answers leaves it open as well, by the deadline.
func TestElectionOfAHangingServer(t *testing.T) {
	t.Parallel()
	_, s, _ := newElectable(t, func(op int32, _ string) action {
		if op == opMulti {
			return hang
		}
		return answer
	})
	if _, err := s.ElectionPending(within(t)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	written, err := s.ElectPreferred(ctx, map[string][]int32{"t": {0}})
	if !errors.Is(err, errUnsure) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	wantWritten(t, written, map[string][]int32{"t": {0}})
}

func TestElectionThatIsStuck(t *testing.T) {
	t.Parallel()
	z, s := newKafka(t)
	z.writable = true
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	written, err := s.ElectPreferred(ctx, map[string][]int32{"t": {0, 1}})
	if !errors.Is(err, ErrElectionStuck) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "there for ") {
		t.Errorf("error %v", err)
	}
	wantWritten(t, written, map[string][]int32{"t": {0, 1}})
	wantWrites(t, z, "multi "+theElection)
	if node := z.node(theElection); node == nil || string(node.data) != fmt.Sprintf(electionOf, electT) {
		t.Errorf("the election is %+v", node)
	}
}

// Whatever happens to the connection, an election that was written is waited for; that
// another's has taken its place says that it is over.
func TestWaitForAnElection(t *testing.T) {
	t.Parallel()
	var z *fakeZooKeeper
	looks := 0
	z, s, c := newElectable(t, func(op int32, path string) action {
		if op != opGetData || path != theElection {
			return answer
		}
		switch looks++; {
		case looks <= 4: // three tries are one reading
			return drop
		case looks == 5:
			z.expire()
			return drop
		}
		z.set(theElection, "another's")
		return answer
	})
	written, err := s.ElectPreferred(within(t), map[string][]int32{"u": {0}})
	if err != nil {
		t.Error(err)
	}
	wantWritten(t, written, map[string][]int32{"u": {0}})
	wantWrites(t, z, "multi "+theElection)
	if taken := c.all(); len(taken) == 0 {
		t.Error("it was not there")
	}
}
