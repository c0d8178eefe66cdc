package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Move is the reassignment of a partition that is going on.
type Move struct {
	Replicas []int32 // the replicas before, during and after, as they stand
	Adding   []int32
	Removing []int32
}

// Moves are the reassignments that are going on, by topic and partition.
type Moves map[string]map[int32]Move

// Reassignments returns the reassignments that are going on. Only the active
// controller can tell them: with ZooKeeper, other brokers refuse (see
// [IsNotController]), and in KRaft they ask it. So an answer also proves that there
// is a controller, and where there is none, the call may take as long as ctx lets
// it.
func (c *Client) Reassignments(ctx context.Context, n Node) (Moves, error) {
	request := kmsg.NewPtrListPartitionReassignmentsRequest()
	request.Topics = nil // all
	request.TimeoutMillis = timeoutMillis(ctx)
	response, err := ask[*kmsg.ListPartitionReassignmentsResponse](ctx, c, n, request, 0)
	if err != nil {
		return nil, err
	}
	if err := codeError(response.ErrorCode, response.ErrorMessage); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", n, nameOf(request), err)
	}
	moves := make(Moves, len(response.Topics))
	for _, t := range response.Topics {
		partitions := make(map[int32]Move, len(t.Partitions))
		for _, p := range t.Partitions {
			partitions[p.Partition] = Move{Replicas: p.Replicas, Adding: p.AddingReplicas, Removing: p.RemovingReplicas}
		}
		moves[t.Topic] = partitions
	}
	return moves, nil
}

// timeoutMillis returns the time that a broker may spend on a request of this
// context.
func timeoutMillis(ctx context.Context) int32 {
	left := netTimeout
	if deadline, limited := ctx.Deadline(); limited {
		left = min(left, time.Until(deadline))
	}
	return int32(max(left.Milliseconds(), 1))
}

// IsNotController says whether an error of this package is that of a broker which
// is not the active controller and was asked what only that one can tell.
func IsNotController(err error) bool { return isCode(err, sarama.ErrNotController) }
