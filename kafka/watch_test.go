package kafka

import (
	"context"
	"crypto/tls"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// loss is what Lost was called with.
type loss struct {
	node Node
	err  error
}

// newWatchingClient returns a client that is told of losses, and what it was told.
func newWatchingClient(t *testing.T, opts Options) (*Client, chan loss) {
	t.Helper()
	told := make(chan loss, 100)
	opts.Lost = func(n Node, err error) { told <- loss{n, err} }
	c := NewClient(opts)
	t.Cleanup(c.Close)
	return c, told
}

func mustProbe(t *testing.T, c *Client, n Node) {
	t.Helper()
	if _, err := c.Probe(within(t), n); err != nil {
		t.Fatal(err)
	}
}

// wantLoss waits for a loss.
func wantLoss(t *testing.T, told <-chan loss, n Node) {
	t.Helper()
	select {
	case l := <-told:
		if l.node != n || Status(l.err) != cluster.BrokerRefused {
			t.Errorf("told that %s is lost: %v (%s), want %s refused", l.node, l.err, Status(l.err), n)
		}
	case <-within(t).Done():
		t.Fatal("the loss was not told")
	}
}

// closeAndWantNothing closes the client, after which nothing can be told any more.
func closeAndWantNothing(t *testing.T, c *Client, told <-chan loss) {
	t.Helper()
	c.Close()
	if len(told) > 0 {
		l := <-told
		t.Errorf("told that %s is lost: %v", l.node, l.err)
	}
}

// A broker that closes an idle connection is asked anew, and its next connection is
// watched as well. One that is gone is told once.
func TestLost(t *testing.T) {
	for name, end := range map[string]func(*fake){"closed": (*fake).hangUp, "reset": (*fake).reset} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, noGroups)
			var o observed
			c, told := newWatchingClient(t, Options{Observe: o.observe})
			mustProbe(t, c, f.node(2))
			for range 2 {
				before := len(f.seen(keyListOffsets))
				end(f)
				eventually(t, "the broker is asked anew", func() bool { return len(f.seen(keyListOffsets)) > before })
				mustProbe(t, c, f.node(2))
			}
			if got, want := f.connections(), 3; got != want {
				t.Errorf("%d connections, want %d", got, want)
			}
			if want := "Metadata, ListOffsets, Metadata, ListOffsets, ListOffsets, Metadata, ListOffsets, ListOffsets"; o.String() != want {
				t.Errorf("observed %s, want %s", &o, want)
			}
			_ = f.listener.Close()
			end(f)
			wantLoss(t, told, f.node(2))
			closeAndWantNothing(t, c, told)
		})
	}
}

// Reads that are given up spoil a connection in TLS as little as one in plain text.
func TestLostInTLS(t *testing.T) {
	own := certificate(t, "k1")
	inTLS := &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}
	f := newFakeOn(t, tls.NewListener(listen(t), inTLS), noGroups)
	c, told := newWatchingClient(t, Options{Dial: trusting(t, own, "k1")})
	for range 20 {
		mustProbe(t, c, f.node(2))
	}
	if n := f.connections(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	f.hangUp()
	eventually(t, "the broker is asked anew", func() bool { return len(f.seen(keyListOffsets)) > 20 })
	mustProbe(t, c, f.node(2))
	_ = f.listener.Close()
	f.hangUp()
	wantLoss(t, told, f.node(2))
	closeAndWantNothing(t, c, told)
}

