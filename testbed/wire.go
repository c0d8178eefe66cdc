package testbed

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// Wire is a network of one hop: a TCP proxy on loopback in front of one
// address, which can be slowed down, cut and refused. It carries any number of
// connections. Its methods may be called from several goroutines, and after
// Close they do nothing.
//
// A wire answers before it knows whether its target does: a client that connects
// while nothing listens there is not refused but reset. For a refusal see Refuse.
type Wire struct {
	target, addr string
	place        *os.File // holds the port, also while nobody listens

	mu       sync.Mutex
	listener net.Listener // nil while connections are refused, and in the end
	links    map[*link]struct{}
	faults   faults
	changed  chan struct{} // closed and replaced whenever faults change
	closed   bool
	running  sync.WaitGroup
}

// faults are what a wire does to its connections at present.
type faults struct {
	cut   bool
	delay time.Duration
	rate  int // bytes in a second; 0: as fast as can be
}

// NewWire returns a wire in front of a TCP address, on a port of its own. Nothing
// needs to listen at the target yet. The caller calls Close.
func NewWire(target string) (*Wire, error) {
	place, addr, err := holdPort()
	if err != nil {
		return nil, fmt.Errorf("testbed: a wire to %s: %w", target, err)
	}
	w := &Wire{target: target, addr: addr, place: place, links: make(map[*link]struct{}), changed: make(chan struct{})}
	if err := w.listen(); err != nil {
		return nil, errors.Join(err, place.Close())
	}
	return w, nil
}

// Addr returns where clients connect, as host:port. It stays the same for the
// life of the wire.
func (w *Wire) Addr() string { return w.addr }

// Delay holds what the server sends for d, in order and at full speed but for
// that; 0 lets everything go at once, also what is held already.
func (w *Wire) Delay(d time.Duration) { w.change(func(f *faults) { f.delay = d }) }

// Trickle lets through at most so many bytes a second of what the server sends,
// on each connection; 0 ends it.
func (w *Wire) Trickle(bytesPerSecond int) { w.change(func(f *faults) { f.rate = bytesPerSecond }) }

// Cut makes the network fall silent: nothing is passed on in either direction,
// not even the end of a connection, and nobody is told. New connections are
// accepted, as by a kernel, and never answered. It ends a refusal. A few bytes
// that were on their way may still arrive.
func (w *Wire) Cut() {
	w.change(func(f *faults) { f.cut = true })
	w.open()
}

// Refuse resets all connections, and has new ones refused as if nobody
// listened. The port stays the wire's. It ends a cut.
func (w *Wire) Refuse() {
	w.mu.Lock()
	if w.listener != nil {
		_ = w.listener.Close() // what it was about is over
		w.listener = nil
	}
	w.mu.Unlock()
	w.Reset()
	w.change(func(f *faults) { f.cut = false })
}

// Reset resets all connections; new ones are treated as before.
func (w *Wire) Reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.links {
		l.reset()
	}
}

// Mend ends every fault. Connections that have fallen silent go on where they
// were, as TCP would by sending again what was lost.
func (w *Wire) Mend() {
	w.change(func(f *faults) { *f = faults{} })
	w.open()
}

// Close resets all connections, gives the port up and returns when all is over.
func (w *Wire) Close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		_ = w.place.Close()
	}
	w.mu.Unlock()
	w.Refuse()
	w.running.Wait()
}

// change alters the faults and wakes whoever waits for their end.
func (w *Wire) change(alter func(*faults)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	alter(&w.faults)
	close(w.changed)
	w.changed = make(chan struct{})
}

// state returns the present faults and a channel that is closed when they change.
func (w *Wire) state() (faults, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.faults, w.changed
}

// open listens again after a refusal. The port is held, so only a program that is
// out of files or memory fails here.
func (w *Wire) open() {
	if err := w.listen(); err != nil {
		panic(err.Error())
	}
}

func (w *Wire) listen() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.listener != nil || w.closed {
		return nil
	}
	l, err := listenHeld(w.addr)
	if err != nil {
		return fmt.Errorf("testbed: listen on the wire %s to %s: %w", w.addr, w.target, err)
	}
	w.listener = l
	w.running.Go(func() { w.accept(l) })
	return nil
}

// accept takes connections in until the listener is closed.
func (w *Wire) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			w.carry(l, conn.(*net.TCPConn))
		case errors.Is(err, net.ErrClosed):
			return
		default:
			time.Sleep(10 * time.Millisecond) // out of files: others may close some
		}
	}
}

// carry starts to carry a connection, unless its listener is closed by now.
func (w *Wire) carry(from net.Listener, client *net.TCPConn) {
	l := newLink(w, client)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.listener != from {
		l.reset()
		return
	}
	w.links[l] = struct{}{}
	w.running.Go(func() {
		l.run()
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.links, l)
	})
}
