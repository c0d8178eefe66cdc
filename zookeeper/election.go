package zookeeper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"
)

var (
	// ErrElectionPending says that an election is written already, by whomever, and
	// that the controller has not yet taken it.
	ErrElectionPending = errors.New("another election is pending")
	// ErrElectionStuck says that an election was written and is still there: that the
	// controller takes none. Nobody but a person may take it away.
	ErrElectionStuck = errors.New("no controller takes the election")
)

var (
	errTopicChanged = errors.New("a topic was changed or deleted while its election was being written")
	errUnsure       = errors.New("it is not known whether the election was written")
)

// How often it is looked whether the controller has taken an election: it takes one in
// 20 to 60 ms, a hundred in a second, and one that does not will not be hurried.
const (
	firstLook = 20 * time.Millisecond
	lastLook  = 500 * time.Millisecond
)

// ElectPreferred has the controller make the preferred replicas of these partitions their
// leaders, by writing them into /admin/preferred_replica_election, and waits until the
// controller has taken that away. It works with every release that has ZooKeeper.
//
// Written are only partitions that exist, in one transaction with the proof that they
// do: controllers up to Kafka 2.1 never take an election away that names another one, and
// some of them take none any more after it. A topic that is being deleted is left out;
// that nobody marks one as deleted cannot be a part of the transaction and is looked at
// right before it. The mark itself does no harm: a controller skips what it is about to
// delete.
//
// Written, which belongs to the caller, is what was written or may have been: nil when
// certainly nothing was, so that an error beside partitions means that it is the leaders
// which tell what happened. They tell it in any case: the controller also takes away what
// it does not do. An election that is there already is [ErrElectionPending], and one that
// is still there when ctx ends [ErrElectionStuck]. No znode is ever changed or deleted.
func (s *Session) ElectPreferred(ctx context.Context, ask map[string][]int32) (written map[string][]int32, err error) {
	for again := false; ; again = true {
		e, err := s.planElection(ctx, ask)
		if err != nil || len(e.partitions) == 0 {
			return nil, err
		}
		began := time.Now()
		err = s.writeElection(ctx, e)
		switch {
		case err == nil:
			return e.partitions, s.awaitElection(ctx, e, began)
		case errors.Is(err, errUnsure):
			return e.partitions, err
		case again || !errors.Is(err, errTopicChanged):
			return nil, err
		}
	}
}

// ElectionPending says whether an election is written that the controller has not yet
// taken.
func (s *Session) ElectionPending(ctx context.Context) (bool, error) {
	_, err := s.stat(ctx, electionPath)
	if errors.Is(err, zk.ErrNoNode) {
		return false, nil
	}
	return err == nil, err
}

// writeElection makes the transaction, or none of it.
func (s *Session) writeElection(ctx context.Context, e election) error {
	path := s.opts.Chroot + electionPath
	ops := append(slices.Clone(e.checks), &zk.CreateRequest{Path: path, Data: e.data, Acl: s.acl()})
	failed, err, unsure := once(ctx, s, func(conn *zk.Conn) (int, error) {
		results, err := conn.Multi(ops...)
		return slices.IndexFunc(results, func(r zk.MultiResponse) bool { return r.Error != nil }), err
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, zk.ErrNodeExists):
		return about("write", path, fmt.Errorf("%w: %w", ErrElectionPending, err))
	case failed >= 0 && failed < len(e.checks) && (errors.Is(err, zk.ErrBadVersion) || errors.Is(err, zk.ErrNoNode)):
		return about("write", path, fmt.Errorf("%w (%s): %w", errTopicChanged, ops[failed].(*zk.CheckVersionRequest).Path, err))
	case unsure:
		return s.readBack(ctx, e, about("write", path, err))
	default:
		return about("write", path, err)
	}
}

// readBack looks whether an election was written whose answer was lost. That it is not
// there proves nothing: the controller may have taken it meanwhile.
func (s *Session) readBack(ctx context.Context, e election, lost error) error {
	there, err := s.electionThere(ctx, e)
	switch {
	case there:
		return nil
	case err != nil:
		return fmt.Errorf("%w: %w; and then: %w", errUnsure, lost, err)
	default:
		return fmt.Errorf("%w, it is not there now: %w", errUnsure, lost)
	}
}

// electionThere says whether an election is still there, as far as all of the ensemble
// knows, and not another one by now.
func (s *Session) electionThere(ctx context.Context, e election) (bool, error) {
	if err := s.sync(ctx, electionPath); err != nil {
		return false, err
	}
	node, err := s.get(ctx, electionPath)
	if errors.Is(err, zk.ErrNoNode) {
		return false, nil
	}
	return err == nil && bytes.Equal(node.data, e.data), err
}

// awaitElection waits until an election is gone. Readings that fail are repeated: it was
// written, and will not be written again.
func (s *Session) awaitElection(ctx context.Context, e election, began time.Time) error {
	var failed error
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			if failed != nil {
				return fmt.Errorf("wait for the election: %w", failed)
			}
			return fmt.Errorf("%s%s: %w, it has been there for %v: %w",
				s.opts.Chroot, electionPath, ErrElectionStuck, time.Since(began).Round(time.Millisecond), ctx.Err())
		}
		there, err := s.electionThere(ctx, e)
		switch {
		case err == nil && !there:
			return nil
		case err != nil && (errors.Is(err, errClosed) || ofOneZnode(err)):
			return fmt.Errorf("wait for the election: %w", err)
		case err == nil || ctx.Err() == nil: // else the reading was only cut short
			failed = err
		}
	}
}
