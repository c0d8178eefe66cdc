package zookeeper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
)

// claimJSON is the data of an ephemeral znode.
type claimJSON struct {
	Holder string    `json:"holder"`
	Since  time.Time `json:"since"`
}

// holding is an ephemeral znode as it was read.
type holding struct {
	owner   int64 // the session that it belongs to; 0 for one that is not ephemeral
	session int64 // the session in which it was read
	version int32
	data    []byte
}

func (h holding) ours() bool { return h.owner != 0 && h.owner == h.session }

// maxHolder bounds what is repeated of a holder's own words.
const maxHolder = 200

// holder returns what the holder calls itself, or else its session.
func (h holding) holder() string {
	var claim claimJSON
	if json.Unmarshal(h.data, &claim) != nil || claim.Holder == "" {
		return fmt.Sprintf("session 0x%x", uint64(h.owner))
	}
	return strings.ToValidUTF8(claim.Holder[:min(len(claim.Holder), maxHolder)], "?")
}

// read reads a znode as the leader of the ensemble knows it. The session is that of the
// answer: a link has no second one.
func (l *Lock) read(conn *zk.Conn, path string) (holding, error) {
	path = l.session.opts.Chroot + path
	if _, err := conn.Sync(path); err != nil {
		return holding{}, err
	}
	data, stat, err := conn.Get(path)
	if err != nil {
		return holding{}, err
	}
	return holding{owner: stat.EphemeralOwner, session: conn.SessionID(), version: stat.Version, data: data}, nil
}

// noState is the version of a state that was never stored.
const noState = -1

// Load returns the state and its version; nil and -1 where none was stored yet. The data
// belongs to the caller.
func (l *Lock) Load(ctx context.Context) (data []byte, version int32, err error) {
	path := l.path + stateName
	held, err := call(ctx, l.session, func(conn *zk.Conn) (holding, error) { return l.read(conn, path) })
	if errors.Is(err, zk.ErrNoNode) {
		return nil, noState, nil
	}
	if err != nil {
		return nil, noState, about("read", l.session.opts.Chroot+path, err)
	}
	return held.data, held.version, nil
}

// Store replaces the state that was loaded in this version, -1 for none, and returns the
// version that it has then. [ErrStale] is the error when it is no longer in that version.
// After any other error it may have been stored or not. It takes no lock, and no more than
// 500,000 bytes.
func (l *Lock) Store(ctx context.Context, data []byte, version int32) (newVersion int32, err error) {
	path := l.path + stateName
	full := l.session.opts.Chroot + path
	if len(data) > maxWritten {
		return version, tooLarge(full, len(data))
	}
	data = bytes.Clone(data) // a call that hangs outlives ctx
	repeated := false
	_, err = call(ctx, l.session, func(conn *zk.Conn) (none struct{}, err error) {
		lost := repeated
		repeated = true
		if version == noState {
			err = l.session.create(conn, path, data, 0)
		} else {
			_, err = conn.Set(full, data, version)
		}
		if errors.Is(err, zk.ErrBadVersion) || errors.Is(err, zk.ErrNodeExists) || errors.Is(err, zk.ErrNoNode) && version != noState {
			err = l.stale(conn, path, data, version, lost, err)
		}
		return none, err
	})
	if err != nil {
		return version, about("write", full, err)
	}
	return version + 1, nil // ZooKeeper counts from 0
}

// stale returns the error for a state that is in another version than it was loaded in,
// nil if that is our own doing: an earlier request whose answer was lost.
func (l *Lock) stale(conn *zk.Conn, path string, data []byte, version int32, lost bool, cause error) error {
	if lost {
		now, err := l.read(conn, path)
		if err != nil && !errors.Is(err, zk.ErrNoNode) {
			return err
		}
		if err == nil && now.version == version+1 && bytes.Equal(now.data, data) {
			return nil
		}
	}
	return fmt.Errorf("%w: %w", ErrStale, cause)
}
