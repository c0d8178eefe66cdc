package proxy

import (
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

const deadline = 20 * time.Second

// startBroker answers each byte with the same byte, twice.
func startBroker(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				pass(conn, io.MultiWriter(conn, conn), func([]byte) {})
			}()
		}
	}()
	return l.Addr().String()
}

func startProxy(t *testing.T, meter *Meter) *Proxy {
	t.Helper()
	p, err := Listen(meter)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func dial(t *testing.T, p *Proxy) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", p.Addr(), deadline)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(deadline)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestProxyCounts(t *testing.T) {
	meter := new(Meter)
	p := startProxy(t, meter)
	p.To(startBroker(t))
	conn := dial(t, p)
	sent := slices.Concat(request(3, 10), request(2, 50), request(2, 0))
	if _, err := conn.Write(sent); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 2*len(sent))); err != nil {
		t.Fatal(err)
	}
	before := meter.Read()
	if got := before.Kinds(1); got != "ListOffsets 2, Metadata 1" || before.Total() != 3 || before.Total("ListOffsets") != 1 {
		t.Errorf("requests: %s, in all %d", got, before.Total())
	}
	if before.Sent != int64(len(sent)) || before.Received != 2*int64(len(sent)) || before.Garbled != 0 || before.Last.IsZero() {
		t.Errorf("%+v after %d bytes", before, len(sent))
	}
	if _, err := conn.Write(request(2, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	since := meter.Read().Minus(before)
	if got := since.Kinds(2); got != "ListOffsets 0.5" || since.Sent != 8 || since.Received != 16 {
		t.Errorf("since then: %s, %+v", got, since)
	}
}

func TestProxyCountsWhatIsNotKafka(t *testing.T) {
	meter := new(Meter)
	p := startProxy(t, meter)
	p.To(startBroker(t))
	conn := dial(t, p)
	for range 2 {
		if _, err := conn.Write([]byte("GET / HTTP/1.1\r\n")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, make([]byte, 32)); err != nil {
			t.Fatal(err)
		}
	}
	if got := meter.Read(); got.Garbled != 1 || got.Total() != 0 {
		t.Errorf("%+v, want one garbled connection", got)
	}
}

// The end of a connection is passed on, from either side, and so is the lack of
// a broker.
func TestProxyEndsConnections(t *testing.T) {
	meter := new(Meter)
	p := startProxy(t, meter)
	conn := dial(t, p)
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a connection stays open though there is no broker")
	}
	p.To(startBroker(t))
	conn = dial(t, p)
	if _, err := conn.Write(request(3, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	p.Close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a connection stays open after Close")
	}
}
