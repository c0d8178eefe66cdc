package cluster

import (
	"slices"
	"time"
)

// News is what was found out about single brokers and ZooKeeper servers after, or
// while, a poll asked them.
type News struct {
	Losses  map[string]Probe // by address: brokers that were lost, and how asking them anew went
	Servers map[string]Look  // by name: ZooKeeper servers that are in another mode
}

// Look is a ZooKeeper server as it answered between polls.
type Look struct {
	Server
	At time.Time // when it was asked
}

// NewNews returns that there is none.
func NewNews() News { return News{Losses: map[string]Probe{}, Servers: map[string]Look{}} }

// Clear forgets all.
func (n News) Clear() {
	clear(n.Losses)
	clear(n.Servers)
}

// With returns the snapshot with what is newer than what it says itself, and whether
// there is anything. All else is as it was read. The snapshot itself is not changed.
func (s *Snapshot) With(news News) (*Snapshot, bool) {
	amended := *s
	amended.Amended = time.Now()
	lost, looked := amended.lose(news.Losses), amended.look(news.Servers)
	if !lost && !looked {
		return s, false
	}
	return &amended, true
}

// lose puts in the brokers that were lost after they had answered.
func (s *Snapshot) lose(losses map[string]Probe) bool {
	brokers := slices.Clone(s.Brokers)
	lost := 0
	for i := range brokers {
		b := &brokers[i]
		if loss, told := losses[b.Address]; told && b.Probe.Answered() && loss.Ended.After(b.Probe.Ended) {
			b.Probe = loss
			lost++
		}
	}
	if lost == 0 {
		return false
	}
	s.Brokers, s.BrokersHeard = brokers, s.BrokersHeard-lost
	if picture, ok := s.Picture.Get(); ok {
		s.Summary = Summarize(picture, s.Brokers)
	}
	return true
}

// look puts in the ZooKeeper servers that were in another mode when they were asked
// after they had answered the poll, which may have waited for others since.
func (s *Snapshot) look(servers map[string]Look) bool {
	if s.Ensemble == nil {
		return false
	}
	all := slices.Clone(s.Ensemble.Servers)
	changed := false
	for i := range all {
		if now, told := servers[all[i].Name]; told && now.Mode != all[i].Mode && now.At.After(all[i].Answered) {
			all[i], changed = now.Server, true
		}
	}
	if changed {
		ensemble := *s.Ensemble
		ensemble.Servers = all
		s.Ensemble = &ensemble
	}
	return changed
}
