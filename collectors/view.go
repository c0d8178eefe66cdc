package collectors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
)

// maxViews is how many brokers are asked for their view of the cluster, one after
// the other, while no controller answers through them.
const maxViews = 3

var (
	errNobodyTells   = errors.New("no broker that answers tells what the cluster looks like")
	errUnconfirmed   = errors.New("no active controller answers, so what the brokers tell may be old")
	errTooSoon       = errors.New("the controller is back only now, so what the brokers tell may still be old")
	errUnconfirmable = errors.New("this kind of broker cannot tell whether a controller is active")
)

// view is what one broker tells of the cluster.
type view struct {
	node      kafka.Node
	identity  kafka.Identity
	metadata  *kafka.Metadata
	described *kafka.ClusterDescription // nil where the release has none, or it was refused
	moves     kafka.Moves
	confirmed error // nil when an active controller answered through this broker
	faults    []cluster.Fault
}

// look asks a broker for its view. The question that only a controller can answer
// comes last: it hangs when there is none, and what comes after it on the same
// connection hangs with it.
func (r *reading) look(ctx context.Context, n kafka.Node) (*view, error) {
	v := &view{node: n, identity: r.brokers.Identity(n)}
	if err := r.lookAround(ctx, v); err != nil {
		return nil, err
	}
	if !v.identity.Reassignments {
		v.confirmed = errUnconfirmable
		return v, nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.patience(ctx))
	defer cancel()
	v.moves, v.confirmed = r.brokers.Reassignments(ctx, n)
	return v, nil
}

// lookAround asks for what a broker knows by itself, within half of the time that is
// left: one that hangs must not keep us from asking another.
func (r *reading) lookAround(ctx context.Context, v *view) (err error) {
	if deadline, limited := ctx.Deadline(); limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	if v.metadata, err = r.brokers.Metadata(ctx, v.node); err != nil {
		return err
	}
	if v.identity.DescribesCluster && v.identity.Mode == cluster.ModeKRaft {
		// It adds the fenced brokers, which only KRaft has.
		if v.described, err = r.brokers.DescribeCluster(ctx, v.node); err != nil {
			v.fault(err)
		}
	}
	return nil
}

// patience is how long a controller may take to answer: a third of what is left of
// the stage, so that there is time to ask through another broker, and two seconds
// at most.
func (r *reading) patience(ctx context.Context) time.Duration {
	patience := 2 * time.Second
	if deadline, limited := ctx.Deadline(); limited {
		patience = min(patience, time.Until(deadline)/maxViews)
	}
	return patience
}

func (v *view) fault(err error) {
	v.faults = append(v.faults, brokerFault(v.node.ID, kafka.Reason(err), err))
}

// readBrokers fills from the brokers' own words what else the registry in ZooKeeper
// tells: who is registered, the controller, and every partition.
func (r *reading) readBrokers(ctx context.Context, probes *prober) {
	r.source(cluster.SourceRegistry, func() ([]cluster.Fault, error) {
		begun := time.Now()
		r.note(cluster.SourcePartitions, cluster.Outcome{Started: begun, Finished: begun, Err: dependsOn(cluster.SourceProbes)})
		v, faults := r.findView(ctx, probes)
		if v == nil {
			err := errNobodyTells
			if len(faults) == 0 {
				err = dependsOn(cluster.SourceProbes)
			} else {
				err = fmt.Errorf("%w: %w", err, faults[len(faults)-1].Err)
			}
			return faults, err // that nobody could be asked is no loss of the controller
		}
		r.clusterID, r.operations, r.told = v.metadata.ClusterID, v.operations(), v.metadata.Brokers
		r.note(cluster.SourcePartitions, cluster.Outcome{Started: begun, Finished: time.Now()})
		return append(faults, v.faults...), r.take(v)
	})
}

// findView asks brokers for their view until a controller confirms one. What the
// first of them told stands where none does.
func (r *reading) findView(ctx context.Context, probes *prober) (first *view, faults []cluster.Fault) {
	preferred := r.lastController()
	for asked := 0; asked < maxViews; {
		n, ok := probes.next(ctx, preferred)
		if !ok {
			break
		}
		if !r.brokers.Identity(n).Reassignments && r.canConfirm(ctx, probes) {
			continue // in the middle of an upgrade: another one is of more use
		}
		v, err := r.look(ctx, n)
		if err != nil {
			faults = append(faults, brokerFault(n.ID, kafka.Reason(err), err))
			continue
		}
		asked++
		for _, b := range v.metadata.Brokers {
			r.startProbe(probes, b)
		}
		if first == nil || v.confirmed == nil {
			first = v
		}
		switch {
		case v.confirmed == nil, errors.Is(v.confirmed, errUnconfirmable), kafka.Reason(v.confirmed) == cluster.ReasonPermission:
			return first, faults
		case kafka.IsNotController(v.confirmed):
			// With ZooKeeper, a broker knows the controller and does not speak for it.
			preferred = v.metadata.Controller
		default:
			faults = append(faults, brokerFault(n.ID, kafka.Reason(v.confirmed), v.confirmed))
		}
	}
	return first, faults
}

// canConfirm says whether a broker answers, or does so in a moment, through which a
// controller can be asked.
func (r *reading) canConfirm(ctx context.Context, probes *prober) bool {
	ctx, cancel := context.WithTimeout(ctx, preference)
	defer cancel()
	probes.settle(ctx)
	return slices.ContainsFunc(probes.answered(), func(n kafka.Node) bool { return r.brokers.Identity(n).Reassignments })
}

// lastController returns the broker that was the controller in the poll before, -1
// when none was named.
func (r *reading) lastController() int32 {
	if r.prev != nil {
		if c, ok := r.prev.Controller.Get(); ok && c.Exists && c.Named {
			return c.ID
		}
	}
	return -1
}
