package zookeeper

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
)

// fakeZooKeeper is a fake: a server that speaks as much of ZooKeeper's client
// protocol as is needed here, over a tree in memory. It exists because a real
// server neither hangs, drops a connection nor changes a znode at the one moment
// that a test is about. It fails the test when it is asked to write, unless that is
// what the test is about.
type fakeZooKeeper struct {
	t        testing.TB
	listener net.Listener
	wg       sync.WaitGroup

	mu       sync.Mutex
	nodes    map[string]*fakeNode
	zxid     int64
	sessions map[int64]bool
	open     map[net.Conn]bool
	watches  map[*fakeConn]*fakeWatches
	fired    map[string]int                     // notices sent, by path
	greeted  int                                // requests for a session
	requests int                                // requests other than pings
	greet    func(n int) action                 // what becomes of the nth request for a session
	react    func(op int32, path string) action // what becomes of a request; may change the tree
	admit    func(credentials string) bool      // who is let in; nil for all
	auths    []string                           // scheme and credentials, in the order in which they came
	hello    []byte                             // the last request for a session
	hostile  bool                               // it announces four billion children
	readOnly bool                               // it serves only who will do with a read-only server
	writable bool                               // it may be written to
	writes   []string                           // what it was asked to write, operation and path, done or not
}

type action int

const (
	answer    action = iota
	drop             // close the connection
	hang             // never answer, on this connection, anything any more
	babble           // answer what is no ZooKeeper's protocol
	dropAfter        // do what is asked, and close the connection instead of answering
)

const (
	opExists, opGetData, opSync, opPing          = 3, 4, 9, 11
	opChildren, opClose                          = 12, -11
	opAuth                                       = 100
	codeNoNode, codeNoAuth, codeAuthFailed       = -101, -102, -115
	fakeCtime                              int64 = 1_700_000_000_000
)

func newFakeZooKeeper(t testing.TB) *fakeZooKeeper {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	z := &fakeZooKeeper{
		t: t, listener: l, nodes: map[string]*fakeNode{"/": {}},
		sessions: make(map[int64]bool), open: make(map[net.Conn]bool),
		watches: make(map[*fakeConn]*fakeWatches), fired: make(map[string]int),
	}
	z.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			z.mu.Lock()
			z.open[conn] = true
			z.mu.Unlock()
			z.wg.Go(func() { z.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		z.dropAll()
		z.wg.Wait()
	})
	return z
}

func (z *fakeZooKeeper) name() string { return z.listener.Addr().String() }

// when sets what becomes of requests from now on; nil answers them all.
func (z *fakeZooKeeper) when(react func(op int32, path string) action) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.react = react
}

func (z *fakeZooKeeper) whenGreeted(greet func(n int) action) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.greet = greet
}

// dropAll closes every connection; expire forgets the sessions before.
func (z *fakeZooKeeper) dropAll() {
	z.mu.Lock()
	defer z.mu.Unlock()
	for conn := range z.open {
		_ = conn.Close()
	}
}

func (z *fakeZooKeeper) expire() {
	z.mu.Lock()
	for session := range z.sessions {
		z.endSession(session)
	}
	z.mu.Unlock()
	z.dropAll()
}

// counts returns the requests for a session, other requests, and the sessions that
// were not closed.
func (z *fakeZooKeeper) counts() (greeted, requests, sessions int) {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.greeted, z.requests, len(z.sessions)
}

func (z *fakeZooKeeper) serve(conn net.Conn) {
	r, w := bufio.NewReader(conn), &fakeConn{w: bufio.NewWriter(conn)}
	defer func() {
		_ = conn.Close()
		z.mu.Lock()
		delete(z.open, conn)
		delete(z.watches, w)
		z.mu.Unlock()
	}()
	session, ok := z.serveGreeting(r, w)
	for ok {
		if r.Buffered() == 0 && w.Flush() != nil {
			return
		}
		frame, err := readFrame(r)
		if err != nil || len(frame) < 8 {
			return
		}
		ok = z.serveRequest(session, frame, r, w)
	}
	_ = w.Flush()
}

// serveGreeting answers the request for a session.
func (z *fakeZooKeeper) serveGreeting(r io.Reader, w *fakeConn) (session int64, ok bool) {
	frame, err := readFrame(r)
	if err != nil || len(frame) < 24 {
		return 0, false
	}
	timeout, session := int32(binary.BigEndian.Uint32(frame[12:])), int64(binary.BigEndian.Uint64(frame[16:]))
	z.mu.Lock()
	z.greeted++
	z.hello = frame
	n, greet := z.greeted, z.greet
	refused := z.readOnly && (len(frame) < 45 || frame[44] == 0)
	z.mu.Unlock()
	if refused {
		return 0, false
	}
	if greet != nil && !obey(greet(n), r, w) {
		return 0, false
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	switch {
	case session == 0:
		session = int64(n)
		z.sessions[session] = true
	case !z.sessions[session]: // expired
		session, timeout = 0, 0
	}
	var j jute
	j.int32(0).int32(timeout).int64(session).bytes(make([]byte, 16))
	writeFrame(w, append(j, 0))
	return session, session != 0
}

// obey does what a hook wants done instead of an answer.
func obey(a action, r io.Reader, w *fakeConn) (goOn bool) {
	switch a {
	case hang:
		_ = w.Flush()
		_, _ = io.Copy(io.Discard, r)
	case babble:
		_, _ = io.WriteString(w, "HTTP/1.1 400 Bad Request\r\n\r\n")
	}
	return a == answer
}
