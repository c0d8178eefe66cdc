package kafka

import (
	"context"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

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
	response, err := ask[*kmsg.ConsumerGroupDescribeResponse](ctx, c, n, request, 1)
	if err != nil {
		return nil, err
	}
	described := undescribed(n, groups)
	for i := range response.Groups {
		g := &response.Groups[i]
		if _, asked := described[g.Group]; asked {
			described[g.Group] = readConsumerGroup(n, g)
		}
	}
	return described, nil
}

func readConsumerGroup(n Node, g *kmsg.ConsumerGroupDescribeResponseGroup) DescribedGroup {
	if err := codeError(g.ErrorCode, g.ErrorMessage); err != nil {
		return DescribedGroup{Members: cluster.UnknownMembers, Err: &groupError{n, g.Group, err}}
	}
	described := DescribedGroup{
		State: g.State, ProtocolType: consumerProtocol, Members: len(g.Members), Operations: operationsOf(g.AuthorizedOperations),
	}
	for i := range g.Members {
		m := &g.Members[i]
		described.Topics = append(described.Topics, m.SubscribedTopics...)
		for _, assignment := range [...]kmsg.Assignment{m.Assignment, m.TargetAssignment} {
			for _, t := range assignment.TopicPartitions {
				described.Topics = append(described.Topics, t.Topic)
			}
		}
	}
	slices.Sort(described.Topics)
	described.Topics = slices.Compact(described.Topics)
	return described
}
