package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
)

const consumersPath = "/consumers"

// maxOldGroups is how many groups of old consumers one reading takes.
const maxOldGroups = 2000

// maxOldOffsets is how many offsets of old consumers one reading takes.
const maxOldOffsets = 50_000

var errOldOffsets = fmt.Errorf("there are more than %d offsets of old consumers: leave groups out by groups.exclude, or delete those that are dead", maxOldOffsets)

// OldGroups are groups of old high-level consumers, by name.
type OldGroups struct {
	Groups  []cluster.OldGroup
	Limited bool // there are more than are read
}

// OldGroups returns the groups of old high-level consumers that match, which belong to
// the caller. Groups of which nothing is left but their znode are left out. A znode that
// cannot be read or understood is a fault, and an offset in it unknown. An error means
// that nothing is told; it returns by the context's deadline.
//
// It takes three readings for each group, one more for each of its topics, and one for
// each offset, with as many in flight as for any other reading; one for a group that has
// had no members for some time, whose offsets are read again every two minutes. No watch
// is left: these znodes are written many times a second. Of more than 2,000 groups the
// first are read; more than 50,000 offsets are an error.
func (s *Session) OldGroups(ctx context.Context, match func(group string) bool) (OldGroups, []cluster.Fault, error) {
	root, err := s.list(ctx, consumersPath)
	if errors.Is(err, zk.ErrNoNode) {
		return OldGroups{}, nil, nil
	}
	if err != nil {
		return OldGroups{}, nil, err
	}
	names := slices.DeleteFunc(root.children, func(name string) bool { return !match(name) })
	slices.Sort(names)
	limited := len(names) > maxOldGroups
	names = names[:min(len(names), maxOldGroups)]
	r := oldReader{Session: s, began: time.Now(), groups: make([]cluster.OldGroup, len(names)), states: make([]oldState, len(names))}
	err = each(len(names), func(i int) error { return r.readGroup(ctx, i, names[i]) })
	if err == nil {
		err = r.readOffsets(ctx)
	}
	if err != nil {
		return OldGroups{}, r.faults.all(), err
	}
	s.oldGroups.replace(r.groups, func(i int) bool { return !r.states[i].kept && !r.states[i].broken.Load() }, r.began)
	groups := slices.DeleteFunc(r.groups, func(g cluster.OldGroup) bool {
		return g.Members == 0 && len(g.Subscribed) == 0 && len(g.Topics) == 0
	})
	return OldGroups{Groups: groups, Limited: limited}, r.faults.all(), nil
}

// oldReader reads the groups of old consumers.
type oldReader struct {
	*Session
	began  time.Time
	faults faults
	groups []cluster.OldGroup
	states []oldState // of the groups
}

// oldState says how a group was read.
type oldState struct {
	kept   bool        // it is as it was read before
	broken atomic.Bool // something of it could not be read
}

// children returns the names of a znode's children, none where there is no such znode.
// It is not ok where they could not be read.
func (r *oldReader) children(ctx context.Context, path string) (names []string, ok bool, err error) {
	node, err := r.list(ctx, path)
	if err != nil {
		return nil, errors.Is(err, zk.ErrNoNode), r.overlook(path, err, &r.faults)
	}
	slices.Sort(node.children)
	return node.children, true, nil
}

// readGroup reads who is in a group and in which topics it has committed offsets.
func (r *oldReader) readGroup(ctx context.Context, i int, name string) error {
	path, g, state := consumersPath+"/"+name, &r.groups[i], &r.states[i]
	g.Name = name
	ids, counted, err := r.children(ctx, path+"/ids")
	if err != nil {
		return err
	}
	if counted && len(ids) == 0 {
		if kept, ok := r.oldGroups.get(name, r.began); ok {
			*g, state.kept = kept, true
			return nil
		}
	}
	if g.Members = len(ids); !counted {
		g.Members = cluster.UnknownMembers
	}
	var owned bool
	if g.Subscribed, owned, err = r.children(ctx, path+"/owners"); err != nil {
		return err
	}
	if len(g.Subscribed) == 0 && len(ids) > 0 { // it owns nothing, or not yet
		if g.Subscribed, err = r.subscription(ctx, path+"/ids/"+ids[0]); err != nil {
			return err
		}
	}
	topics, listed, err := r.children(ctx, path+"/offsets")
	state.broken.Store(!owned || !listed)
	for _, t := range topics {
		g.Topics = append(g.Topics, cluster.GroupOffsets{Topic: t})
	}
	return err
}

