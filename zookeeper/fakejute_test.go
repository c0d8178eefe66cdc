package zookeeper

import (
	"bufio"
	"encoding/binary"
	"io"
)

// serveRequest answers one request of the fake's client, and says whether the
// connection goes on.
func (z *fakeZooKeeper) serveRequest(session int64, frame []byte, r io.Reader, w *fakeConn) bool {
	xid, op := int32(binary.BigEndian.Uint32(frame)), int32(binary.BigEndian.Uint32(frame[4:]))
	var path string
	var write *fakeWrite
	watch := false
	switch op {
	case opExists, opGetData, opChildren, opSync:
		size := binary.BigEndian.Uint32(frame[8:])
		path = string(frame[12 : 12+size])
		watch = op != opSync && frame[12+size] == 1
	case opAuth:
		return z.serveAuth(xid, frame[12:], w)
	case opPing, opClose:
	case opCreate, opDelete, opSetData, opMulti:
		if !z.writable {
			z.t.Errorf("the client sent operation %d, which is no reading", op)
			return false
		}
		write = readWrite(op, frame[8:])
		path = write.path()
	default:
		z.t.Errorf("the client sent operation %d, which is no reading", op)
		return false
	}
	z.mu.Lock()
	if op != opPing {
		z.requests++
	}
	if write != nil {
		z.writes = append(z.writes, write.String())
	}
	react, todo := z.react, answer
	z.mu.Unlock()
	if react != nil && op != opClose {
		todo = react(op, path)
	}
	if todo != dropAfter && !obey(todo, r, w) {
		return false
	}

	z.mu.Lock()
	defer z.mu.Unlock()
	var body jute
	code := int32(0)
	node := z.nodes[path]
	if watch && (node == nil || !node.forbidden || op == opExists) {
		z.arm(w, op, path)
	}
	switch {
	case write != nil:
		code = z.apply(session, write, &body)
	case op == opSync:
		body.bytes([]byte(path))
	case op == opClose:
		z.endSession(session)
	case op == opPing:
	case node == nil:
		code = codeNoNode
	case node.forbidden && op != opExists:
		code = codeNoAuth
	case op == opExists:
		body.stat(node, 0)
	case op == opGetData:
		body.bytes(node.data).stat(node, 0)
	case op == opChildren && z.hostile:
		body.int32(-1).stat(node, 0)
	case op == opChildren:
		names := z.children(path)
		body.int32(int32(len(names)))
		for _, name := range names {
			body.bytes([]byte(name))
		}
		body.stat(node, len(names))
	}
	if todo == dropAfter {
		return false
	}
	var reply jute
	reply.int32(xid).int64(z.zxid).int32(code)
	writeFrame(w, append(reply, body...))
	return op != opClose
}

// serveAuth answers the request for authentication as the real one does: it closes
// the connection to whom it denies.
func (z *fakeZooKeeper) serveAuth(xid int32, body []byte, w *fakeConn) bool {
	size := binary.BigEndian.Uint32(body)
	scheme, credentials := string(body[4:4+size]), string(body[8+size:])
	z.mu.Lock()
	defer z.mu.Unlock()
	z.auths = append(z.auths, scheme+" "+credentials)
	code := int32(0)
	if z.admit != nil && !z.admit(credentials) {
		code = codeAuthFailed
	}
	var reply jute
	reply.int32(xid).int64(z.zxid).int32(code)
	writeFrame(w, reply)
	return code == 0
}

// jute is a message in ZooKeeper's encoding.
type jute []byte

func (j *jute) int32(n int32) *jute {
	*j = binary.BigEndian.AppendUint32(*j, uint32(n))
	return j
}

func (j *jute) int64(n int64) *jute {
	*j = binary.BigEndian.AppendUint64(*j, uint64(n))
	return j
}

// bytes appends bytes or a string, which look the same; no bytes are a null.
func (j *jute) bytes(b []byte) *jute {
	if len(b) == 0 {
		return j.int32(-1)
	}
	j.int32(int32(len(b)))
	*j = append(*j, b...)
	return j
}

func (j *jute) stat(n *fakeNode, children int) *jute {
	j.int64(n.czxid).int64(n.mzxid).int64(n.ctime).int64(n.ctime)
	j.int32(n.version).int32(0).int32(0).int64(n.owner)
	return j.int32(int32(len(n.data))).int32(int32(children)).int64(n.pzxid)
}

func readFrame(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > 1<<20 { // jute.maxbuffer: the real one closes the connection then, as on a TLS handshake
		return nil, bufio.ErrTooLong
	}
	frame := make([]byte, size)
	_, err := io.ReadFull(r, frame)
	return frame, err
}

func writeFrame(w io.Writer, frame []byte) {
	_, _ = w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...))
}
