package kafka

import (
	"cmp"
	"slices"
	"strings"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

// commitReader reads answers to OffsetFetch, of which one broker of a large cluster
// sends tens of thousands of commits in each poll.
type commitReader struct {
	*reader
	version int16
	names   texts // of topics

	// told, if set, is told of each partition that the answer mentions.
	told func(topic []byte, partition int32)
}

// readCommitsOfOne reads an answer about one group. A partition that was asked for and
// is not answered is unknown, as one with an error is. The code is that of the whole
// group.
func readCommitsOfOne(r *reader, version int16, ask map[string][]int32) (commits []cluster.GroupOffsets, code sarama.KError) {
	answered := make(map[string]map[int32]bool, len(ask))
	for topic := range ask {
		answered[topic] = map[int32]bool{}
	}
	c := commitReader{reader: r, version: version, names: texts{}, told: func(topic []byte, partition int32) {
		if of := answered[string(topic)]; of != nil {
			of[partition] = true
		}
	}}
	if version >= 3 {
		r.int32() // the time for which we are throttled
	}
	commits, code = c.topics()
	if version >= 2 {
		if own := sarama.KError(r.int16()); own != sarama.ErrNoError {
			code = own
		}
	}
	r.tags()
	for topic, partitions := range ask {
		missing := cluster.GroupOffsets{Topic: topic}
		for _, partition := range partitions {
			if !answered[topic][partition] {
				missing.Commits = append(missing.Commits, cluster.Commit{Partition: partition, Offset: cluster.UnknownOffset})
			}
		}
		commits = append(commits, missing)
	}
	return tidy(commits), code
}

// readCommitsOfSeveral reads an answer about several groups into the commits of those
// that were asked for, which are in the map already.
func readCommitsOfSeveral(r *reader, n Node, commits map[string]GroupCommits) {
	c := commitReader{reader: r, version: severalGroups, names: texts{}}
	r.int32() // the time for which we are throttled
	for groups := r.array(5); groups > 0 && r.err == nil; groups-- {
		group := string(r.text())
		topics, _ := c.topics()
		code := sarama.KError(r.int16())
		r.tags()
		switch _, asked := commits[group]; {
		case !asked:
		case code != sarama.ErrNoError:
			commits[group] = GroupCommits{Err: &groupError{n, group, code}}
		default:
			commits[group] = GroupCommits{Topics: tidy(topics)}
		}
	}
	r.tags()
}

// topics reads what a group committed, without the topics in which it committed
// nothing. The code is that of the whole group where it stands at a partition, since up
// to version 1 it has no place of its own.
func (c *commitReader) topics() (commits []cluster.GroupOffsets, ofGroup sarama.KError) {
	for n := c.array(3); n > 0 && c.err == nil; n-- {
		topic := c.text()
		partitions := c.array(14)
		of := make([]cluster.Commit, 0, partitions)
		for ; partitions > 0 && c.err == nil; partitions-- {
			commit, committed, code := c.partition()
			if committed {
				of = append(of, commit)
			}
			if isOfGroup(code) {
				ofGroup = code
			}
			if c.told != nil {
				c.told(topic, commit.Partition)
			}
		}
		c.tags()
		if len(of) > 0 {
			commits = append(commits, cluster.GroupOffsets{Topic: c.names.of(topic), Commits: of})
		}
	}
	return commits, ofGroup
}

// partition reads what was committed for a partition, if anything was, or that it
// could not be read.
func (c *commitReader) partition() (commit cluster.Commit, committed bool, code sarama.KError) {
	commit.Partition, commit.Offset = c.int32(), cluster.OffsetAt(c.int64())
	if c.version >= 5 {
		c.int32() // leader epoch
	}
	c.text() // what the consumer noted
	code = sarama.KError(c.int16())
	c.tags()
	if code != sarama.ErrNoError {
		commit.Offset = cluster.UnknownOffset
		return commit, true, code
	}
	return commit, commit.Offset.Known(), code
}

// isOfGroup says whether an error is one of a group, wherever it stands.
func isOfGroup(code sarama.KError) bool {
	switch code {
	case sarama.ErrOffsetsLoadInProgress, sarama.ErrConsumerCoordinatorNotAvailable, sarama.ErrNotCoordinatorForConsumer,
		sarama.ErrInvalidGroupId, sarama.ErrGroupAuthorizationFailed:
		return true
	default:
		return false
	}
}

// tidy sorts commits by topic and partition, each of which appears once then, and
// leaves out the topics without any.
func tidy(commits []cluster.GroupOffsets) []cluster.GroupOffsets {
	slices.SortFunc(commits, func(a, b cluster.GroupOffsets) int { return strings.Compare(a.Topic, b.Topic) })
	tidied := commits[:0]
	for _, of := range commits {
		if last := len(tidied) - 1; last >= 0 && tidied[last].Topic == of.Topic {
			tidied[last].Commits = append(tidied[last].Commits, of.Commits...)
		} else if len(of.Commits) > 0 {
			tidied = append(tidied, of)
		}
	}
	for i := range tidied {
		of := tidied[i].Commits
		slices.SortFunc(of, func(a, b cluster.Commit) int { return cmp.Compare(a.Partition, b.Partition) })
		tidied[i].Commits = slices.CompactFunc(of, samePartition)
	}
	return tidied
}

// samePartition makes a partition that was asked for twice appear once.
func samePartition(a, b cluster.Commit) bool { return a.Partition == b.Partition }
