package kafka

import (
	"bytes"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// maxTopicName is the longest name that Kafka allows a topic (Topic.MAX_NAME_LENGTH;
// 255 up to 0.10.0).
const maxTopicName = 255

var errTopicName = errors.New("it holds no topic name where one should be")

// memberTopics adds to topics those that a member of a consumer group subscribed to
// and those that it was assigned, and returns how many partitions it was assigned. It
// adds what one of the two tells even where the other is broken; understood is false
// where it is the assignment.
//
// Both begin with a version and the topics, and have done so in all versions; what
// follows differs, also between clients, and is not looked at. Kafka's own reader
// (ConsumerProtocol) likewise takes a version that it does not know for the last
// one that it knows. Either may be empty, and is while a group rebalances.
func memberTopics(subscription, assignment []byte, topics map[string]bool) (partitions int, understood bool, err error) {
	if _, err = addTopics(topics, subscription, false); err != nil {
		err = fmt.Errorf("its subscription cannot be understood: %w", err)
	}
	partitions, err2 := addTopics(topics, assignment, true)
	if err2 != nil {
		err2 = fmt.Errorf("its assignment cannot be understood: %w", err2)
	}
	return partitions, err2 == nil, errors.Join(err, err2)
}

// addTopics adds topics to a set, or none where one of them is broken, and returns how
// many partitions of them are named.
func addTopics(topics map[string]bool, from []byte, withPartitions bool) (partitions int, err error) {
	if _, err := eachTopic(from, withPartitions, func([]byte) {}); err != nil {
		return 0, err
	}
	return eachTopic(from, withPartitions, func(name []byte) {
		if !topics[string(name)] {
			topics[string(name)] = true
		}
	})
}

// eachTopic reads a version, the number of topics, and that many names, with the
// partitions of each where it is an assignment. It returns how many partitions there
// are.
func eachTopic(from []byte, withPartitions bool, note func(name []byte)) (partitions int, err error) {
	if len(from) == 0 {
		return 0, nil
	}
	r := reader{rest: from}
	r.take(2) // version
	for n := r.int32(); n > 0 && r.err == nil; n-- {
		name := r.take(int(r.int16()))
		if withPartitions {
			of := int(r.int32())
			r.take(4 * of)
			partitions += of
		}
		if r.err == nil && !legalTopic(name) {
			r.err = errTopicName
		}
		if r.err == nil {
			note(name)
		}
	}
	return partitions, r.err
}

// legalTopic says whether Kafka would allow a topic of this name. Rubbish that
// happens to have the right lengths gets no further than this.
func legalTopic(name []byte) bool {
	for _, c := range name {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return len(name) > 0 && len(name) <= maxTopicName
}

// legalGroup says whether a group may well be called this. Kafka allows any text, which
// rubbish hardly is.
func legalGroup(name []byte) bool {
	return len(name) > 0 && utf8.Valid(name) && !bytes.ContainsFunc(name, unicode.IsControl)
}
