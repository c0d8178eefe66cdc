package zookeeper

import (
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"
)

const (
	opCreate, opDelete, opSetData, opCheck, opMulti = 1, 2, 5, 13, 14
	codeInconsistent, codeBadVersion, codeExists    = -2, -103, -110
	codeNotEmpty                                    = -111
)

// fakeOp is one change that is asked for, or a check.
type fakeOp struct {
	op      int32
	path    string
	data    []byte
	acl     string // "31 world:anyone" each, with commas in between
	flags   int32  // of a creation
	version int32  // of all others
}

// fakeWrite is a request to write: one change, or a transaction.
type fakeWrite struct {
	op  int32
	ops []fakeOp
}

// path returns the path that is written last.
func (w *fakeWrite) path() string { return w.ops[len(w.ops)-1].path }

func (w *fakeWrite) String() string {
	names := map[int32]string{opCreate: "create", opDelete: "delete", opSetData: "set", opMulti: "multi"}
	return names[w.op] + " " + w.path()
}

// juteReader reads ZooKeeper's encoding. It panics on what is too short.
type juteReader []byte

func (r *juteReader) int32() int32 {
	n := int32(binary.BigEndian.Uint32(*r))
	*r = (*r)[4:]
	return n
}

func (r *juteReader) bytes() []byte {
	size := max(r.int32(), 0)
	taken := slices.Clone((*r)[:size])
	*r = (*r)[size:]
	return taken
}

func readWrite(op int32, body []byte) *fakeWrite {
	r, w := juteReader(body), &fakeWrite{op: op}
	if op != opMulti {
		w.ops = append(w.ops, r.op(op))
		return w
	}
	for {
		op, end := r.int32(), r[0] != 0
		r = r[1+4:]
		if end {
			return w
		}
		w.ops = append(w.ops, r.op(op))
	}
}

func (r *juteReader) op(op int32) fakeOp {
	o := fakeOp{op: op, path: string(r.bytes())}
	switch op {
	case opCreate:
		o.data = r.bytes()
		var acl []string
		for n := r.int32(); n > 0; n-- {
			acl = append(acl, fmt.Sprintf("%d %s:%s", r.int32(), r.bytes(), r.bytes()))
		}
		o.acl, o.flags = strings.Join(acl, ", "), r.int32()
	case opSetData:
		o.data, o.version = r.bytes(), r.int32()
	default:
		o.version = r.int32()
	}
	return o
}

// apply does all that is asked, or nothing. The lock is held.
func (z *fakeZooKeeper) apply(session int64, w *fakeWrite, body *jute) (code int32) {
	failed := slices.IndexFunc(w.ops, func(o fakeOp) bool { return z.refuses(o) != 0 })
	if w.op == opMulti {
		for i, o := range w.ops {
			switch {
			case failed >= 0:
				code := map[bool]int32{true: z.refuses(o), false: 0}[i == failed]
				if i > failed {
					code = codeInconsistent
				}
				*body = append(*body.int32(-1), 0)
				body.int32(code).int32(code)
			default:
				*body = append(*body.int32(o.op), 0)
				z.do(session, o, body.int32(0))
			}
		}
		*body = append(*body.int32(-1), 1)
		body.int32(-1)
		return 0
	}
	if failed >= 0 {
		return z.refuses(w.ops[0])
	}
	z.do(session, w.ops[0], body)
	return 0
}

// refuses returns the code with which an operation is refused, 0 for none.
func (z *fakeZooKeeper) refuses(o fakeOp) int32 {
	node := z.nodes[o.path]
	switch {
	case o.op == opCreate && node != nil:
		return codeExists
	case o.op == opCreate:
		switch parent := z.nodes[path.Dir(o.path)]; {
		case parent == nil:
			return codeNoNode
		case parent.forbidden:
			return codeNoAuth
		}
		return 0
	case node == nil:
		return codeNoNode
	case o.version != -1 && o.version != node.version:
		return codeBadVersion
	case o.op == opDelete && len(z.children(o.path)) > 0:
		return codeNotEmpty
	default:
		return 0
	}
}

// do carries out what is not refused, and adds what is answered to it.
func (z *fakeZooKeeper) do(session int64, o fakeOp, body *jute) {
	switch o.op {
	case opCreate:
		z.setLocked(o.path, string(o.data))
		node := z.nodes[o.path]
		node.acl = o.acl
		if o.flags == 1 {
			node.owner = session
		}
		body.bytes([]byte(o.path))
	case opSetData:
		z.setLocked(o.path, string(o.data))
		body.stat(z.nodes[o.path], 0)
	case opDelete:
		z.removeLocked(o.path)
	}
}

// endSession forgets a session, and what belongs to it. The lock is held.
func (z *fakeZooKeeper) endSession(session int64) {
	delete(z.sessions, session)
	for name, node := range z.nodes {
		if node.owner == session && session != 0 {
			z.removeLocked(name)
		}
	}
}

// node returns a znode as it is, nil where there is none.
func (z *fakeZooKeeper) node(p string) *fakeNode {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.nodes[p] == nil {
		return nil
	}
	node := *z.nodes[p]
	return &node
}

// written returns what it was asked to write, in that order.
func (z *fakeZooKeeper) written() []string {
	z.mu.Lock()
	defer z.mu.Unlock()
	return slices.Clone(z.writes)
}
