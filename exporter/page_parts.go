package exporter

import (
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
}

// gravities of what can be wrong with a partition, the gravest first.
const (
	partOffline = iota
	partUnknown
	partUnderMin
	partAtMin
	partMissing
	gravities
)

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
	var found [gravities][]pagePart // of each no more than are shown
	n := 0
	for i := range picture.Topics {
		t := &picture.Topics[i]
		if t.Deleting {
			continue
		}
		for j := range t.Partitions {
			p := &t.Partitions[j]
			gravity, what := judgePart(t, p, s.Summary.RegistryKnown, registered)
			if what == "" {
				continue
			}
			n++
			if len(found[gravity]) < shownParts {
				found[gravity] = append(found[gravity], newPagePart(t, p, gravity, what))
			}
		}
	}
	parts = slices.Concat(found[:]...)
	parts = parts[:min(len(parts), shownParts)]
	return parts, n - len(parts)
}

func newPagePart(t *cluster.Topic, p *cluster.Partition, gravity int, what string) pagePart {
	part := pagePart{Name: cluster.PartitionName{Topic: t.Name, Partition: p.ID}, Leader: cluster.NoLeader, Replicas: p.Replicas, What: what, Mark: "warn"}
	switch {
	case gravity == partUnknown:
		part.Mark = "grey"
	case gravity <= partUnderMin:
		part.Mark = "bad"
	}
	if p.State == cluster.StateRecorded {
		part.Leader, part.ISR, part.Missing = p.Leader, p.ISR, p.MissingReplicas(nil)
	}
	return part
}

// judgePart says what is wrong with a partition, the gravest alone; "" for nothing.
func judgePart(t *cluster.Topic, p *cluster.Partition, registryKnown bool, registered map[int32]bool) (gravity int, what string) {
	switch p.State {
	case cluster.StateAbsent:
		return partOffline, "offline: it never had a leader"
	case cluster.StateRecorded:
	default:
		return partUnknown, "its leader and ISR are not known"
	}
	least, known := p.EffectiveMinISR(t.MinISR)
	lacks, _ := p.UnderReplicated()
	switch {
	case p.Leader == cluster.NoLeader:
		return partOffline, "offline: it has no leader"
	case registryKnown && !registered[p.Leader]:
		return partOffline, "offline: its leader is not registered"
	case known && len(p.ISR) < least:
		return partUnderMin, "under min ISR: acks=all fails"
	case known && lacks && len(p.ISR) == least:
		return partAtMin, "at min ISR"
	case lacks:
		return partMissing, "under-replicated"
	default:
		return 0, ""
	}
}
