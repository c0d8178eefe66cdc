package kafka

import (
	"context"
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

// reassignmentsForm is the only form of ListPartitionReassignments.
const reassignmentsForm = 0

// Reassignments returns the reassignments that are going on. Only the active
// controller can tell them: with ZooKeeper, other brokers refuse (see
// [IsNotController]), and in KRaft they ask it. So an answer also proves that there
// is a controller, and where there is none, the call may take as long as ctx lets
// it.
func (c *Client) Reassignments(ctx context.Context, n Node) (Moves, error) {
	request := kmsg.NewPtrListPartitionReassignmentsRequest()
	request.Topics = nil // all
	request.TimeoutMillis = timeoutMillis(ctx)
	return ask(ctx, c, n, request, reassignmentsForm, readMoves)
}

// readMoves reads an answer of the only version that there is.
func readMoves(r *reader, _ int16) (Moves, error) {
	r.int32() // the time for which we are throttled
	refusal := r.refusal()
	moves := Moves{}
	for n := r.array(3); n > 0 && r.err == nil; n-- {
		topic := string(r.text())
		for n := r.array(8); n > 0 && r.err == nil; n-- {
			partition, move := r.int32(), Move{Replicas: r.ids(), Adding: r.ids(), Removing: r.ids()}
			r.tags()
			if moves[topic] == nil {
				moves[topic] = map[int32]Move{}
			}
			moves[topic][partition] = move
		}
		r.tags()
	}
	r.tags()
	return moves, refusal
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
