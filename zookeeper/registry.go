package zookeeper

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// maxPasses is how often the registry is read when brokers come and go meanwhile.
const maxPasses = 3

// Registry is what Kafka has written down in ZooKeeper, as read by one poll.
type Registry struct {
	Registrations cluster.Reading[map[int32]*cluster.Registration] // by broker id
	Controller    cluster.Reading[cluster.Controller]
	ClusterID     string // "" before Kafka 0.10.1, and when it could not be read
	Picture       cluster.Reading[*cluster.Picture]
	// Declined is why the partitions were read from the registry although a
	// PictureFunc was to tell them; nil otherwise.
	Declined error
	// Hidden: a PictureFunc left out topics that have long been there, which were read
	// from the registry instead. Who asked the brokers may not DESCRIBE them.
	Hidden bool

	Members    cluster.Outcome // of cluster.SourceRegistry: all but the picture
	Partitions cluster.Outcome // of cluster.SourcePartitions; cluster.ErrDepends without the members
}

// PictureFunc reads the partitions from elsewhere, while this broker is the
// controller. The picture belongs to the Registry from then on.
type PictureFunc func(ctx context.Context, controller cluster.Controller) (*cluster.Picture, error)

// PictureChoice is told who is registered and returns what is to tell the
// partitions, nil for the registry itself. It must not change the map.
type PictureChoice func(registered map[int32]*cluster.Registration) PictureFunc

// Registry reads the registered brokers, the controller and every partition. It
// returns by the context's deadline; what could not be read by then has failed.
//
// choose, which may be nil, is called with the registered brokers as soon as they
// are known, so that asking them need not wait for the partitions. It is called
// again when they had to be read again. What it returns is given half of the time
// that is left; when it fails, or when there is no controller, the partitions are
// read from the registry. Which topics are being deleted, and what is being moved
// by a reassignment that is written there, the registry tells in either case.
//
// Brokers and partitions cannot be read at one moment. A broker that registers
// and takes over partitions in between would be seen leading without being
// registered, which looks like an outage. So when the set of brokers is not the
// same after the partitions as it was before, both are read again. When it does
// not come to rest, the state of every partition that has to do with a broker that
// came or went counts as unknown.
func (s *Session) Registry(ctx context.Context, choose PictureChoice) Registry {
	s.kept.expire(keepFor)
	for pass := 1; ; pass++ {
		began := time.Now()
		m, out := s.members(ctx, choose)
		if m == nil {
			return out
		}
		out.Partitions.Started = time.Now()
		f := &faults{}
		picture, err := s.readPicture(ctx, m, f)
		var moved bool
		if err == nil {
			moved, err = s.moved(ctx, m)
		}
		if moved && pass < maxPasses && timeFor(ctx, 2*time.Since(began)) {
			continue
		}
		if moved {
			s.forgetStrangers(picture, m, f)
		}
		out.Partitions.Finished = time.Now()
		out.Partitions.Faults, out.Partitions.Err = f.all(), err
		out.Picture, out.Declined, out.Hidden = cluster.Read(picture), m.declined, m.hidden
		if err != nil {
			out.Picture = cluster.Failed[*cluster.Picture](err)
		}
		out.setController(s, m)
		return out
	}
}

// members returns nil, and a Registry that has failed as a whole, when the members
// cannot be read.
func (s *Session) members(ctx context.Context, choose PictureChoice) (*members, Registry) {
	var out Registry
	out.Members.Started = time.Now()
	m, err := s.readMembers(ctx, choose)
	out.Members.Finished = time.Now()
	if err != nil {
		out.Registrations = cluster.Failed[map[int32]*cluster.Registration](err)
		out.Controller = cluster.Failed[cluster.Controller](err)
		out.Members.Err = err
		out.Partitions = out.Members
		out.Partitions.Err = fmt.Errorf("%w (%s)", cluster.ErrDepends, cluster.SourceRegistry)
		out.Picture = cluster.Failed[*cluster.Picture](out.Partitions.Err)
		return nil, out
	}
	out.Registrations, out.ClusterID = cluster.Read(m.brokers), m.clusterID
	return m, out
}

func (out *Registry) setController(s *Session, m *members) {
	out.Controller = m.controller
	if err := m.controller.Err(); err != nil {
		m.faults.add(s.target(controllerPath), err)
	}
	out.Members.Faults = m.faults.all()
}

// moved says whether a broker came or went since the members were read, notes who
// is registered now, and reads the controller once more, who may have changed with
// it.
func (s *Session) moved(ctx context.Context, m *members) (bool, error) {
	ids, err := s.list(ctx, idsPath)
	if err != nil {
		return false, err
	}
	m.after = ids.children
	controller, err := s.readController(ctx)
	if err != nil {
		return false, err
	}
	m.controller = controller
	return ids.stat.Pzxid != m.pzxid, nil
}

// forgetStrangers makes the state unknown where the leader is no broker that was
// registered when the members were read, or a replica is on one that came or went
// since: they were read at another moment, and what follows from both together (a
// leader that is gone, a living replica that lags) may never have been true.
func (s *Session) forgetStrangers(picture *cluster.Picture, m *members, f *faults) {
	moved := func(broker int32) bool {
		return (m.brokers[broker] != nil) != slices.Contains(m.after, strconv.Itoa(int(broker)))
	}
	n := 0
	for i := range picture.Topics {
		for j := range picture.Topics[i].Partitions {
			p := &picture.Topics[i].Partitions[j]
			stranger := p.Leader != cluster.NoLeader && m.brokers[p.Leader] == nil
			if p.State != cluster.StateRecorded || !stranger && !slices.ContainsFunc(p.Replicas, moved) {
				continue
			}
			p.State, p.Leader, p.ISR = cluster.StateUnknown, cluster.NoLeader, nil
			n++
		}
	}
	if n > 0 {
		f.list = append(f.list, cluster.Fault{
			Target: s.target(idsPath),
			Reason: string(cluster.ServerTimeout),
			Err: fmt.Errorf("brokers come and go faster than %s%s can be read: the state of %d partitions is unknown",
				s.opts.Chroot, topicsPath, n),
		})
	}
}

// timeFor says whether the context leaves this much time.
func timeFor(ctx context.Context, need time.Duration) bool {
	deadline, limited := ctx.Deadline()
	return !limited || time.Until(deadline) >= need
}
