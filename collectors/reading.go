package collectors

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"strconv"
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
	boots         []kafka.Node // bootstrap addresses that were asked
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
	wg.Go(func() {
		r.source(cluster.SourceEnsemble, func() ([]cluster.Fault, error) {
			var faults []cluster.Fault
			r.ensemble, faults = r.Poller.ensemble.Read(ctx)
			return faults, nil
		})
	})
	// Those known from the poll before, or else the bootstrap addresses, are asked
	// at once, so that a registry which does not answer delays nothing.
	for _, b := range r.known {
		probes.start(nodeOf(b))
	}
	r.boots = r.bootstrap()
	for _, n := range r.boots {
		probes.start(n)
	}
	wg.Go(func() { r.readRegistry(ctx, probes) })
	wg.Wait()
}

// readRegistry reads what Kafka keeps in ZooKeeper: one reading that fills two
// sources, the brokers' registry and the partitions.
func (r *reading) readRegistry(ctx context.Context, probes *prober) {
	var reg zookeeper.Registry
	r.source(cluster.SourceRegistry, func() ([]cluster.Fault, error) {
		// This stands unless the members can be read.
		r.note(cluster.SourcePartitions, cluster.Outcome{Err: dependsOn(cluster.SourceRegistry)})
		reg = r.registry.Registry(ctx, func(registered map[int32]*cluster.Registration) {
			for _, b := range registered {
				if address, err := r.address(b); err == nil {
					probes.start(kafka.Node{ID: b.ID, Addr: address, Registration: b.Version})
				}
			}
		})
		if reg.Members.Err == nil {
			r.note(cluster.SourcePartitions, counted(reg.Partitions))
		}
		return counted(reg.Members).Faults, reg.Members.Err
	})
	r.registrations, r.controller, r.clusterID, r.picture = reg.Registrations, reg.Controller, reg.ClusterID, reg.Picture
}

// counted sees to it that a source which failed as a whole is counted as one
// fault at least.
func counted(o cluster.Outcome) cluster.Outcome {
	if o.Err != nil && len(o.Faults) == 0 {
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

// address picks the endpoint that clients of our kind are to use.
func (p *Poller) address(b *cluster.Registration) (string, error) {
	listener := p.cfg.Kafka.Listener
	var fitting []cluster.Endpoint
	for _, e := range b.Endpoints {
		if listener == "" && e.Protocol == "PLAINTEXT" || listener != "" && e.Listener == listener {
			fitting = append(fitting, e)
		}
	}
	switch {
	case len(fitting) == 1:
		return net.JoinHostPort(fitting[0].Host, strconv.Itoa(fitting[0].Port)), nil
	case len(b.Endpoints) == 0:
		return "", errors.New("its registration names no address")
	case listener != "":
		return "", fmt.Errorf("its registration has no listener %q (kafka.listener)", listener)
	case len(fitting) == 0:
		return "", errors.New("its registration has no PLAINTEXT listener")
	default:
		return "", errors.New("its registration has several PLAINTEXT listeners: name one as kafka.listener")
	}
}
