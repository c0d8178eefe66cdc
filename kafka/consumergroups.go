package kafka

import (
	"context"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// consumerGroupsForm is the newest form of ConsumerGroupDescribe that we know.
const consumerGroupsForm = 1

// DescribeConsumerGroups describes groups of the type "consumer" that the node
// coordinates (KIP-848), in one request; DescribeGroups takes them for dead. Every
// group that was asked for is in the result; one that could not be described has an
// error of its own. Only a failure of the whole request is returned as an error.
func (c *Client) DescribeConsumerGroups(ctx context.Context, n Node, groups []string) (map[string]DescribedGroup, error) {
	if len(groups) == 0 {
		return nil, nil
	}
	request := kmsg.NewPtrConsumerGroupDescribeRequest()
	request.Groups = slices.Clone(groups)
	request.IncludeAuthorizedOperations = true
	return ask(ctx, c, n, request, consumerGroupsForm, func(r *reader, version int16) (map[string]DescribedGroup, error) {
		return readConsumerGroups(r, version, n, groups), nil
	})
}

// readConsumerGroups reads an answer of any version up to ours.
func readConsumerGroups(from *reader, version int16, n Node, groups []string) map[string]DescribedGroup {
	r := consumerGroupReader{reader: from, version: version, node: n}
	described := undescribed(n, groups)
	r.int32() // the time for which we are throttled
	for n := r.array(20); n > 0 && r.err == nil; n-- {
		name, group := r.group()
		if _, asked := described[name]; asked {
			described[name] = group
		}
	}
	r.tags()
	return described
}

// consumerGroupReader reads answers to ConsumerGroupDescribe.
type consumerGroupReader struct {
	*reader
	version int16
	node    Node
	topics  map[string]bool // of the group that is being read
	idle    int             // its members without a partition
}

func (r *consumerGroupReader) group() (name string, g DescribedGroup) {
	refusal := r.refusal()
	name = string(r.text())
	g = DescribedGroup{State: string(r.text()), ProtocolType: consumerProtocol}
	r.int32() // its epoch
	r.int32() // that of the assignment
	r.text()  // who assigns
	r.topics, r.idle = map[string]bool{}, 0
	for n := r.array(16); n > 0 && r.err == nil; n-- {
		g.Members++
		r.member()
	}
	g.Topics = slices.Sorted(maps.Keys(r.topics))
	g.setIdle(r.idle, true)
	g.Operations = operationsOf(r.int32())
	r.tags()
	if refusal != nil {
		g = failed(&groupError{r.node, name, refusal})
	}
	return name, g
}

func (r *consumerGroupReader) member() {
	r.text()  // its id
	r.text()  // that of the instance
	r.text()  // its rack
	r.int32() // its epoch
	r.text()  // the client's id
	r.text()  // the client's address
	for n := r.array(1); n > 0 && r.err == nil; n-- {
		r.topic()
	}
	r.text() // a pattern to which it subscribed
	if has := r.assignment(); has == 0 {
		r.idle++
	}
	r.assignment() // what it is to have
	if r.version >= 1 {
		r.take(1) // the kind of member
	}
	r.tags()
}

// assignment notes the topics of an assignment, and returns how many partitions it has.
func (r *consumerGroupReader) assignment() (partitions int) {
	for n := r.array(19); n > 0 && r.err == nil; n-- {
		r.take(16) // the topic's id
		r.topic()
		of := r.array(4)
		r.take(4 * of)
		partitions += of
		r.tags()
	}
	r.tags()
	return partitions
}

// topic notes a topic, whose name is there many times.
func (r *consumerGroupReader) topic() {
	if name := r.text(); r.err == nil && !r.topics[string(name)] {
		r.topics[string(name)] = true
	}
}
