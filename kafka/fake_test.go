package kafka

import (
	"encoding/binary"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
)

// Keys of the requests, by the protocol's table.
const (
	keyFetch            = 1
	keyListOffsets      = 2
	keyMetadata         = 3
	keyUpdateMetadata   = 6
	keyOffsetFetch      = 9
	keyDescribeGroups   = 15
	keyListGroups       = 16
	keySaslHandshake    = 17
	keyAPIVersions      = 18
	keyDescribeConfigs  = 32
	keySaslAuthenticate = 36
	keyElectLeaders     = 43
	keyReassignments    = 46
	keyDescribeQuorum   = 55
	keyDescribeCluster  = 60
	keyConsumerGroups   = 69
)

// safe are the requests that may be sent to a cluster that is merely watched.
var safe = []int16{
	keyListOffsets, keyMetadata, keyOffsetFetch, keyDescribeGroups, keyListGroups, keySaslHandshake, keyAPIVersions,
	keyDescribeConfigs, keySaslAuthenticate, keyReassignments, keyDescribeQuorum, keyDescribeCluster, keyConsumerGroups, keyFetch,
}

// received is a request as a fake broker received it.
type received struct {
	key, version int16
	body         []byte // after the header
	conn         int    // which connection it came by, from 0
}

// answer says what a fake broker does about a request.
type answer struct {
	body   []byte // what follows the correlation id; nil for silence
	hangUp bool   // close the connection instead

	hangUpAfter bool // close it after the answer

	takeOver func(conn net.Conn, correlation []byte) // do whatever this does
}

// fake is a broker that records what it is asked, and fails the test on any
// request that must not be sent to a cluster that is merely watched.
type fake struct {
	t        *testing.T
	listener net.Listener
	handle   func(received) answer
	newcomer func() answer // as09 unless changed; nil leaves it to handle
	elects   bool          // ElectLeaders may be sent, for partitions by name
	since09  bool          // answer the ListGroups by which a 0.8 is told, where it is the next request; else leave it to handle

	mu       sync.Mutex
	greeted  map[int]bool // connections whose last request was the first of these
	requests []received
	conns    []net.Conn
	done     sync.WaitGroup
}

// newFake starts a broker. It is stopped with the test.
func newFake(t *testing.T, handle func(received) answer) *fake {
	t.Helper()
	return newFakeOn(t, listen(t), handle)
}

// newFakeOn starts a broker that is reached by a listener.
func newFakeOn(t *testing.T, listener net.Listener, handle func(received) answer) *fake {
	t.Helper()
	f := &fake{t: t, listener: listener, handle: handle, newcomer: as09, greeted: map[int]bool{}}
	f.done.Go(func() {
		for {
			conn, err := f.listener.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			id := len(f.conns)
			f.conns = append(f.conns, conn)
			f.mu.Unlock()
			f.done.Go(func() { f.serve(conn, id) })
		}
	})
	t.Cleanup(f.stop)
	return f
}

// listen returns a listener on loopback that is closed with the test.
func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func (f *fake) node(registration int) Node {
	return Node{ID: 3, Addr: f.listener.Addr().String(), Registration: registration}
}

func (f *fake) stop() {
	_ = f.listener.Close()
	f.hangUp()
	f.done.Wait()
}

// hangUp closes all connections.
func (f *fake) hangUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, conn := range f.conns {
		_ = conn.Close()
	}
}

// reset closes all connections as the kernel does for a process that was killed.
func (f *fake) reset() {
	f.mu.Lock()
	for _, conn := range f.conns {
		_ = conn.(*net.TCPConn).SetLinger(0)
	}
	f.mu.Unlock()
	f.hangUp()
}

// seen returns the requests of these kinds, of all kinds if none is given.
func (f *fake) seen(keys ...int16) []received {
	f.mu.Lock()
	defer f.mu.Unlock()
	var seen []received
	for _, r := range f.requests {
		if len(keys) == 0 || slices.Contains(keys, r.key) {
			seen = append(seen, r)
		}
	}
	return seen
}

// connections returns how many were accepted so far.
func (f *fake) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.conns)
}

func (f *fake) serve(conn net.Conn, id int) {
	defer func() { _ = conn.Close() }()
	for {
		var head [4]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		frame := make([]byte, binary.BigEndian.Uint32(head[:]))
		if _, err := io.ReadFull(conn, frame); err != nil {
			return
		}
		r := received{
			key:     int16(binary.BigEndian.Uint16(frame)),
			version: int16(binary.BigEndian.Uint16(frame[2:])),
			conn:    id,
		}
		r.body = frame[10+binary.BigEndian.Uint16(frame[8:]):] // after the client id
		switch {
		case r.key == keyElectLeaders && f.elects:
			if err := r.electsByName(); err != nil {
				f.t.Errorf("ElectLeaders %d: %v: % x", r.version, err, r.body)
			}
		case !slices.Contains(safe, r.key):
			f.t.Errorf("request with key %d, version %d was sent: it is none of those that are safe", r.key, r.version)
		}
		if r.key == keyMetadata && r.namesTopic() {
			f.t.Errorf("Metadata names a topic: % x", r.body)
		}
		if r.key == keyFetch && !r.fetchesCommits() {
			f.t.Errorf("Fetch asks for more than commits: % x", r.body)
		}
		a, asked := f.introduce(r)
		if !asked {
			f.mu.Lock()
			f.requests = append(f.requests, r)
			f.mu.Unlock()
			a = f.handle(r)
		}
		if a.takeOver != nil {
			a.takeOver(conn, frame[4:8])
			return
		}
		if a.hangUp {
			return
		}
		if a.body == nil {
			continue
		}
		out := new(message).int32(int32(4 + len(a.body)))
		out.Write(frame[4:8]) // the correlation id
		out.Write(a.body)
		if _, err := conn.Write(out.Bytes()); err != nil || a.hangUpAfter {
			return
		}
	}
}
