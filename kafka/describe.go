package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// ClusterDescription is what a broker says of the cluster beside its topics.
type ClusterDescription struct {
	ClusterID  string
	Brokers    map[int32]*cluster.Registration // by id; the fenced ones are among them from Kafka 4.0 on
	Operations Operations                      // what the user may do to the cluster
}

// brokersOnly asks DescribeCluster for brokers, not for controllers.
const brokersOnly = 1

// DescribeCluster returns what the broker says of the cluster.
func (c *Client) DescribeCluster(ctx context.Context, n Node) (*ClusterDescription, error) {
	request := kmsg.NewPtrDescribeClusterRequest()
	request.IncludeClusterAuthorizedOperations = true
	request.EndpointType = brokersOnly
	request.IncludeFencedBrokers = true
	response, err := ask[*kmsg.DescribeClusterResponse](ctx, c, n, request, 2)
	if err != nil {
		return nil, err
	}
	if err := codeError(response.ErrorCode, response.ErrorMessage); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", n, nameOf(request), err)
	}
	if len(response.Brokers) == 0 {
		return nil, fmt.Errorf("%s: %s: %w", n, nameOf(request), ErrNotIntegrated)
	}
	d := &ClusterDescription{
		ClusterID: response.ClusterID, Operations: operationsOf(response.ClusterAuthorizedOperations),
		Brokers: make(map[int32]*cluster.Registration, len(response.Brokers)),
	}
	for _, b := range response.Brokers {
		d.Brokers[b.NodeID] = registration(b.NodeID, b.Host, b.Port, b.Rack)
		d.Brokers[b.NodeID].Fenced = b.IsFenced
	}
	return d, nil
}
