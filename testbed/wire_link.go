package testbed

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// link is one connection that a wire carries.
type link struct {
	wire *Wire
	// ctx ends when the link is reset, or when both sides have closed.
	ctx    context.Context
	cancel context.CancelFunc
	client *net.TCPConn

	mu     sync.Mutex
	server *net.TCPConn // nil until it is dialled
	broken bool
}

// parcel is what one read has brought.
type parcel struct {
	data    []byte
	arrived time.Time
	err     error // io.EOF, or why nothing more comes
}

const (
	parcelSize = 32 << 10
	// Parcels that are held in one direction: enough for 100 MB/s delayed by 0.3 s.
	parcelsHeld = 1024
)

func newLink(w *Wire, client *net.TCPConn) *link {
	ctx, cancel := context.WithCancel(context.Background())
	return &link{wire: w, ctx: ctx, cancel: cancel, client: client}
}

// run carries the connection to its end.
func (l *link) run() {
	defer l.cancel()
	defer l.client.Close()
	if _, ok := l.admit(time.Now(), false); !ok {
		return
	}
	server, err := l.dial()
	if err != nil {
		l.reset()
		return
	}
	defer server.Close()
	var pumps sync.WaitGroup
	pumps.Go(func() { l.pump(l.client, server, false) })
	pumps.Go(func() { l.pump(server, l.client, true) })
	pumps.Wait()
}

// dial connects to the target.
func (l *link) dial() (*net.TCPConn, error) {
	conn, err := new(net.Dialer).DialContext(l.ctx, "tcp", l.wire.target)
	if err != nil {
		return nil, err
	}
	server := conn.(*net.TCPConn)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		reset(server)
		return nil, net.ErrClosed
	}
	l.server = server
	return server, nil
}

// reset ends the connection on both sides as a broken one.
func (l *link) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = true
	l.cancel()
	reset(l.client)
	if l.server != nil {
		reset(l.server)
	}
}

// reset closes a connection with RST instead of FIN, and drops what waits to be
// sent.
func reset(conn *net.TCPConn) {
	_ = conn.SetLinger(0)
	_ = conn.Close() // an error would say that it is closed already
}

// pump carries one direction to its end. What goes down, to the client, suffers
// from delay and rate.
func (l *link) pump(from, to *net.TCPConn, down bool) {
	parcels := make(chan parcel, parcelsHeld)
	var reader sync.WaitGroup
	reader.Go(func() { l.read(from, parcels) })
	defer reader.Wait()
	for p := range parcels {
		if !l.deliver(p, to, down) {
			return
		}
	}
}

// read fills parcels until there is nothing more to come.
func (l *link) read(from io.Reader, parcels chan<- parcel) {
	defer close(parcels)
	for {
		buffer := make([]byte, parcelSize)
		n, err := from.Read(buffer)
		select {
		case parcels <- parcel{buffer[:n], time.Now(), err}:
		case <-l.ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// deliver passes a parcel on when the wire lets it, and tells whether more may
// follow.
func (l *link) deliver(p parcel, to *net.TCPConn, down bool) bool {
	for data := p.data; len(data) > 0; {
		rate, ok := l.admit(p.arrived, down)
		if !ok {
			return false
		}
		n := len(data)
		if rate > 0 {
			n = min(n, max(1, rate/10))
		}
		if _, err := to.Write(data[:n]); err != nil {
			l.reset()
			return false
		}
		data = data[n:]
		if rate > 0 {
			l.pause(time.Duration(n) * time.Second / time.Duration(rate))
		}
	}
	if p.err == nil {
		return true
	}
	if _, ok := l.admit(p.arrived, down); ok && (!errors.Is(p.err, io.EOF) || to.CloseWrite() != nil) {
		l.reset()
	}
	return false
}

// admit waits until the wire lets pass what has arrived at a time, and returns
// at which rate. It is false when the link is over.
func (l *link) admit(arrived time.Time, down bool) (rate int, ok bool) {
	for {
		f, changed := l.wire.state()
		if !down {
			f.delay, f.rate = 0, 0
		}
		var due <-chan time.Time
		if !f.cut {
			wait := time.Until(arrived.Add(f.delay))
			if wait <= 0 {
				return f.rate, l.ctx.Err() == nil
			}
			due = time.After(wait)
		}
		select {
		case <-due:
		case <-changed:
		case <-l.ctx.Done():
			return 0, false
		}
	}
}

// pause waits, but not on after the wire has changed.
func (l *link) pause(d time.Duration) {
	_, changed := l.wire.state()
	select {
	case <-time.After(d):
	case <-changed:
	case <-l.ctx.Done():
	}
}
