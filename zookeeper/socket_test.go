package zookeeper

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// newTestSocket returns a socket that reads what the function writes.
func newTestSocket(t *testing.T, send func(w io.Writer)) *socket {
	t.Helper()
	here, there := net.Pipe()
	t.Cleanup(func() { _ = here.Close() })
	go func() {
		send(there)
		_ = there.Close()
	}()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	d := &dialer{auth: &authenticator{}, hosts: newHosts([]string{"zk1:2181"}), ctx: ctx, cancel: cancel}
	return &socket{Conn: here, in: bufio.NewReader(here), server: "zk1:2181", dialer: d}
}

// greeting is the answer to the request for a session.
func greeting(timeout int32, session int64) []byte {
	var j jute
	j.int32(0).int32(timeout).int64(session).bytes(make([]byte, 16))
	return append(j, 0)
}

// TestSocketEndsWhatTheLibraryWouldBelieve has servers send what makes the client
// library allocate gigabytes, or panic.
func TestSocketEndsWhatTheLibraryWouldBelieve(t *testing.T) {
	for name, c := range map[string]struct {
		send func(w io.Writer)
		want string
	}{
		"another protocol": {func(w io.Writer) { _, _ = io.WriteString(w, "HTTP/1.1 400 Bad Request\r\n\r\n") }, "not ZooKeeper's protocol"},
		"empty greeting":   {func(w io.Writer) { writeFrame(w, nil) }, "not ZooKeeper's protocol"},
		"no timeout":       {func(w io.Writer) { writeFrame(w, greeting(0, 7)) }, "session timeout of 0 ms"},
		"negative timeout": {func(w io.Writer) { writeFrame(w, greeting(-5, 7)) }, "session timeout of -5 ms"},
		"short answer":     {func(w io.Writer) { writeFrame(w, greeting(1000, 7)); writeFrame(w, make([]byte, 4)) }, "an answer of 4 bytes"},
		"endless answer": {func(w io.Writer) {
			writeFrame(w, greeting(1000, 7))
			_, _ = w.Write(binary.BigEndian.AppendUint32(nil, 1<<31))
		}, "an answer of 2147483648 bytes"},
	} {
		_, err := io.ReadAll(newTestSocket(t, c.send))
		if err == nil || !strings.Contains(err.Error(), c.want) || Reason(err) != string(cluster.ServerBadReply) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestSocketHandsOverWhatIsWellFormed(t *testing.T) {
	var sent []byte
	for _, frame := range [][]byte{greeting(1000, 7), make([]byte, minFrame), make([]byte, 100_000)} {
		sent = binary.BigEndian.AppendUint32(sent, uint32(len(frame)))
		sent = append(sent, frame...)
	}
	got, err := io.ReadAll(newTestSocket(t, func(w io.Writer) { _, _ = w.Write(sent) }))
	if err != nil || string(got) != string(sent) {
		t.Errorf("%d bytes of %d, error %v", len(got), len(sent), err)
	}
	// An expired session is told by an answer without a timeout.
	if _, err := io.ReadAll(newTestSocket(t, func(w io.Writer) { writeFrame(w, greeting(0, 0)) })); err != nil {
		t.Errorf("expired session: %v", err)
	}
}

func TestHostsGoRound(t *testing.T) {
	h := newHosts([]string{"a", "b", "c"})
	h.next = 1
	var got []string
	next := func() {
		server, inVain := h.Next()
		if inVain {
			server += "!"
		}
		got = append(got, server)
	}
	for range 4 {
		next()
	}
	h.Connected()
	next()
	h.stop()
	next()
	next()
	if err := h.Init(nil); err != nil {
		t.Fatal(err)
	}
	next()
	if want := "b c a b! c a! a! a"; strings.Join(got, " ") != want {
		t.Errorf("order %v, want %s", got, want)
	}
	if h.Len() != 3 {
		t.Errorf("%d servers", h.Len())
	}
}

// TestDialGap holds that a server which takes every session and drops it is not
// dialled in a tight loop.
func TestDialGap(t *testing.T) {
	t.Parallel()
	z := newFakeZooKeeper(t)
	z.set("/a", "")
	z.when(func(int32, string) action { return drop })
	s := newTestSession(t, SessionOptions{}, z)
	began := time.Now()
	for range 2 {
		_, _ = s.get(within(t), "/a")
	}
	greeted, _, _ := z.counts()
	if most := 1 + int(time.Since(began)/dialGap); greeted > most+1 {
		t.Errorf("%d connections in %v", greeted, time.Since(began))
	}
}
