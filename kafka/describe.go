package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// ClusterDescription is what a broker says of the cluster beside its topics.
type ClusterDescription struct {
	ClusterID  string
	Brokers    map[int32]*cluster.Registration // by id; the fenced ones are among them from Kafka 4.0 on
	Operations Operations                      // what the user may do to the cluster
}

// describeClusterForm is the newest form of DescribeCluster that we know.
const describeClusterForm = 2

// brokersOnly asks DescribeCluster for brokers, not for controllers.
const brokersOnly = 1

// DescribeCluster returns what the broker says of the cluster.
func (c *Client) DescribeCluster(ctx context.Context, n Node) (*ClusterDescription, error) {
	request := kmsg.NewPtrDescribeClusterRequest()
	request.IncludeClusterAuthorizedOperations = true
	request.EndpointType = brokersOnly
	request.IncludeFencedBrokers = true
	return ask(ctx, c, n, request, describeClusterForm, readClusterDescription)
}

// readClusterDescription reads an answer of any version up to ours.
func readClusterDescription(r *reader, version int16) (*ClusterDescription, error) {
	r.int32() // the time for which we are throttled
	refusal := r.refusal()
	if version >= 1 {
		r.take(1) // that these are brokers
	}
	d := &ClusterDescription{ClusterID: string(r.text()), Brokers: map[int32]*cluster.Registration{}}
	r.int32() // a controller, which in KRaft is any broker
	for n := r.array(11); n > 0 && r.err == nil; n-- {
		b := registration(r.int32(), string(r.text()), r.int32(), string(r.text()))
		b.Fenced = version >= 2 && r.bool()
		r.tags()
		d.Brokers[b.ID] = b
	}
	d.Operations = operationsOf(r.int32())
	r.tags()
	if refusal == nil && len(d.Brokers) == 0 {
		refusal = ErrNotIntegrated
	}
	return d, refusal
}