// subscription reads the topics that a consumer asked for by name.
func (r *oldReader) subscription(ctx context.Context, path string) ([]string, error) {
	node, err := r.get(ctx, path)
	if err != nil {
		return nil, r.overlook(path, err, &r.faults)
	}
	topics, err := parseSubscription(node.data)
	if err != nil {
		r.faults.add(r.target(path), r.rubbish(path, err))
	}
	return topics, nil
}

// readOffsets reads what the groups committed in the topics that are known by now, and
// leaves out those without a commit.
func (r *oldReader) readOffsets(ctx context.Context) error {
	type place struct {
		group  int
		commit *cluster.GroupOffsets
	}
	var topics []place
	count := 0
	for i := range r.groups {
		for j := range r.groups[i].Topics {
			if r.states[i].kept {
				count += len(r.groups[i].Topics[j].Commits)
				continue
			}
			topics = append(topics, place{i, &r.groups[i].Topics[j]})
		}
	}
	err := each(len(topics), func(i int) error { return r.readPartitions(ctx, topics[i].group, topics[i].commit) })
	if err != nil {
		return err
	}
	var offsets []func() error
	for _, t := range topics {
		for i := range t.commit.Commits {
			offsets = append(offsets, func() error { return r.readOffset(ctx, t.group, t.commit.Topic, &t.commit.Commits[i]) })
		}
	}
	if count+len(offsets) > maxOldOffsets {
		return errOldOffsets
	}
	if err := each(len(offsets), func(i int) error { return offsets[i]() }); err != nil {
		return err
	}
	for i := range r.groups {
		g := &r.groups[i]
		for j := range g.Topics {
			g.Topics[j].Commits = slices.DeleteFunc(g.Topics[j].Commits, func(c cluster.Commit) bool { return c.Partition < 0 })
		}
		g.Topics = slices.DeleteFunc(g.Topics, func(t cluster.GroupOffsets) bool { return len(t.Commits) == 0 })
	}
	return nil
}

func offsetsPath(group, topic string) string {
	return consumersPath + "/" + group + "/offsets/" + topic
}

// readPartitions reads the partitions of a topic in which a group has committed.
func (r *oldReader) readPartitions(ctx context.Context, group int, of *cluster.GroupOffsets) error {
	path := offsetsPath(r.groups[group].Name, of.Topic)
	names, listed, err := r.children(ctx, path)
	if !listed {
		r.states[group].broken.Store(true)
	}
	for _, name := range names {
		id, err := strconv.ParseInt(name, 10, 32)
		if err != nil || id < 0 || strconv.FormatInt(id, 10) != name {
			r.faults.add(r.target(path), r.rubbish(path, fmt.Errorf("%.40q is no partition", name)))
			r.states[group].broken.Store(true) // which is to be told in every poll
			continue
		}
		of.Commits = append(of.Commits, cluster.Commit{Partition: int32(id)})
	}
	slices.SortFunc(of.Commits, func(a, b cluster.Commit) int { return int(a.Partition) - int(b.Partition) })
	return err
}

// gone is the partition of a commit whose znode vanished.
const gone = -1

// readOffset reads a commit.
func (r *oldReader) readOffset(ctx context.Context, group int, topic string, c *cluster.Commit) error {
	path := offsetsPath(r.groups[group].Name, topic) + "/" + strconv.Itoa(int(c.Partition))
	node, err := r.get(ctx, path)
	if errors.Is(err, zk.ErrNoNode) {
		c.Partition = gone
		return nil
	}
	if err != nil {
		r.states[group].broken.Store(true)
		return r.overlook(path, err, &r.faults)
	}
	if c.Offset, err = parseOldOffset(node.data); err != nil {
		r.states[group].broken.Store(true)
		r.faults.add(r.target(path), r.rubbish(path, err))
	}
	return nil
}

// parseOldOffset reads an offset as old consumers write it: in plain digits.
func parseOldOffset(data []byte) (cluster.Offset, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if offset := cluster.OffsetAt(n); err == nil && offset.Known() {
		return offset, nil
	}
	return cluster.UnknownOffset, fmt.Errorf("%.40q is no offset", data)
}
