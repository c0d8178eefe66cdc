package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
)

const consumersPath = "/consumers"

// maxOldOffsets is how many offsets of old consumers one reading takes.
const maxOldOffsets = 50_000

var errOldOffsets = fmt.Errorf("there are more than %d offsets of old consumers: leave groups out by groups.exclude, or delete those that are dead", maxOldOffsets)

// OldGroups returns the groups of old high-level consumers that match, by name, which
// belong to the caller. Groups of which nothing is left but their znode are left out. A
// znode that cannot be read or understood is a fault, and an offset in it unknown. An
// error means that nothing is told; it returns by the context's deadline.
//
// It takes three readings for each group, one more for each of its topics, and one for
// each offset, with as many in flight as for any other reading. No watch is left: these
// znodes are written many times a second. More than 50,000 offsets are an error.
func (s *Session) OldGroups(ctx context.Context, match func(group string) bool) ([]cluster.OldGroup, []cluster.Fault, error) {
	root, err := s.list(ctx, consumersPath)
	if errors.Is(err, zk.ErrNoNode) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	names := slices.DeleteFunc(root.children, func(name string) bool { return !match(name) })
	slices.Sort(names)
	r := oldReader{Session: s, groups: make([]cluster.OldGroup, len(names))}
	err = each(len(names), func(i int) error { return r.readGroup(ctx, &r.groups[i], names[i]) })
	if err == nil {
		err = r.readOffsets(ctx)
	}
	if err != nil {
		return nil, r.faults.all(), err
	}
	return slices.DeleteFunc(r.groups, func(g cluster.OldGroup) bool {
		return g.Members == 0 && len(g.Subscribed) == 0 && len(g.Topics) == 0
	}), r.faults.all(), nil
}

// oldReader reads the groups of old consumers.
type oldReader struct {
	*Session
	faults faults
	groups []cluster.OldGroup
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
func (r *oldReader) readGroup(ctx context.Context, g *cluster.OldGroup, name string) error {
	path := consumersPath + "/" + name
	g.Name = name
	ids, counted, err := r.children(ctx, path+"/ids")
	if err != nil {
		return err
	}
	if g.Members = len(ids); !counted {
		g.Members = cluster.UnknownMembers
	}
	if g.Subscribed, _, err = r.children(ctx, path+"/owners"); err != nil {
		return err
	}
	if len(g.Subscribed) == 0 && len(ids) > 0 { // it owns nothing, or not yet
		if g.Subscribed, err = r.subscription(ctx, path+"/ids/"+ids[0]); err != nil {
			return err
		}
	}
	topics, _, err := r.children(ctx, path+"/offsets")
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
		group  string
		commit *cluster.GroupOffsets
	}
	var topics []place
	for i := range r.groups {
		for j := range r.groups[i].Topics {
			topics = append(topics, place{r.groups[i].Name, &r.groups[i].Topics[j]})
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
	if len(offsets) > maxOldOffsets {
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
func (r *oldReader) readPartitions(ctx context.Context, group string, of *cluster.GroupOffsets) error {
	path := offsetsPath(group, of.Topic)
	names, _, err := r.children(ctx, path)
	for _, name := range names {
		id, err := strconv.ParseInt(name, 10, 32)
		if err != nil || id < 0 || strconv.FormatInt(id, 10) != name {
			r.faults.add(r.target(path), r.rubbish(path, fmt.Errorf("%.40q is no partition", name)))
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
func (r *oldReader) readOffset(ctx context.Context, group, topic string, c *cluster.Commit) error {
	path := offsetsPath(group, topic) + "/" + strconv.Itoa(int(c.Partition))
	node, err := r.get(ctx, path)
	if errors.Is(err, zk.ErrNoNode) {
		c.Partition = gone
		return nil
	}
	if err != nil {
		return r.overlook(path, err, &r.faults)
	}
	if c.Offset, err = parseOldOffset(node.data); err != nil {
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
