package zookeeper

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// aSecond is between two bytes of a server that is as slow as can be without being silent.
const aSecond = time.Second

// slowConn is a connection whose other side takes a second for each byte, from where it
// is slow.
type slowConn struct {
	net.Conn
	quick int // bytes that come at once
}

func (c *slowConn) Read(p []byte) (int, error) {
	if c.quick == 0 {
		time.Sleep(aSecond)
		return c.Conn.Read(p[:1])
	}
	n, err := c.Conn.Read(p[:min(len(p), c.quick)])
	c.quick -= n
	return n, err
}

// slowly dials connections that are slow after so many bytes.
func slowly(quick int) DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := defaultDial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &slowConn{Conn: conn, quick: quick}, nil
	}
}

// greetingSize is what the answer to the request for a session takes, with its length.
const greetingSize = 4 + 37

// TestOneByteASecond has servers that send a byte a second, at each step of a reading.
// It has failed by the deadline, in words that say for what it waited.
func TestOneByteASecond(t *testing.T) {
	for name, c := range map[string]struct {
		quick   int
		session bool
	}{
		"the answer to the request for a session": {0, false},
		"the end of that answer":                  {greetingSize - 2, false},
		"the length of an answer":                 {greetingSize, true},
		"the header of an answer":                 {greetingSize + 4, true},
		"the body of an answer":                   {greetingSize + 4 + minFrame, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			z := newFakeZooKeeper(t)
			z.set("/a", strings.Repeat("x", 100))
			s := newTestSession(t, SessionOptions{Dial: slowly(c.quick)}, z)
			ctx, cancel := context.WithTimeout(t.Context(), aSecond/2)
			defer cancel()
			_, err := s.get(ctx, "/a")
			want := "no session with ZooKeeper"
			if c.session {
				want = "no answer in time from ZooKeeper server " + z.name()
			}
			if err == nil || Reason(err) != string(cluster.ServerTimeout) || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, reason %s, want %s", err, Reason(err), want)
			}
		})
	}
}

// TestConnectionOfOneByteASecondEnds has the call wait for longer than the connection may
// take: a server that is so slow is given up, and named.
func TestConnectionOfOneByteASecondEnds(t *testing.T) {
	for want, quick := range map[string]int{
		"no answer to the request for a session":       0,
		"read the answer to the request for a session": greetingSize - 20,
		"connection lost": greetingSize + 4 + minFrame,
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			z := newFakeZooKeeper(t)
			z.set("/a", strings.Repeat("x", 100))
			s := newTestSession(t, SessionOptions{Timeout: 3 * aSecond, Dial: slowly(quick)}, z)
			_, err := s.get(within(t), "/a")
			if err == nil || Reason(err) != string(cluster.ServerTimeout) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), z.name()) {
				t.Errorf("error %v, reason %s, want %s", err, Reason(err), want)
			}
		})
	}
}

// TestWordsOfOneByteASecond holds the same of the four-letter words.
func TestWordsOfOneByteASecond(t *testing.T) {
	for _, word := range []string{"srvr", "mntr"} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			s := newWordServer(t, func(asked string, conn net.Conn) {
				reply := recorded(t, "3.8.6", asked+".txt")
				if asked != word {
					_, _ = io.WriteString(conn, reply)
					return
				}
				drips("", reply, aSecond)(asked, conn)
			})
			ctx, cancel := context.WithTimeout(t.Context(), aSecond/2)
			defer cancel()
			out, faults := NewEnsemble([]string{s.name()}, EnsembleOptions{}).Read(ctx)
			if len(faults) != 1 || faults[0].Reason != string(cluster.ServerTimeout) || !strings.Contains(faults[0].Err.Error(), s.name()) {
				t.Errorf("faults %v", faults)
			}
			if known := out.Servers[0].Mode == cluster.ModeStandalone; known != (word == "mntr") {
				t.Errorf("mode %s", out.Servers[0].Mode)
			}
		})
	}
}
