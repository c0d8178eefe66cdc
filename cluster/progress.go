package cluster

import "time"

// transactionsTopic is there once a cluster has had a transaction.
const transactionsTopic = "__transaction_state"

// Progress follows how groups get on, from snapshot to snapshot: what they commit, and
// where the logs end that they read. It remembers a window of commits for each
// partition of a group, and a bounded record of each log's ends. It is not safe for
// concurrent use.
type Progress struct {
	interval time.Duration
	shown    func(topic string) bool // topics whose offsets are read
	// resolution is how far apart two readings may lie that are one interval apart.
	resolution time.Duration

	times  [windowSlots]time.Time // of the observations; the present one at slot
	slot   int
	seen   int // observations so far, windowSlots at most
	logs   map[string]*topicLog
	groups map[string]*groupTrack
	wants  Wants
	points []Point // reused
}

// Wants is what the next poll should ask the leaders for, beside starts and ends, to
// know more about the groups that are behind.
type Wants struct {
	Stable map[string]map[int32]bool      // the last stable offsets of these partitions, by topic
	Since  map[string]map[int32]time.Time // the first message from a time on, by topic and partition
}

// Finding is an answer to what was wanted: the first message of a log from a time on.
type Finding struct {
	Topic     string
	Partition int32
	Asked     time.Time
	Offset    Offset    // UnknownOffset: there is none
	At        time.Time // its timestamp; zero where it has none
	Refused   bool      // the log keeps no timestamps at all; there is nothing else to be told
}

// topicLog is what is remembered of the logs of a topic.
type topicLog struct {
	of   Topic // its id and znode
	logs []log // by partition
	used bool  // a group has commits there now
}

// log is what is remembered of a partition's log.
type log struct {
	starts, ends [windowSlots]int64 // by slot; -1 where unknown
	timeline
}

// NewProgress returns a Progress that knows nothing yet, for snapshots that come at
// this interval, or more often when something happens. It looks at the topics that are
// shown, whose offsets are read.
func NewProgress(interval time.Duration, shown func(topic string) bool) *Progress {
	return &Progress{
		interval: interval, resolution: 2 * interval, shown: shown,
		logs: map[string]*topicLog{}, groups: map[string]*groupTrack{},
	}
}

// Wants returns what is wanted as of the last snapshot. The maps belong to the caller.
func (p *Progress) Wants() Wants { return p.wants }

// Observe judges the groups of a snapshot before it is published, with what was found
// for the wants of the snapshot before. It fills in what Group and Commit say of it.
func (p *Progress) Observe(s *Snapshot, found []Finding) {
	p.wants = Wants{Stable: map[string]map[int32]bool{}, Since: map[string]map[int32]time.Time{}}
	groups, ok := s.Groups.Get()
	picture, read := s.Picture.Get()
	if !ok || !read {
		return
	}
	p.advance(s.Finished)
	p.observeLogs(picture, groups, s.Outcomes[SourceOffsets], found)
	j := judging{
		Progress: p, now: s.Finished, picture: picture, old: registeredOld(groups.Old), unread: groups.OldUnread,
		markers: picture.Topic(transactionsTopic) != nil,
	}
	for i := range groups.Groups {
		j.group(&groups.Groups[i])
	}
	p.forget(s.Finished)
}

// advance begins a new slot, unless the present one is so young that it is seen again.
func (p *Progress) advance(now time.Time) {
	if p.seen > 0 && now.Sub(p.times[p.slot]) < p.interval*3/4 {
		return
	}
	if p.seen > 0 && now.Sub(p.times[p.slot]) > 3*p.resolution {
		p.seen = 0 // after a gap the next snapshot is a new baseline
	}
	p.slot = (p.slot + 1) % windowSlots
	p.seen = min(p.seen+1, windowSlots)
	p.times[p.slot] = now
	for _, t := range p.logs {
		for i := range t.logs {
			t.logs[i].starts[p.slot], t.logs[i].ends[p.slot] = -1, -1
		}
	}
	for _, g := range p.groups {
		g.clear(p.slot)
	}
}

