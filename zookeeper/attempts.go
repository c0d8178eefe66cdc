package zookeeper

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// attempts keeps what became of a client's connections.
type attempts struct {
	mu       sync.Mutex
	failures map[string]error // by server, since a session was last had
	loss     error            // what ended the session's last connection
	lostAt   time.Time        // when; zero while there is one and before the first
	begun    time.Time        // when that connection was made
}

// failed notes why there is no session with a server. That this side closed the
// connection tells nothing.
func (a *attempts) failed(server string, err error) {
	if errors.Is(err, net.ErrClosed) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failures == nil {
		a.failures = make(map[string]error)
	}
	a.failures[server] = fmt.Errorf("ZooKeeper server %s: %w", server, err)
}

// began notes that a server took the session.
func (a *attempts) began() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failures, a.lostAt, a.begun = nil, time.Time{}, time.Now()
}

// lost notes what ended the session's connection.
func (a *attempts) lost(server string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.loss == nil || !errors.Is(err, net.ErrClosed) {
		a.loss = fmt.Errorf("ZooKeeper server %s: %w", server, err)
	}
	a.lostAt = time.Now()
}

// told returns why there is no session, by server, and what ended the last one's
// connection.
func (a *attempts) told() (failures []error, loss error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, server := range slices.Sorted(maps.Keys(a.failures)) {
		failures = append(failures, a.failures[server])
	}
	return failures, a.loss
}

// times returns when the session's last connection was made and when it was lost,
// which is zero while there is one; both are zero when there never was.
func (a *attempts) times() (begun, lost time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.begun, a.lostAt
}
