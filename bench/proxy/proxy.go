// Package proxy counts what clients ask of Kafka brokers: a TCP proxy stands
// before each broker, which advertises the proxy's address, and reads the
// headers of the requests that go through. The protocol must be in the clear.
package proxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

const bufferSize = 64 << 10

// Proxy stands before one broker. Its methods may be called from several
// goroutines.
type Proxy struct {
	listener net.Listener
	meter    *Meter

	mu      sync.Mutex
	target  string
	conns   map[net.Conn]struct{}
	closed  bool
	running sync.WaitGroup
}

// Listen returns a proxy on a free port of loopback, which counts into a meter.
// It closes connections at once until To has named the broker, whose settings
// may thus contain the proxy's address. The caller calls Close.
func Listen(meter *Meter) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen before a broker: %w", err)
	}
	p := &Proxy{listener: listener, meter: meter, conns: make(map[net.Conn]struct{})}
	p.running.Go(p.accept)
	return p, nil
}

// Addr returns where clients connect, as host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// To names the broker, as host:port, for connections to come.
func (p *Proxy) To(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// Close ends all connections and returns when all is over.
func (p *Proxy) Close() {
	_ = p.listener.Close() // fails only when it is closed already
	p.mu.Lock()
	p.closed = true
	for conn := range p.conns {
		_ = conn.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			p.running.Go(func() { p.carry(client) })
		}
	}
}

// carry passes one connection on until either side ends it.
func (p *Proxy) carry(client net.Conn) {
	defer client.Close()
	p.mu.Lock()
	target := p.target
	p.mu.Unlock()
	broker, err := net.Dial("tcp", target)
	if err != nil {
		return // the client sees the end of its connection
	}
	defer broker.Close()
	if !p.keep(client, broker) {
		return
	}
	defer p.forget(client, broker)
	var up sync.WaitGroup
	up.Go(func() {
		p.passUp(client, broker)
		_ = broker.Close() // ends the other direction
	})
	p.passDown(broker, client)
	_ = client.Close()
	up.Wait()
}

// keep has Close end the connections too; it is false when that has happened.
func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		p.conns[conn] = struct{}{}
	}
	return !p.closed
}

func (p *Proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		delete(p.conns, conn)
	}
}

func (p *Proxy) passUp(client io.Reader, broker io.Writer) {
	parser, garbled := requests{seen: p.meter.request}, false
	pass(client, broker, func(data []byte) {
		if !parser.add(data) && !garbled {
			garbled = true
			p.meter.change(func(t *Traffic) { t.Garbled++ })
		}
		p.meter.change(func(t *Traffic) { t.Sent += int64(len(data)) })
	})
}

func (p *Proxy) passDown(broker io.Reader, client io.Writer) {
	pass(broker, client, func(data []byte) {
		p.meter.change(func(t *Traffic) { t.Received += int64(len(data)) })
	})
}

// pass counts before it writes, so that who has an answer finds its request
// counted.
func pass(from io.Reader, to io.Writer, count func([]byte)) {
	buffer := make([]byte, bufferSize)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			count(buffer[:n])
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