// observeLogs notes where the logs end that groups have committed offsets of.
func (p *Progress) observeLogs(picture *Picture, groups *Groups, read Outcome, found []Finding) {
	for i := range groups.Groups {
		for j := range groups.Groups[i].Topics {
			if topic := p.topic(picture, groups.Groups[i].Topics[j].Topic); topic != nil {
				p.log(topic).used = true
			}
		}
	}
	for _, g := range p.groups {
		for name := range g.topics {
			if t := p.logs[name]; t != nil {
				t.used = true // also while its coordinator is silent
			}
		}
	}
	for _, f := range found {
		if t := p.logs[f.Topic]; t != nil && int(f.Partition) < len(t.logs) {
			t.logs[f.Partition].take(f, read.Finished, p.resolution)
		}
	}
	for name, t := range p.logs {
		topic := picture.Topic(name)
		if topic == nil || !t.used {
			delete(p.logs, name)
			continue
		}
		for i := range topic.Partitions {
			from := &topic.Partitions[i]
			if !followed(topic, from.ID) {
				continue
			}
			l := &t.logs[from.ID]
			if from.Start.Known() && from.End.Known() {
				l.starts[p.slot], l.ends[p.slot] = from.Start.Int(), from.End.Int()
				l.observe(from.End.Int(), read.Started, read.Finished, p.interval)
			}
			l.begin()
		}
	}
}

// topic returns a topic that groups are judged by, nil when it is none: a deleted one's
// commits outlive it.
func (p *Progress) topic(picture *Picture, name string) *Topic {
	topic := picture.Topic(name)
	if topic == nil || topic.Deleting || !p.shown(name) {
		return nil
	}
	return topic
}

// log returns what is remembered of a topic, nothing of one that was created anew.
func (p *Progress) log(topic *Topic) *topicLog {
	t := p.logs[topic.Name]
	if t != nil {
		if same, _ := t.of.Same(topic); !same {
			t = nil
		}
	}
	if t == nil {
		t = &topicLog{}
		p.logs[topic.Name] = t
	}
	t.of = Topic{ID: topic.ID, Created: topic.Created}
	for i := range topic.Partitions {
		for id := topic.Partitions[i].ID; followed(topic, id) && len(t.logs) <= int(id); {
			t.logs = append(t.logs, log{starts: noOffsets, ends: noOffsets})
		}
	}
	return t
}

// noOffsets has no offset in any slot.
var noOffsets = func() (none [windowSlots]int64) {
	for i := range none {
		none[i] = -1
	}
	return none
}()

// keepRecords keeps of each log what dates the messages that wait for a group, also
// where its commit or the log's end could not be read in this poll.
func (p *Progress) keepRecords() {
	for _, g := range p.groups {
		for name, t := range g.topics {
			topic := p.logs[name]
			if topic == nil {
				continue
			}
			if same, _ := topic.of.Same(&t.of); !same {
				continue
			}
			for i := range min(len(t.parts), len(topic.logs)) {
				l := &topic.logs[i]
				if last := max(t.parts[i].last, l.starts[p.slot]); t.parts[i].last >= 0 && l.endsBehind(last) {
					l.need(last)
				}
			}
		}
	}
}

// A group that is not seen is remembered for as long as a verdict looks back, and longer
// than an outage of its coordinator should last.
const (
	forgotten   = windowSlots // intervals
	leastMemory = 5 * time.Minute
)

// forget drops what no group needs any more.
func (p *Progress) forget(now time.Time) {
	p.keepRecords()
	for _, t := range p.logs {
		t.used = false
		for i := range t.logs {
			t.logs[i].forget()
		}
	}
	for name, g := range p.groups {
		if now.Sub(g.seen) > max(forgotten*p.interval, leastMemory) {
			delete(p.groups, name)
		}
	}
}

// registeredOld returns how many old consumers of each group are registered in ZooKeeper,
// UnknownMembers where that could not be read.
func registeredOld(groups []OldGroup) map[string]int {
	members := make(map[string]int, len(groups))
	for _, g := range groups {
		if g.Members != 0 {
			members[g.Name] = g.Members
		}
	}
	return members
}
