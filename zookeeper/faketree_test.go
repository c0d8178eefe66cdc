package zookeeper

import (
	"path"
	"slices"
	"strings"
	"time"
)

// fakeNode is a znode of the fake's tree.
type fakeNode struct {
	data                []byte
	czxid, mzxid, pzxid int64
	version             int32
	ctime               int64 // milliseconds; fakeCtime, and now for marks of a deletion
	forbidden           bool
	owner               int64 // the session that an ephemeral one belongs to
	acl                 string
}

// set makes or changes a znode, with the parents that it needs.
func (z *fakeZooKeeper) set(p, data string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.setLocked(p, data)
}

func (z *fakeZooKeeper) setLocked(p, data string) {
	if parent := path.Dir(p); z.nodes[parent] == nil {
		z.setLocked(parent, "")
	}
	z.zxid++
	node := z.nodes[p]
	if node == nil {
		node = &fakeNode{czxid: z.zxid, pzxid: z.zxid, version: -1, ctime: fakeCtime}
		if strings.Contains(p, deletePath) {
			node.ctime = time.Now().UnixMilli()
		}
		z.nodes[p] = node
		z.nodes[path.Dir(p)].pzxid = z.zxid
		defer z.fireParent(p)
		defer z.fire(eventCreated, p)
	} else {
		defer z.fire(eventData, p)
	}
	node.data, node.mzxid = []byte(data), z.zxid
	node.version++
}

// remove deletes a znode, if it is there, and all below it.
func (z *fakeZooKeeper) remove(p string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.nodes[p] != nil {
		z.removeLocked(p)
	}
}

func (z *fakeZooKeeper) removeLocked(p string) {
	for name := range z.nodes {
		if name == p || strings.HasPrefix(name, p+"/") {
			delete(z.nodes, name)
			defer z.fire(eventDeleted, name)
		}
	}
	z.zxid++
	z.nodes[path.Dir(p)].pzxid = z.zxid
	z.fireParent(p)
}

func (z *fakeZooKeeper) forbid(p string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.nodes[p].forbidden = true
}

// children returns the names below a path, in a fixed order. The lock is held.
func (z *fakeZooKeeper) children(p string) []string {
	prefix := strings.TrimSuffix(p, "/") + "/"
	var names []string
	for name := range z.nodes {
		if rest, below := strings.CutPrefix(name, prefix); below && rest != "" && !strings.Contains(rest, "/") {
			names = append(names, rest)
		}
	}
	slices.Sort(names)
	slices.Reverse(names) // ZooKeeper promises no order
	return names
}
