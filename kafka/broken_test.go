package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evenkeel/evenkeel/cluster"
)

// serveAll starts a listener that does the same with every connection, until the test
// ends. It returns the address.
func serveAll(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener := listen(t)
	var mu sync.Mutex
	var conns []net.Conn
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			done.Go(func() {
				defer func() { _ = conn.Close() }()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, conn := range conns {
			_ = conn.Close()
		}
		mu.Unlock()
		done.Wait()
	})
	return listener.Addr().String()
}

// silent accepts, reads and never answers, as a stopped process does.
func silent(conn net.Conn) {
	buf := make([]byte, 512)
	for {
		if _, err := conn.Read(buf); err != nil {
			return
		}
	}
}

// says answers the first request with these bytes, and then keeps silent.
func says(answer string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := conn.Read(make([]byte, 512)); err != nil {
			return
		}
		_, _ = conn.Write([]byte(answer))
		silent(conn)
	}
}

// pours answers with one thing over and over.
func pours(answer string) func(net.Conn) {
	return func(conn net.Conn) {
		for {
			if _, err := conn.Write([]byte(answer)); err != nil {
				return
			}
		}
	}
}

// frame is an answer with the given length before it, true or not.
func frame(length uint32, rest string) string {
	return string(binary.BigEndian.AppendUint32(nil, length)) + rest
}

func TestBrokenPeers(t *testing.T) {
	refusing := listen(t)
	_ = refusing.Close()
	for _, tt := range []struct {
		name string
		addr string
		want cluster.BrokerStatus
		text string // in the error; "" where the answer has the shape of one
	}{
		{"nobody listens", refusing.Addr().String(), cluster.BrokerRefused, "connection refused"},
		{"no such host", "no..such.host:9092", cluster.BrokerUnresolvable, "lookup no..such.host"},
		{"no port", "k3", cluster.BrokerUnresolvable, "missing port"},
		{"silence", serveAll(t, silent), cluster.BrokerTimeout, "no answer within"},
		{"closed at once", serveAll(t, func(net.Conn) {}), cluster.BrokerProtocolError, "closed before the answer"},
		{"half a length", serveAll(t, says("\x00\x00")), cluster.BrokerTimeout, "no answer within"},
		{"HTTP", serveAll(t, says("HTTP/1.1 400 Bad Request\r\n\r\n")), cluster.BrokerProtocolError, `"HTTP"`},
		{"a TLS alert", serveAll(t, says("\x15\x03\x03\x00\x02\x02\x46")), cluster.BrokerTLSError, "TLS"},
		{"a length of 4 GiB", serveAll(t, says(frame(1<<32-1, "\x00\x00\x00\x00"))), cluster.BrokerProtocolError, "no length"},
		{"a length of nothing", serveAll(t, says(frame(0, ""))), cluster.BrokerProtocolError, "no length"},
		{"a length that is not kept", serveAll(t, says(frame(maxSmall, "\x00\x00\x00\x00abc"))), cluster.BrokerTimeout, "no answer within"},
		{"another answer's number", serveAll(t, says(frame(8, "\x00\x00\x00\x63\x00\x00\x00\x00"))), cluster.BrokerProtocolError, ""},
		{"endless zeros", serveAll(t, pours(strings.Repeat("\x00", 4096))), cluster.BrokerProtocolError, "no length"},
		{"endless text", serveAll(t, pours(strings.Repeat("rubbish ", 512))), cluster.BrokerProtocolError, `"rubb"`},
		{"too many topics", serveAll(t, says(frame(8, "\x00\x00\x00\x00\x7f\xff\xff\xff"))), cluster.BrokerProtocolError, ""},
		{"more than the answer", serveAll(t, says(frame(12, "\x00\x00\x00\x00\x00\x00\x00\x00abcd"))), cluster.BrokerProtocolError, ""},
	} {
		// As one that may be a 0.9, where Metadata comes first; as 0.8, where the probe
		// does; and as a later one, where ApiVersions does.
		for _, registration := range []int{1, 2, 5} {
			t.Run(fmt.Sprintf("%s, as registration %d", tt.name, registration), func(t *testing.T) {
				t.Parallel() // most of them wait
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				n := Node{ID: 7, Addr: tt.addr, Registration: registration}
				_, err := newTestClient(t).Probe(ctx, n)
				if got := Status(err); got != tt.want {
					t.Errorf("registration %d: status %s of %v, want %s", registration, got, err, tt.want)
				}
				if err == nil || !strings.HasPrefix(err.Error(), "broker 7 at "+tt.addr+": ") || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("registration %d: the error is %q, want the broker's name and %q", registration, err, tt.text)
				}
			})
		}
	}
}

func TestHugeAnswersAreNotRead(t *testing.T) {
	for _, registration := range []int{2, 5} {
		for _, length := range []uint32{0, 3, maxResponse + 1, 1<<32 - 1} {
			addr := serveAll(t, pours(frame(length, "")))
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := newTestClient(t).Probe(ctx, Node{Addr: addr, Registration: registration})
			runtime.ReadMemStats(&after)
			cancel()
			if err == nil {
				t.Errorf("registration %d, length %d: no error", registration, length)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 10<<20 {
				t.Errorf("registration %d, length %d: %d MiB were allocated", registration, length, grown>>20)
			}
		}
	}
}

// The answers that are small in truth are read by sarama, which takes much memory for
// what they announce.
func TestSmallAnswersStaySmall(t *testing.T) {
	for name, c := range map[string]*Client{"probe": NewClient(Options{}), "login": NewClient(Options{Login: plain})} {
		t.Cleanup(c.Close)
		for _, length := range []uint32{maxSmall, maxSmall + 1} {
			n := Node{Addr: serveAll(t, pours(frame(length, ""))), Registration: 1}
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			_, err := c.Probe(ctx, n)
			cancel()
			var refused *frameError
			if err == nil || errors.As(err, &refused) != (length > maxSmall) {
				t.Errorf("%s, an answer of %d bytes: %v", name, length, err)
			}
		}
	}
}

func TestHungBroker(t *testing.T) {
	n := Node{Addr: serveAll(t, silent), Registration: 2}
	ours := goleak.IgnoreCurrent() // the listener, but none of its connections
	c := NewClient(Options{})
	const timeout = 20 * time.Millisecond
	for i := range 100 {
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		started := time.Now()
		var err error
		if i%2 == 0 {
			_, err = c.Probe(ctx, n)
		} else {
			_, err = c.ListGroups(ctx, n)
		}
		took := time.Since(started)
		cancel()
		// Far below comeBack, which a call that hangs on after its deadline takes.
		if Status(err) != cluster.BrokerTimeout || took > timeout+comeBack*3/4 {
			t.Fatalf("call %d: %v after %v, want a timeout after %v", i, err, took, timeout)
		}
	}
	c.Close()
	goleak.VerifyNone(t, ours)
}
