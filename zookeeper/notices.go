package zookeeper

import (
	"sync"

	"github.com/go-zookeeper/zk"
)

// sessionNotice is what SessionOptions.Changed is told when the session was lost or
// came back.
const sessionNotice = "session"

// notices tells the owner of a session that something changed. All connections of
// all links meet here, so that nothing is told twice, nor after the end.
type notices struct {
	changed func(what string) // nil when nobody wants to know
	watched *watchList

	mu     sync.Mutex      // held while changed is called: who stops it waits for that call
	armed  map[string]bool // by armOnce: not fired since, on a connection that still stands
	up     bool            // there is a session
	missed bool            // it was lost, or a call found none
	ended  bool
}

// stop ends all notices. None is under way when it returns.
func (n *notices) stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ended = true
}

// take hears what the library tells of a link.
func (n *notices) take(l *link, event zk.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case l.silenced:
	case event.Type != zk.EventSession:
		n.fire(event.Path)
	case event.State == zk.StateHasSession:
		n.setUp()
	case event.State == zk.StateDisconnected || event.State == zk.StateExpired:
		n.setDown()
	}
}

// fire takes the notice of a watch. One that was not asked for is none.
func (n *notices) fire(path string) {
	if n.watched == nil {
		return
	}
	n.watched.states.fired(path)
	if name, ok := n.watched.names[path]; ok {
		delete(n.armed, name)
		n.tell(name)
	}
}

// silence hears nothing more of a link that was given up.
func (n *notices) silence(l *link) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l.silenced = true
	n.setDown()
	n.missed = true
}

// claim notes that a watch is being armed, and says whether it was not. That must be
// before the request is sent: the watch may fire before the answer is seen. Whoever
// could not arm it disclaims it.
func (n *notices) claim(path string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.armed[path] {
		return false
	}
	if n.armed == nil {
		n.armed = make(map[string]bool)
	}
	n.armed[path] = true
	return true
}

func (n *notices) disclaim(path string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.armed, path)
}

// miss notes that a call found no session.
func (n *notices) miss() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.missed = n.missed || !n.up
}

// setUp tells of a session only when one was lost or looked for in vain: that there
// is one when the first is opened is no news.
func (n *notices) setUp() {
	if n.missed && !n.up {
		n.tell(sessionNotice)
	}
	n.up, n.missed = true, false
}

// setDown tells once, however often the attempts at another session fail.
func (n *notices) setDown() {
	clear(n.armed)
	if n.watched != nil {
		n.watched.states.lost()
	}
	if n.up {
		n.missed = true
		n.tell(sessionNotice)
	}
	n.up = false
}

func (n *notices) tell(what string) {
	if n.changed != nil && !n.ended {
		n.changed(what)
	}
}
