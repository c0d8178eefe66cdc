package exporter

import (
	"cmp"
	"slices"

	"github.com/evenkeel/evenkeel/cluster"
)

// shownParts is how many partitions the page names.
const shownParts = 20

// pagePart is a partition that is not in order.
type pagePart struct {
	Name     cluster.PartitionName
	Leader   int32 // cluster.NoLeader for none
	Replicas []int32
	ISR      []int32
	Missing  []int32 // replicas that are not in sync
	What     string
	Mark     string

	rank int
}

// disordered returns the partitions that are not in order, the gravest first, and how many
// more there are. Those that are only led by another than the preferred leader are counted
// elsewhere: there may be thousands.
func disordered(s *cluster.Snapshot) (parts []pagePart, more int) {
	picture, ok := s.Picture.Get()
	if !ok || picture.LeadersOnly || s.Summary == nil {
		return nil, 0
	}
	registered := map[int32]bool{}
	for i := range s.Brokers {
		registered[s.Brokers[i].ID], _ = s.Brokers[i].Registered()
	}
	for i := range picture.Topics {
		t := &picture.Topics[i]
		if t.Deleting {
			continue
		}
		for j := range t.Partitions {
			if p, bad := judgePart(t, &t.Partitions[j], s.Summary.RegistryKnown, registered); bad {
				parts = append(parts, p)
			}
		}
	}
	slices.SortStableFunc(parts, func(a, b pagePart) int { return cmp.Compare(a.rank, b.rank) })
	if len(parts) > shownParts {
		more = len(parts) - shownParts
		parts = slices.Clip(parts[:shownParts])
	}
	return parts, more
}

// judgePart says what is wrong with a partition, the gravest alone.
func judgePart(t *cluster.Topic, p *cluster.Partition, registryKnown bool, registered map[int32]bool) (part pagePart, bad bool) {
	part = pagePart{Name: cluster.PartitionName{Topic: t.Name, Partition: p.ID}, Leader: p.Leader, Replicas: p.Replicas, ISR: p.ISR}
	wrong := func(rank int, mark, what string) (pagePart, bool) {
		part.rank, part.Mark, part.What = rank, mark, what
		return part, true
	}
	switch p.State {
	case cluster.StateAbsent:
		return wrong(0, "bad", "offline: it never had a leader")
	case cluster.StateRecorded:
	default:
		return wrong(1, "grey", "its leader and ISR are not known")
	}
	part.Missing = p.MissingReplicas(nil)
	least, known := p.EffectiveMinISR(t.MinISR)
	known = known && t.MinISR > 0
	switch {
	case p.Leader == cluster.NoLeader:
		return wrong(0, "bad", "offline: it has no leader")
	case registryKnown && !registered[p.Leader]:
		return wrong(0, "bad", "offline: its leader is not registered")
	case known && len(p.ISR) < least:
		return wrong(2, "bad", "under min ISR: acks=all fails")
	case known && len(part.Missing) > 0 && len(p.ISR) == least:
		return wrong(3, "warn", "at min ISR")
	case len(part.Missing) > 0:
		return wrong(4, "warn", "under-replicated")
	default:
		return part, false
	}
}
