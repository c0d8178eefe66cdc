package zookeeper

import (
	"math/rand/v2"
	"sync"
)

// hosts tells the client library whom to connect to next: round robin from a
// random start, by name. The library's own provider resolves every name once and
// for all and fails when one does not resolve; here the dialer resolves, at each
// attempt. It outlives a link, so the one that follows a hanging server goes to
// another server.
type hosts struct {
	servers []string

	mu      sync.Mutex
	next    int
	tries   int  // in vain, one after the other
	stopped bool // what the library does now is only to fail what still waits
}

func newHosts(servers []string) *hosts {
	return &hosts{servers: servers, next: rand.IntN(max(1, len(servers)))}
}

// Init begins a new round. What the library hands over is the list it was given.
func (h *hosts) Init([]string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tries, h.stopped = 0, false
	return nil
}

// Len returns the number of servers.
func (h *hosts) Len() int { return len(h.servers) }

// Next returns the server to try, and whether every server was tried in vain: the
// library then fails what waits for a session, and pauses for a second.
func (h *hosts) Next() (server string, retryStart bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	server = h.servers[h.next]
	if h.stopped {
		return server, true
	}
	retryStart = h.tries > 0 && h.tries%len(h.servers) == 0
	h.tries++
	h.next = (h.next + 1) % len(h.servers)
	return server, retryStart
}

// Connected notes that the server given last took the session.
func (h *hosts) Connected() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tries = 0
}

// stop keeps the place for the next link while this one is taken down.
func (h *hosts) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
}
