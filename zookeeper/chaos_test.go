package zookeeper

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// TestSessionUnderChaos has many callers with short and long deadlines on servers
// that hang, drop connections and forget sessions at random. Every call returns in
// time, and when the servers are well again so is the session. That nothing is
// left running is checked after all tests.
func TestSessionUnderChaos(t *testing.T) {
	servers := []*fakeZooKeeper{newFakeZooKeeper(t), newFakeZooKeeper(t)}
	for _, z := range servers {
		z.set("/a", "one")
		z.when(func(int32, string) action {
			switch n := rand.IntN(1000); {
			case n < 5:
				return hang
			case n < 10:
				return drop
			default:
				return answer
			}
		})
		z.whenGreeted(func(int) action { return []action{answer, answer, answer, drop, hang}[rand.IntN(5)] })
	}
	s := newTestSession(t, SessionOptions{}, servers...)
	stop := time.Now().Add(3 * time.Second)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			for time.Now().Before(stop) {
				allowed := time.Duration(rand.IntN(300)) * time.Millisecond
				ctx, cancel := context.WithTimeout(t.Context(), allowed)
				began := time.Now()
				_, err := s.get(ctx, "/a")
				cancel()
				if over := time.Since(began) - allowed; over > time.Second {
					t.Errorf("returned %v after its deadline", over)
				}
				if err != nil && Reason(err) == string(cluster.ServerOK) {
					t.Errorf("no reason for %v", err)
				}
			}
		})
	}
	wg.Wait()
	for _, z := range servers {
		z.when(nil)
		z.whenGreeted(nil)
	}
	eventually(t, "the session works again", func() bool {
		_, err := s.get(within(t), "/a")
		return err == nil
	})
}
