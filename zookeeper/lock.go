package zookeeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-zookeeper/zk"
)

// lockTimeout is the session timeout of a lock: another takes over so long after the
// holder's process died or was cut off. Less than four seconds is not to be had of
// servers with the usual tickTime.
const lockTimeout = 6 * time.Second

const (
	leaderName = "/leader"
	actingName = "/acting"
	stateName  = "/state"
)

var (
	// ErrNotHeld says that the lock is not, or no longer, held by this process.
	ErrNotHeld = errors.New("the lock is not held by this process")
	// ErrStale says that what was to be stored belongs to a state which somebody else
	// has replaced meanwhile: it must be loaded again.
	ErrStale = errors.New("somebody else has changed it meanwhile")
)

// Lock lets one of several processes lead, and one act, and keeps what all of them have
// to remember. It has a session of its own, by the end of which a process loses what it
// holds: leader and acting are ephemeral znodes. Its methods are safe for concurrent use
// and return by their context's deadline.
//
// A call that overruns its deadline gives the session up. What it held is then free only
// after the session timeout, also for this process, which has another session by then.
type Lock struct {
	session *Session
	path    string
	self    string
}

// NewLock returns a lock below this path, which is inside the chroot. Self is what others
// are told of the holder, such as "host1:9308 pid 77". Nothing is connected to and nothing
// is written until something is to be held. Without a timeout in opts the session's is six
// seconds. The caller must close the lock.
func NewLock(opts SessionOptions, path, self string) *Lock {
	if opts.Timeout <= 0 {
		opts.Timeout = lockTimeout
	}
	opts.single = true
	return &Lock{session: NewSession(opts), path: cleanPath(path), self: self}
}

// Lead takes the lead where nobody has it, and tells who leads and whether that is this
// process, in the session that it has now.
func (l *Lock) Lead(ctx context.Context) (holder string, leading bool, err error) {
	return l.claim(ctx, l.path+leaderName)
}

// Act takes the right to act where nobody has it, and tells who acts and whether that is
// this process, in the session that it has now.
func (l *Lock) Act(ctx context.Context) (holder string, acting bool, err error) {
	return l.claim(ctx, l.path+actingName)
}

// Holds returns nil if this process may act at this moment: if its session lives, and
// holds the right to act. The leader of the ensemble has been asked for it, so that no
// server which is cut off can tell otherwise. [ErrNotHeld] is the error when it may not,
// and any other one when that is not known.
func (l *Lock) Holds(ctx context.Context) error {
	path := l.path + actingName
	held, err := call(ctx, l.session, func(conn *zk.Conn) (holding, error) { return l.read(conn, path) })
	switch {
	case errors.Is(err, zk.ErrNoNode):
		return fmt.Errorf("%w: nobody holds %s%s", ErrNotHeld, l.session.opts.Chroot, path)
	case err != nil:
		return about("read", l.session.opts.Chroot+path, err)
	case !held.ours():
		return fmt.Errorf("%w: %s%s is held by %s", ErrNotHeld, l.session.opts.Chroot, path, held.holder())
	default:
		return nil
	}
}

// Done gives up the right to act, if this process has it.
func (l *Lock) Done(ctx context.Context) error { return l.release(ctx, l.path+actingName) }

// Resign gives up the right to act, and then the lead, if this process has them.
func (l *Lock) Resign(ctx context.Context) error {
	return errors.Join(l.Done(ctx), l.release(ctx, l.path+leaderName))
}

// Close ends the session, and with it everything that is held. It returns within about
// three seconds.
func (l *Lock) Close() { l.session.Close() }

// maxRaces is how often a znode is seen to go between two looks before that is an error.
const maxRaces = 3

// claim creates an ephemeral znode unless it is there. Who holds it is always read and
// never concluded, least of all from an answer that was lost.
func (l *Lock) claim(ctx context.Context, path string) (holder string, ours bool, err error) {
	data, err := json.Marshal(claimJSON{Holder: l.self, Since: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return "", false, err
	}
	held, err := call(ctx, l.session, func(conn *zk.Conn) (held holding, err error) {
		for range maxRaces {
			held, err = l.read(conn, path)
			if !errors.Is(err, zk.ErrNoNode) {
				return held, err
			}
			err = l.session.create(conn, path, data, zk.FlagEphemeral)
			if err != nil && !errors.Is(err, zk.ErrNodeExists) {
				return held, err
			}
		}
		return l.read(conn, path)
	})
	full := l.session.opts.Chroot + path
	if err != nil {
		return "", false, about("hold", full, err)
	}
	if held.owner == 0 {
		return "", false, fmt.Errorf("hold %s: it is not ephemeral, so nobody ever gives it up: delete it", full)
	}
	return held.holder(), held.ours(), nil
}

// release deletes an ephemeral znode if it is ours. Both are asked for in one session
// (see SessionOptions.single): in the next one it may be another's.
func (l *Lock) release(ctx context.Context, path string) error {
	_, err := call(ctx, l.session, func(conn *zk.Conn) (none struct{}, err error) {
		held, err := l.read(conn, path)
		if err == nil && held.ours() {
			err = conn.Delete(l.session.opts.Chroot+path, held.version)
		}
		if errors.Is(err, zk.ErrNoNode) {
			err = nil
		}
		return none, err
	})
	return about("give up", l.session.opts.Chroot+path, err)
}
