package collectors

import (
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/kafka"
)

// protocolOnly says whether this is a service that speaks Kafka's protocol and has
// none of what stands behind it: it knows neither the requests of brokers that have
// a controller in ZooKeeper nor of those that have a quorum.
func (r *reading) protocolOnly(i kafka.Identity) bool {
	switch r.cfg.Kafka.Flavour {
	case config.FlavourKafka:
		return false
	case config.FlavourProtocol:
		return true
	default:
		return i.Mode == "" && i.AnswersVersions
	}
}

// leadersOnly leaves of a picture what clients need to find their way: how many
// partitions there are, and whom to ask for each.
func leadersOnly(picture *cluster.Picture) {
	picture.LeadersOnly, picture.OfflineTold = true, false
	eachPartition(picture, func(_ string, p *cluster.Partition) {
		if p.State == cluster.StateRecorded {
			p.State = cluster.StateLeader
		}
		p.Replicas, p.ISR, p.Offline = nil, nil, nil
	})
}

// forgetStates leaves of a picture what only a controller can change while there is
// none: the assignment. Leaders remain as those to ask for offsets.
func forgetStates(picture *cluster.Picture) {
	picture.OfflineTold, picture.StatesUnknown = false, true
	eachPartition(picture, func(_ string, p *cluster.Partition) {
		p.State, p.ISR, p.Offline = cluster.StateUnknown, nil, nil
	})
}

// addMoves marks the partitions that are being reassigned. The moves were listed a
// moment after the picture: of one that ended in between, which it does when its
// replicas have caught up, the picture is still that of before.
func (r *reading) addMoves(picture *cluster.Picture, moves kafka.Moves) {
	var before *cluster.Picture
	if r.prev != nil {
		before, _ = r.prev.Picture.Get()
	}
	if len(moves) == 0 && (before == nil || r.prev.Summary.Reassigning == 0) {
		return
	}
	eachPartition(picture, func(topic string, p *cluster.Partition) {
		if m, moving := moves[topic][p.ID]; moving {
			p.Reassigning, p.Adding = true, m.Adding
			return
		}
		if before == nil {
			return
		}
		if t := before.Topic(topic); t != nil {
			if was := t.Partition(p.ID); was != nil && was.Reassigning {
				p.Adding = was.Adding // for this once: it is no longer marked as moving
			}
		}
	})
}

func eachPartition(picture *cluster.Picture, f func(topic string, p *cluster.Partition)) {
	for i := range picture.Topics {
		t := &picture.Topics[i]
		for j := range t.Partitions {
			f(t.Name, &t.Partitions[j])
		}
	}
}
