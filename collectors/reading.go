package collectors

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
	"github.com/evenkeel/evenkeel/zookeeper"
)

// reading is a poll in progress.
type reading struct {
	*Poller
	started time.Time
	prev    *cluster.Snapshot // the one before

	mu       sync.Mutex // guards outcomes while sources are read side by side
	outcomes map[cluster.Source]cluster.Outcome

	ensemble        *cluster.Ensemble
	registrations   cluster.Reading[map[int32]*cluster.Registration]
	controller      cluster.Reading[cluster.Controller]
	clusterID       string
	picture         cluster.Reading[*cluster.Picture]
	quorum          cluster.Reading[*cluster.Quorum]
	told            map[int32]*cluster.Registration // what a broker told of the others, believed or not
	silent          bool                            // no controller answered through a broker that did
	unconfirmed     bool                            // nothing can confirm what brokers tell
	electionPending bool                            // an election is, or may be, written in ZooKeeper
	operations      operations                      // what this user may do
	boots           []kafka.Node                    // bootstrap addresses that were asked
	brokerList      []cluster.Broker
	tried, heard    int
	groups          cluster.Reading[*cluster.Groups]
	wanted          cluster.Wants     // what more to ask leaders for
	found           []cluster.Finding // of that
}

// stage runs a part of the poll that must be done by a share of the poll's time.
func (r *reading) stage(ctx context.Context, share float64, f func(context.Context)) {
	ends := r.started.Add(time.Duration(float64(r.cfg.Poll.Timeout) * share))
	ctx, cancel := context.WithDeadline(ctx, ends)
	defer cancel()
	f(ctx)
}

// source runs the reading of a source and notes how it went. A panic is the
// source's failure and nobody else's.
func (r *reading) source(source cluster.Source, read func() ([]cluster.Fault, error)) {
	o := cluster.Outcome{Started: time.Now()}
	defer func() {
		if v := recover(); v != nil {
			o.Err = panicked(v)
			o.Faults = []cluster.Fault{{Target: "evenkeel", Reason: cluster.ReasonPanic, Err: o.Err}}
			r.log.Error("Reading failed", "source", source, "err", o.Err, "stack", string(debug.Stack()))
		}
		o.Finished = time.Now()
		r.note(source, o)
	}()
	o.Faults, o.Err = read()
}

func (r *reading) note(source cluster.Source, o cluster.Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes[source] = o
}

// readCluster is the first stage: every ZooKeeper server, the registry with the
// partition picture, and a probe of every broker, side by side.
func (r *reading) readCluster(ctx context.Context, probes *prober) {
	var wg sync.WaitGroup
	if r.Poller.ensemble != nil {
		wg.Go(func() {
			r.source(cluster.SourceEnsemble, func() ([]cluster.Fault, error) { return r.readEnsemble(ctx), nil })
		})
	}
	// Those known from the poll before, or else the bootstrap addresses, are asked
	// at once, so that a registry which does not answer delays nothing.
	for _, b := range r.known {
		probes.start(nodeOf(b))
	}
	r.boots = r.bootstrap()
	for _, n := range r.boots {
		probes.start(n)
	}
	wg.Go(func() { r.readMembers(ctx, probes) })
	wg.Wait()
}

// readEnsemble asks every ZooKeeper server, and any of them for the members. Without a
// quorum nobody tells these, which is no fault of its own.
func (r *reading) readEnsemble(ctx context.Context) (faults []cluster.Fault) {
	r.ensemble, faults = r.Poller.ensemble.Read(ctx)
	if quorum, _ := r.ensemble.HasQuorum(); !quorum {
		return faults
	}
	members, err := r.registry.Members(ctx)
	if err != nil {
		faults = append(faults, cluster.Fault{Target: "znode /zookeeper/config", Reason: zookeeper.Reason(err), Err: err})
	}
	r.ensemble.Members = members
	return faults
}

// readMembers reads who belongs to the cluster and how its partitions are, from
// where this cluster keeps it. That is told by the brokers, not by whether a
// ZooKeeper is configured: there may be one that is out of use.
func (r *reading) readMembers(ctx context.Context, probes *prober) {
	if r.registry == nil || r.mode == cluster.ModeKRaft {
		r.readBrokers(ctx, probes)
		return
	}
	r.readRegistry(ctx, probes)
	if registered, _ := r.registrations.Get(); r.mode == "" || len(registered) == 0 {
		// It may be one that the brokers do not use any more: they have to say so.
		probes.settle(ctx)
	}
	if r.modeOf(probes) == cluster.ModeKRaft {
		r.mode = cluster.ModeKRaft
		r.electionPending = false // its controllers take none from ZooKeeper
		r.readBrokers(ctx, probes)
		return
	}
	controller, read := r.controller.Get()
	r.trust.observe(time.Now(), read && controller.Exists, r.doubt)
}

// modeOf returns the mode that the brokers told which have answered so far. While a
// cluster is migrated some say one thing and some the other; the controller is in
// KRaft then.
func (r *reading) modeOf(probes *prober) (mode cluster.Mode) {
	for _, n := range probes.answered() {
		if told := r.brokers.Identity(n).Mode; mode == "" || told == cluster.ModeKRaft {
			mode = told
		}
	}
	return mode
}

// counted sees to it that a source which failed as a whole is counted as one
// fault at least.
func counted(o cluster.Outcome) cluster.Outcome {
	if o.Err != nil && len(o.Faults) == 0 && !errors.Is(o.Err, cluster.ErrDepends) {
		o.Faults = []cluster.Fault{{Target: "ZooKeeper", Reason: zookeeper.Reason(o.Err), Err: o.Err}}
	}
	return o
}

// brokerFault is the failure of one broker. Its target carries no counts and no
// error, so that the same fault is the same trouble from poll to poll.
func brokerFault(id int32, reason string, err error) cluster.Fault {
	return cluster.Fault{Target: fmt.Sprintf("broker %d", id), Reason: reason, Err: err}
}

// panicked makes an error of what a recovered panic left.
func panicked(v any) error { return fmt.Errorf("panic: %v", v) }

func dependsOn(source cluster.Source) error {
	return fmt.Errorf("%w (%s)", cluster.ErrDepends, source)
}
