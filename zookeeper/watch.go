package zookeeper

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/go-zookeeper/zk"
)

const (
	// notificationsPath gets a child for every change of ISRs that a leader makes.
	notificationsPath = "/isr_change_notification"
	electionPath      = "/admin/preferred_replica_election"
)

// watchedPaths are the znodes whose changes are told of: their data, their children
// where Registry lists those, and that they come or go.
var watchedPaths = []string{
	idsPath, controllerPath, topicsPath, notificationsPath, deletePath, electionPath, reassignPath,
}

// watchList is what is watched. It is nil when nobody wants to know.
//
// A watch is armed by a reading: one bit in the request says so. The server sends
// one notice when the watch fires, and forgets it then, or with the connection. To
// arm one that is armed changes nothing, so nothing need be kept of it here.
//
// The bit is set by the socket, because the client library does more: it keeps a
// channel for every watched reading until the watch fires, and on the next
// connection arms anew whatever it has kept, from a point in time that it reads
// while other goroutines write it. A change could be missed there; here, whoever was
// told of the lost connection reads anew.
type watchList struct {
	names  map[string]string // what is told of: full paths, and what they are called
	states keptStates
}

func newWatchList(opts SessionOptions) *watchList {
	if opts.Changed == nil {
		return nil
	}
	names := make(map[string]string, len(watchedPaths))
	for _, path := range watchedPaths {
		names[opts.Chroot+path] = path
	}
	return &watchList{names: names}
}

// kept returns the states that need not be read again; nil where nothing is watched.
func (w *watchList) kept() *keptStates {
	if w == nil {
		return nil
	}
	return &w.states
}

// Operations of the protocol that can arm a watch.
const (
	existsOp      = 3
	getDataOp     = 4
	getChildrenOp = 12
)

// watchable is the length of a request that can arm a watch but for its path: its
// length, xid, operation, the length of the path, and the bit in a byte of its own.
const watchable = 4*4 + 1

// arm sets the bit in a request that reads what is watched.
func (w *watchList) arm(request []byte) {
	if w == nil || len(request) < watchable {
		return
	}
	switch binary.BigEndian.Uint32(request[8:]) {
	case existsOp, getDataOp, getChildrenOp:
	default:
		return
	}
	path := request[watchable-1 : len(request)-1]
	if binary.BigEndian.Uint32(request[12:]) != uint32(len(path)) {
		return
	}
	if _, ok := w.names[string(path)]; ok || w.states.wanted(path) {
		request[len(request)-1] = 1
	}
}

// watched makes a reading that arms its watch whether or not the znode is there. To
// read one that is not arms nothing, so it is looked for as well.
func (s *Session) watched(ctx context.Context, path string, read func(context.Context, string) (znode, error)) (znode, error) {
	node, err := read(ctx, path)
	if s.opts.Changed == nil || !errors.Is(err, zk.ErrNoNode) {
		return node, err
	}
	switch _, absent := s.stat(ctx, path); {
	case errors.Is(absent, zk.ErrNoNode):
		return node, err
	case absent != nil:
		return node, absent
	}
	return read(ctx, path) // it came meanwhile
}

// armUnread arms the watches of what Registry has no use for itself, unless they are
// armed: where no controller takes them away, notifications pile up, and a list of
// thousands is not to be read at every poll. What is forbidden is not watched.
func (s *Session) armUnread(ctx context.Context) error {
	if s.opts.Changed == nil {
		return nil
	}
	err := s.armOnce(notificationsPath, func(path string) error {
		_, err := s.watched(ctx, path, s.list)
		return err
	})
	if err != nil {
		return err
	}
	return s.armOnce(electionPath, func(path string) error {
		_, err := s.stat(ctx, path)
		return err
	})
}

func (s *Session) armOnce(path string, arm func(path string) error) error {
	if !s.notices.claim(path) {
		return nil
	}
	err := arm(path)
	if err == nil || errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	s.notices.disclaim(path)
	if ofOneZnode(err) {
		return nil
	}
	return err
}
