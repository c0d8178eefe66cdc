package cluster

import (
	"fmt"
	"slices"
)

// PartitionName names a partition.
type PartitionName struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
}

// String writes the name as Kafka does in its logs.
func (p PartitionName) String() string { return fmt.Sprintf("%s-%d", p.Topic, p.Partition) }

// Stop is what would happen if a broker stopped now: the answer to "may I restart it?".
type Stop struct {
	Broker int32
	// Offline are the partitions that would be left without a leader, and Breaks the
	// others whose ISR would fall below min.insync.replicas. Both are the caller's.
	Offline, Breaks []PartitionName
	// LosesQuorum: it is one of the controllers, and the rest would be no majority.
	LosesQuorum bool
	// Down: it is not registered, or fenced, so nothing would change.
	Down bool
	// Unknown is why the answer is not certain; "" when it is. What suffers for certain
	// stands above all the same.
	Unknown string
}

// Verdict is Healthy when the broker may be stopped, Broken when something would suffer,
// and Untold when that could not be told.
func (s *Stop) Verdict() Verdict {
	switch {
	case len(s.Offline) > 0 || len(s.Breaks) > 0 || s.LosesQuorum:
		return Broken
	case s.Unknown != "":
		return Untold
	}
	return Healthy
}

// Stopping tells what would happen if a broker stopped now. It fails when the broker is not
// known.
func (s *Snapshot) Stopping(id int32) (*Stop, error) {
	if s.Broker(id) == nil {
		return nil, fmt.Errorf("cluster %s knows no broker %d", s.Cluster, id)
	}
	stop, serving := s.stop(id)
	if serving == nil {
		return stop, nil
	}
	picture, _ := s.Picture.Get()
	for i := range picture.Topics {
		if t := &picture.Topics[i]; !t.Deleting {
			stop.look(t, serving)
		}
	}
	return stop, nil
}

// StopCounts tells what would happen if a broker stopped now, by what was counted in the
// snapshot instead of by name: how many partitions would be left without a leader, and of
// how many, those among them, the ISR would fall below min.insync.replicas. It costs nothing.
func (s *Snapshot) StopCounts(id int32) (stop *Stop, offline, breaks int) {
	stop, serving := s.stop(id)
	if serving == nil {
		return stop, 0, 0
	}
	load := s.Summary.Load(id)
	return stop, load.StopOfflines, load.StopBreaks
}

// stop says what can be told without a look at the partitions. Serving has the brokers that
// are registered and not fenced; it is nil where there is nothing more to look at.
func (s *Snapshot) stop(id int32) (stop *Stop, serving map[int32]bool) {
	stop = &Stop{Broker: id}
	registrations, ok := s.Registrations.Get()
	_, read := s.Picture.Get()
	serving = map[int32]bool{}
	for other, r := range registrations {
		serving[other] = !r.Fenced
	}
	switch {
	case !ok || !read:
		stop.Unknown = "who is registered, or the partitions, could not be read"
		return stop, nil
	case !serving[id]:
		stop.Down = true
		return stop, nil
	case s.Unconfirmed:
		stop.Unknown = "nothing can confirm that what the brokers tell is not old"
	case !s.Summary.StatesKnown:
		stop.Unknown = "the ISR of some partitions is not known"
	case !s.Summary.MinISRKnown:
		stop.Unknown = "min.insync.replicas is not known of every topic (kafka.min_insync_replicas, on releases that cannot tell it)"
	}
	stop.LosesQuorum = s.losesQuorum(id, serving)
	return stop, serving
}

// look adds the partitions of a topic that would suffer. One that is offline already, or
// under its minimum, does not suffer from this broker's end.
func (s *Stop) look(t *Topic, serving map[int32]bool) {
	for i := range t.Partitions {
		p := &t.Partitions[i]
		if p.State != StateRecorded || !p.InISR(s.Broker) {
			continue
		}
		name := PartitionName{t.Name, p.ID}
		others := slices.ContainsFunc(p.ISR, func(r int32) bool { return r != s.Broker && serving[r] })
		least, known := p.EffectiveMinISR(t.MinISR)
		switch {
		case !others:
			s.Offline = append(s.Offline, name)
		case t.MinISR > 0 && known && len(p.ISR) == least:
			s.Breaks = append(s.Breaks, name)
		}
	}
}

// losesQuorum says whether a broker is one of the controllers, without which the others
// would be no majority. Controllers that are no brokers count as alive.
func (s *Snapshot) losesQuorum(id int32, serving map[int32]bool) bool {
	q, ok := s.Quorum.Get()
	if !ok || !slices.ContainsFunc(q.Voters, func(v QuorumReplica) bool { return v.ID == id }) {
		return false
	}
	left := 0
	for _, v := range q.Voters {
		if v.ID != id && (serving[v.ID] || s.Broker(v.ID) == nil) {
			left++
		}
	}
	return left <= len(q.Voters)/2
}
