package zookeeper

import (
	"bufio"
	"path"
	"sync"
)

const (
	eventCreated, eventDeleted, eventData, eventChildren = 1, 2, 3, 4
	syncConnected                                        = 3
)

// fakeConn is what the fake sends a client. Its frames are answers and, in between,
// notices of watches.
type fakeConn struct {
	mu sync.Mutex
	w  *bufio.Writer
}

func (c *fakeConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.w.Write(p)
}

func (c *fakeConn) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.w.Flush()
}

// fakeWatches are one connection's, by path, as the real server keeps them: a watch
// that is armed twice is one, and it is gone once it fired.
type fakeWatches struct {
	data, children map[string]bool
}

// arm sets a watch. The real server sets one on data that is not there only when it
// is asked whether it is there. The lock is held.
func (z *fakeZooKeeper) arm(c *fakeConn, op int32, p string) {
	watches := z.watches[c]
	if watches == nil {
		watches = &fakeWatches{data: make(map[string]bool), children: make(map[string]bool)}
		z.watches[c] = watches
	}
	switch {
	case op == opExists || op == opGetData && z.nodes[p] != nil:
		watches.data[p] = true
	case op == opChildren && z.nodes[p] != nil:
		watches.children[p] = true
	}
}

// fire sends a notice to whoever watches the path. The lock is held.
func (z *fakeZooKeeper) fire(event int32, p string) {
	for c, watches := range z.watches {
		armed := event != eventChildren && watches.data[p] || event != eventCreated && event != eventData && watches.children[p]
		if !armed {
			continue
		}
		if event != eventChildren {
			delete(watches.data, p)
		}
		if event == eventChildren || event == eventDeleted {
			delete(watches.children, p)
		}
		z.fired[p]++
		var notice jute
		notice.int32(-1).int64(-1).int32(0).int32(event).int32(syncConnected).bytes([]byte(p))
		writeFrame(c, notice)
		_ = c.Flush()
	}
}

func (z *fakeZooKeeper) fireParent(p string) { z.fire(eventChildren, path.Dir(p)) }

// armed returns how many watches there are on each path.
func (z *fakeZooKeeper) armed() map[string]int {
	z.mu.Lock()
	defer z.mu.Unlock()
	armed := make(map[string]int)
	for _, watches := range z.watches {
		for _, kind := range []map[string]bool{watches.data, watches.children} {
			for p := range kind {
				armed[p]++
			}
		}
	}
	return armed
}
