package collectors

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
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

	mu       sync.Mutex // guards outcomes while sources are read side by side
	outcomes map[cluster.Source]cluster.Outcome

	ensemble      *cluster.Ensemble
	registrations cluster.Reading[map[int32]*cluster.Registration]
	controller    cluster.Reading[cluster.Controller]
	clusterID     string
	picture       cluster.Reading[*cluster.Picture]
	quorum        cluster.Reading[*cluster.Quorum]
	told          map[int32]*cluster.Registration // what a broker told of the others, believed or not
	silent        bool                            // no controller answered through a broker that did
	unconfirmed   bool                            // nothing can confirm what brokers tell
	operations    operations                      // what this user may do
	boots         []kafka.Node                    // bootstrap addresses that were asked
	brokerList    []cluster.Broker
	tried, heard  int
	groups        cluster.Reading[*cluster.Groups]
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
		r.readBrokers(ctx, probes)
		return
	}
	controller, read := r.controller.Get()
	r.trust.observe(time.Now(), read && controller.Exists, 0)
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

// readRegistry reads what Kafka keeps in ZooKeeper: one reading that fills two
// sources, the brokers' registry and the partitions.
func (r *reading) readRegistry(ctx context.Context, probes *prober) {
	var reg zookeeper.Registry
	r.source(cluster.SourceRegistry, func() ([]cluster.Fault, error) {
		// This stands if the reading panics.
		r.note(cluster.SourcePartitions, cluster.Outcome{Err: dependsOn(cluster.SourceRegistry)})
		reg = r.registry.Registry(ctx, func(registered map[int32]*cluster.Registration) zookeeper.PictureFunc {
			r.askListener(ctx, probes, registered)
			for _, b := range registered {
				r.startProbe(probes, b)
			}
			return r.metadataPicture(probes, registered)
		})
		r.note(cluster.SourcePartitions, counted(reg.Partitions))
		return counted(reg.Members).Faults, reg.Members.Err
	})
	r.registrations, r.controller, r.clusterID, r.picture = reg.Registrations, reg.Controller, reg.ClusterID, reg.Picture
	r.operations.topicsHidden = reg.Hidden
	r.tellDeclined(reg.Declined)
}

// tellDeclined logs why the picture is not read from metadata, once for each cause: it
// costs much more from the registry.
func (r *reading) tellDeclined(err error) {
	why := ""
	if err != nil {
		why = err.Error()
	}
	if why != r.declined && why != "" {
		r.log.Info("The partitions are read from ZooKeeper, and not from the controller's metadata", "err", err)
	}
	r.declined = why
}

// startProbe probes a broker at the address that it advertises to clients like us.
func (r *reading) startProbe(probes *prober, b *cluster.Registration) {
	if address, err := r.address(b); err == nil {
		probes.start(kafka.Node{ID: b.ID, Addr: address, Registration: b.Version})
	}
}

// errOtherBrokers is why metadata and registry are not of one moment: the controller
// has not heard yet of a broker that came or went. What it tells of that broker's
// replicas may never have been true together with the registration.
var errOtherBrokers = errors.New("the controller's metadata names other brokers than are registered")

func sameBrokers(a, b map[int32]*cluster.Registration) bool {
	return len(a) == len(b) && !slices.ContainsFunc(slices.Collect(maps.Keys(a)), func(id int32) bool { return b[id] == nil })
}

// metadataVersion is the version of the registrations from which on metadata tells
// of leaders and ISRs as quickly and truly as the registry does.
const metadataVersion = 5

// metadataPicture returns what reads the picture of partitions from the controller's
// metadata instead of from thousands of znodes; nil where these have to be read,
// because a broker is too old, or because a controller was missed lately: brokers go
// on serving what they knew before.
func (r *reading) metadataPicture(probes *prober, registered map[int32]*cluster.Registration) zookeeper.PictureFunc {
	if r.trust.doubted() || len(registered) == 0 {
		return nil
	}
	for _, b := range registered {
		if b.Version < metadataVersion {
			return nil
		}
	}
	return func(ctx context.Context, controller cluster.Controller) (*cluster.Picture, error) {
		n, ok := probes.only(ctx, controller.ID)
		if !ok {
			return nil, fmt.Errorf("broker %d, the controller, does not answer us", controller.ID)
		}
		v, err := r.look(ctx, n)
		if err != nil {
			return nil, err
		}
		r.operations = v.operations()
		if v.confirmed != nil {
			return nil, v.confirmed
		}
		if !sameBrokers(v.metadata.Brokers, registered) {
			return nil, errOtherBrokers
		}
		r.addMoves(v.metadata.Picture, v.moves)
		return v.metadata.Picture, nil
	}
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