func TestCallsAndIdlingTakeTurns(t *testing.T) {
	f := newFake(t, noGroups)
	c, told := newWatchingClient(t, Options{})
	mustProbe(t, c, f.node(2))
	before := runtime.NumGoroutine()
	for range 1000 {
		mustProbe(t, c, f.node(2))
	}
	if n := f.connections(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	eventually(t, "as many goroutines as after the first call", func() bool { return runtime.NumGoroutine() <= before })
	closeAndWantNothing(t, c, told)
}

// A broker that speaks unasked is not one to go on with.
func TestByteOutOfTurnEndsTheConnection(t *testing.T) {
	f := newFake(t, noGroups)
	c, told := newWatchingClient(t, Options{})
	mustProbe(t, c, f.node(2))
	f.mu.Lock()
	_, err := f.conns[0].Write([]byte{0})
	f.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the broker is asked anew", func() bool { return len(f.seen(keyListOffsets)) == 2 })
	closeAndWantNothing(t, c, told)
	if n := f.connections(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// Connections that the client closes itself are no losses, even if the broker is gone
// at the same time.
func TestNothingIsToldOfBrokersThatAreLetGo(t *testing.T) {
	for name, let := range map[string]func(*Client){
		"closed": (*Client).Close, "not retained": func(c *Client) { c.Retain(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, noGroups)
			c, told := newWatchingClient(t, Options{})
			mustProbe(t, c, f.node(2))
			let(c)
			f.stop()
			closeAndWantNothing(t, c, told)
			if got := len(f.seen()); got != 1 {
				t.Errorf("%d requests, want 1", got)
			}
		})
	}
}

// A call that begins in the very moment in which the connection ends succeeds, and
// the end is no loss.
func TestCallInTheMomentOfTheEnd(t *testing.T) {
	f := newFake(t, noGroups)
	c, told := newWatchingClient(t, Options{})
	for range 100 {
		mustProbe(t, c, f.node(2))
		var ending sync.WaitGroup
		ending.Go(f.hangUp)
		mustProbe(t, c, f.node(2))
		ending.Wait()
	}
	closeAndWantNothing(t, c, told)
}

// A loss is found in a poll that is going on, or told, or both; the end of the
// connection is never missed.
func TestCallInTheMomentOfTheLoss(t *testing.T) {
	for range 20 {
		f := newFake(t, noGroups)
		c, told := newWatchingClient(t, Options{})
		mustProbe(t, c, f.node(2))
		_ = f.listener.Close()
		var ending sync.WaitGroup
		ending.Go(f.reset)
		if _, err := c.Probe(within(t), f.node(2)); err == nil {
			wantLoss(t, told, f.node(2)) // the call was the earlier
		}
		ending.Wait()
		c.Close()
		if len(told) > 1 {
			t.Errorf("%d losses told, want one", len(told))
		}
	}
}

func TestEachDeathIsToldOnce(t *testing.T) {
	f := newFake(t, noGroups)
	c, told := newWatchingClient(t, Options{})
	n := f.node(2)
	for range 5 {
		mustProbe(t, c, n)
		_ = f.listener.Close()
		f.reset()
		wantLoss(t, told, n)
		var again net.Listener
		eventually(t, "the broker is back", func() (back bool) {
			var err error
			again, err = net.Listen("tcp", n.Addr)
			return err == nil
		})
		f = newFakeOn(t, again, noGroups)
	}
	closeAndWantNothing(t, c, told)
}

// What closes every connection after one answer is not asked over and over.
func TestAskingAnewIsBounded(t *testing.T) {
	f := newFake(t, func(received) answer { return answer{body: noTopics().body, hangUpAfter: true} })
	c, told := newWatchingClient(t, Options{})
	for round := range 2 {
		mustProbe(t, c, f.node(2))
		target := c.targets[c.key(f.node(2))]
		eventually(t, "it is left alone", func() bool { return target.anew.Load() > maxAnew })
		if got, want := f.connections(), (round+1)*(1+maxAnew); got != want {
			t.Errorf("%d connections after round %d, want %d", got, round, want)
		}
	}
	closeAndWantNothing(t, c, told)
}

// Without anybody to tell, nobody waits.
func TestWithoutLostNothingIsWatched(t *testing.T) {
	f := newFake(t, noGroups)
	c := newTestClient(t)
	mustProbe(t, c, f.node(2))
	if w := c.targets[c.key(f.node(2))].probe.watch; w != nil {
		t.Error("the idle connection is being read")
	}
}

// deadlined is a connection that knows until when its next read may wait, and tells
// of reads of a single byte, which only a watch makes.
type deadlined struct {
	net.Conn
	mu      sync.Mutex
	until   time.Time
	watched chan time.Time
}

func (d *deadlined) SetReadDeadline(t time.Time) error {
	d.mu.Lock()
	d.until = t
	d.mu.Unlock()
	return d.Conn.SetReadDeadline(t)
}

func (d *deadlined) SetDeadline(t time.Time) error {
	d.mu.Lock()
	d.until = t
	d.mu.Unlock()
	return d.Conn.SetDeadline(t)
}

func (d *deadlined) Read(p []byte) (int, error) {
	if len(p) == 1 {
		d.mu.Lock()
		d.watched <- d.until
		d.mu.Unlock()
	}
	return d.Conn.Read(p)
}

// The deadline of a call must not end the wait that follows it: after some seconds
// nobody would see the broker die.
func TestNoDeadlineEndsTheWait(t *testing.T) {
	f := newFake(t, noGroups)
	watched := make(chan time.Time, 10)
	c, _ := newWatchingClient(t, Options{Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &deadlined{Conn: conn, watched: watched}, err
	}})
	mustProbe(t, c, f.node(2))
	if until := <-watched; !until.IsZero() {
		t.Errorf("the wait ends in %v", time.Until(until))
	}
}
