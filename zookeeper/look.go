package zookeeper

import (
	"context"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// look is one question for a server's mode. Whoever asked may be gone before the
// answer comes.
type look struct {
	done chan struct{} // closed when the rest is there
	cluster.Look
}

// Look asks all servers side by side for srvr alone, and returns by the context's
// deadline what is known of them by then, by the servers' names, as [Ensemble.Read]
// would have it: a server that did not answer has the mode that stands for its
// failure. It is meant to be called every half second, to see soon
// that a reading is out of date.
//
// A server has as much time for its answer as in Read, so that a slow one is not
// taken for one that is gone. Until then it is left out and not asked again, and the
// first call after its answer or failure returns that. A server that does not allow
// srvr is left out as well, and not asked until Read finds that it does. So is one
// that an idle connection tells to be as it was when it was asked last.
//
// The map belongs to the caller. Concurrent calls are safe; they share what is asked.
func (e *Ensemble) Look(ctx context.Context) map[string]cluster.Look {
	looks := make([]*look, len(e.members))
	for i, m := range e.members {
		looks[i] = m.lookUp(e.opts.Dial)
	}
	servers := make(map[string]cluster.Look, len(looks))
	for i, l := range looks {
		if l == nil {
			continue
		}
		select {
		case <-l.done:
		case <-ctx.Done():
		}
		if isClosed(l.done) {
			e.members[i].forget(l)
			if l.Status != cluster.ServerNotAllowed {
				servers[l.Name] = l.Look
			}
		}
	}
	return servers
}

// lookAnyway is how long an idle connection is believed. One to a server that hangs,
// or that is cut off, does not end.
const lookAnyway = 5 * time.Second

// lookUp returns the question that is open, asking it if there is none; nil for a
// server that does not allow it.
func (m *member) lookUp(dial DialFunc) *look {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.look == nil && !m.memory.wordless && (m.idle == nil || time.Since(m.asked) > lookAnyway) {
		m.asked = time.Now()
		m.look = &look{done: make(chan struct{}), Look: cluster.Look{At: time.Now()}}
		go m.answer(m.look, m.memory.timeout(), dial)
	}
	return m.look
}

func (m *member) answer(l *look, timeout time.Duration, dial DialFunc) {
	defer close(l.done)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	err := safely(func() error {
		l.Server = m.srvr(ctx, dial)
		if l.Mode.Serving() && m.keep(ctx, dial) {
			// Once more: what changes after this answer ends the connection. Where that
			// took the last one that the server allows us, the first answer stands.
			at := time.Now()
			if again := m.srvr(ctx, dial); again.Mode.Serving() {
				l.Server, l.At = again, at
			} else {
				m.doWithout(crowded)
			}
		}
		return nil
	})
	if err != nil {
		l.Server = m.panicked(err)
	}
	m.heed(l.Mode)
	if l.Status == cluster.ServerNotAllowed {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.memory.wordless = true
	}
}

// forget ends a question that was told of.
func (m *member) forget(l *look) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.look == l {
		m.look = nil
	}
}
