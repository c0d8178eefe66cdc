package kafka

import (
	"errors"
	"fmt"
)

// maxTopicName is the longest name that Kafka allows a topic (Topic.MAX_NAME_LENGTH;
// 255 up to 0.10.0).
const maxTopicName = 255

var errTopicName = errors.New("it holds no topic name where one should be")

// memberTopics returns the topics that a member of a consumer group subscribed to
// and those that it was assigned, in no particular order and with repetitions. It
// returns what one of the two tells even where the other is broken.
//
// Both begin with a version and the topics, and have done so in all versions; what
// follows differs, also between clients, and is not looked at. Kafka's own reader
// (ConsumerProtocol) likewise takes a version that it does not know for the last
// one that it knows. Either may be empty, and is while a group rebalances.
func memberTopics(subscription, assignment []byte) ([]string, error) {
	subscribed, err := readTopics(subscription, false)
	if err != nil {
		err = fmt.Errorf("its subscription cannot be understood: %w", err)
	}
	assigned, err2 := readTopics(assignment, true)
	if err2 != nil {
		err2 = fmt.Errorf("its assignment cannot be understood: %w", err2)
	}
	return append(subscribed, assigned...), errors.Join(err, err2)
}

// readTopics reads a version, the number of topics, and that many names, with the
// partitions of each where it is an assignment.
func readTopics(from []byte, withPartitions bool) ([]string, error) {
	if len(from) == 0 {
		return nil, nil
	}
	r := reader{rest: from}
	r.take(2) // version
	var topics []string
	for n := r.int32(); n > 0 && r.err == nil; n-- {
		name := string(r.take(int(r.int16())))
		if withPartitions {
			r.take(4 * int(r.int32()))
		}
		if r.err == nil && !legalTopic(name) {
			r.err = errTopicName
		}
		if r.err == nil {
			topics = append(topics, name)
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return topics, nil
}

// legalTopic says whether Kafka would allow a topic of this name. Rubbish that
// happens to have the right lengths gets no further than this.
func legalTopic(name string) bool {
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return name != "" && len(name) <= maxTopicName
}
