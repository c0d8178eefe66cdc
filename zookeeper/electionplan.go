package zookeeper

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/cluster"
)

// election is what is to be written.
type election struct {
	partitions map[string][]int32
	data       []byte
	checks     []any // of the transaction: that what is elected was not deleted meanwhile
}

// elected is a topic as it was read for an election.
type elected struct {
	name       string
	version    int32   // of its znode; zk's, not the data's
	partitions []int32 // those that were asked for and exist, in order
}

// planElection reads which of the partitions exist, and leaves out the others.
func (s *Session) planElection(ctx context.Context, ask map[string][]int32) (election, error) {
	if err := s.sync(ctx, topicsPath); err != nil {
		return election{}, err
	}
	topics := make([]elected, 0, len(ask))
	for _, name := range slices.Sorted(maps.Keys(ask)) {
		topics = append(topics, elected{name: name})
	}
	err := each(len(topics), func(i int) error { return s.readElected(ctx, &topics[i], ask[topics[i].name]) })
	if err != nil {
		return election{}, err
	}
	if err := s.dropStateless(ctx, topics); err != nil {
		return election{}, err
	}
	if err := s.dropDeleted(ctx, topics); err != nil {
		return election{}, err
	}
	return s.newElection(topics)
}

// readElected reads a topic's assignment. One that cannot be read is an error, for
// nothing is known of its partitions.
func (s *Session) readElected(ctx context.Context, t *elected, ask []int32) error {
	path := topicsPath + "/" + t.name
	node, err := s.get(ctx, path)
	if errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	if err != nil {
		return err
	}
	_, assigned, err := parseTopic(node.data)
	if err != nil {
		return s.rubbish(path, err)
	}
	t.version = node.stat.Version
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ask))) {
		if slices.ContainsFunc(assigned, func(p cluster.Partition) bool { return p.ID == id }) {
			t.partitions = append(t.partitions, id)
		}
	}
	return nil
}

// dropStateless leaves out partitions that never had a leader, or have one no more.
func (s *Session) dropStateless(ctx context.Context, topics []elected) error {
	var all []partitionKey
	for _, t := range topics {
		for _, id := range t.partitions {
			all = append(all, partitionKey{t.name, id})
		}
	}
	var mu sync.Mutex
	absent := make(map[partitionKey]bool)
	err := each(len(all), func(i int) error {
		_, err := s.stat(ctx, pathOfState(all[i].topic, all[i].partition))
		if errors.Is(err, zk.ErrNoNode) {
			mu.Lock()
			defer mu.Unlock()
			absent[all[i]] = true
			return nil
		}
		return err
	})
	for i := range topics {
		t := &topics[i]
		t.partitions = slices.DeleteFunc(t.partitions, func(id int32) bool { return absent[partitionKey{t.name, id}] })
	}
	return err
}

// dropDeleted leaves out topics that are marked for deletion. A mark that brokers do not
// follow counts as well: better no election than one of what is about to go.
func (s *Session) dropDeleted(ctx context.Context, topics []elected) error {
	if err := s.sync(ctx, topicsPath); err != nil {
		return err
	}
	marked, err := s.list(ctx, deletePath)
	if err != nil && !errors.Is(err, zk.ErrNoNode) {
		return err
	}
	for i := range topics {
		if slices.Contains(marked.children, topics[i].name) {
			topics[i].partitions = nil
		}
	}
	return nil
}

// newElection returns the election of what is left of these topics. Each topic's znode
// must be in the version that was read, and the state of each partition must be there: a
// deletion takes the states away first.
func (s *Session) newElection(topics []elected) (election, error) {
	type name struct {
		Topic     string `json:"topic"`
		Partition int32  `json:"partition"`
	}
	const perCheck = multiHeader + 4 + 4 // and its path
	e, size := election{partitions: make(map[string][]int32)}, 0
	check := func(path string, version int32) {
		path = s.opts.Chroot + path
		e.checks = append(e.checks, &zk.CheckVersionRequest{Path: path, Version: version})
		size += perCheck + len(path)
	}
	names := []name{}
	for _, t := range topics {
		if len(t.partitions) == 0 {
			continue
		}
		e.partitions[t.name] = t.partitions
		check(topicsPath+"/"+t.name, t.version)
		for _, id := range t.partitions {
			check(pathOfState(t.name, id), -1) // any version
			names = append(names, name{t.name, id})
		}
	}
	var err error
	e.data, err = json.Marshal(struct {
		Version    int    `json:"version"`
		Partitions []name `json:"partitions"`
	}{1, names})
	if size += len(e.data); err == nil && size > maxWritten {
		err = tooLarge(s.opts.Chroot+electionPath, size)
	}
	return e, err
}

// pathOfState returns the path of a partition's state.
func pathOfState(topic string, partition int32) string {
	return topicsPath + "/" + topic + "/partitions/" + strconv.Itoa(int(partition)) + "/state"
}
