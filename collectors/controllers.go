package collectors

import (
	"context"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// readQuorum asks the controllers of a KRaft cluster how they are, through a broker
// that forwards it to their leader. While no controller is confirmed there is nobody
// to answer.
func (r *reading) readQuorum(ctx context.Context) {
	if r.mode != cluster.ModeKRaft {
		return
	}
	if controller, confirmed := r.controller.Get(); !confirmed || !controller.Exists {
		r.note(cluster.SourceQuorum, cluster.Outcome{Err: dependsOn(cluster.SourceRegistry)})
		return
	}
	for _, n := range r.answering() {
		if r.brokers.Identity(n).Quorum {
			r.source(cluster.SourceQuorum, func() ([]cluster.Fault, error) { return r.askQuorum(ctx, n) })
			return
		}
	}
}

// askQuorum asks through one broker. The leader of the quorum is the active
// controller, whom nothing else names.
func (r *reading) askQuorum(ctx context.Context, n kafka.Node) ([]cluster.Fault, error) {
	ctx, cancel := context.WithTimeout(ctx, r.patience(ctx))
	defer cancel()
	quorum, err := r.brokers.Quorum(ctx, n)
	if err != nil {
		return []cluster.Fault{brokerFault(n.ID, kafka.Reason(err), err)}, err
	}
	r.quorum = cluster.Read(quorum)
	r.controller = cluster.Read(cluster.Controller{ID: quorum.Leader, Exists: true, Named: true})
	return nil, nil
}
