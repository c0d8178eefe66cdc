package collectors

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
	"github.com/evenkeel/evenkeel/zookeeper"
)

// readRegistry reads what Kafka keeps in ZooKeeper: one reading that fills two
// sources, the brokers' registry and the partitions.
func (r *reading) readRegistry(ctx context.Context, probes *prober) {
	var reg zookeeper.Registry
	r.source(cluster.SourceRegistry, func() ([]cluster.Fault, error) {
		// This stands if the reading panics.
		r.note(cluster.SourcePartitions, cluster.Outcome{Err: dependsOn(cluster.SourceRegistry)})
		// First: the partitions may take all the time that there is.
		pending, unread := r.registry.ElectionPending(ctx)
		reg = r.registry.Registry(ctx, func(registered map[int32]*cluster.Registration) zookeeper.PictureFunc {
			r.askListener(ctx, probes, registered)
			for _, b := range registered {
				r.startProbe(probes, b)
			}
			return r.metadataPicture(probes, registered)
		})
		r.note(cluster.SourcePartitions, counted(reg.Partitions))
		if reg.Members.Err != nil {
			return counted(reg.Members).Faults, reg.Members.Err
		}
		return append(r.takeElection(pending, unread), reg.Members.Faults...), nil
	})
	r.registrations, r.controller, r.clusterID, r.picture = reg.Registrations, reg.Controller, reg.ClusterID, reg.Picture
	r.operations.topicsHidden = reg.Hidden
	r.tellDeclined(reg.Declined)
}

// takeElection notes whether an election is written. That it may be counts as well: who
// could not look must not elect.
func (r *reading) takeElection(pending bool, unread error) []cluster.Fault {
	r.electionPending = pending || unread != nil
	if unread == nil {
		return nil
	}
	return []cluster.Fault{{Target: "znode /admin/preferred_replica_election", Reason: zookeeper.Reason(unread), Err: unread}}
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
	if r.trust.doubted(time.Now()) || len(registered) == 0 {
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
