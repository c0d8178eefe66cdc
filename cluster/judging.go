package cluster

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// judging is a snapshot whose groups are being judged.
type judging struct {
	*Progress
	now     time.Time
	picture *Picture
	old     map[string]int // by group: old consumers that are registered in ZooKeeper
	unread  bool           // these could not be read
	markers bool           // the cluster has transactions

	track   *groupTrack // of the group that is being judged
	members int         // of that group, old ones included
	topic   *Topic
	left    bool      // its members consume other topics than that
	log     *topicLog // what is remembered of that topic's logs
	window  Window    // of the partition that is being judged
}

// group judges a group by the worst of its partitions.
func (j *judging) group(g *Group) {
	j.enter(g)
	g.Verdict = GroupVerdict{StatusUnknown, "it has committed nothing in the topics that are shown"}
	if g.Unread {
		g.Verdict.Reason = "its commits could not be read"
	}
	worst, ages := len(GroupStatuses), greatestAge{}
	for i := range g.Topics {
		of := &g.Topics[i]
		if j.topic = j.Progress.topic(j.picture, of.Topic); j.topic == nil {
			continue
		}
		t := j.track.topic(j.topic)
		j.log, j.left = j.logs[of.Topic], j.leftTopic(g)
		for k := range of.Commits {
			c := &of.Commits[k]
			r := j.commit(t, c)
			if r == nil {
				continue
			}
			c.Verdict = r.status
			ages.add(c.Behind)
			if r.rank < worst {
				worst, g.Verdict = r.rank, j.tell(r, c)
			}
		}
		t.staffed = j.membersHere() > 0
	}
	g.Behind = ages.get()
	j.leave(g)
}

// enter finds what is remembered of a group, and doubts what contradicts it.
func (j *judging) enter(g *Group) {
	j.members = g.Members
	switch old := j.oldMembers(g.Name); {
	case j.members == UnknownMembers:
	case old != UnknownMembers:
		j.members += old
	case j.members == 0:
		j.members = UnknownMembers
	}
	j.track = j.groups[g.Name]
	if j.track == nil {
		j.track = &groupTrack{topics: map[string]*topicTrack{}, lost: map[string]int{}}
		j.groups[g.Name] = j.track
	}
	j.track.doubt(g, j.now)
}

// leftTopic says whether the group has members and none of them consumes the topic. Old
// consumers are not counted out: what they consume is not known as surely.
func (j *judging) leftTopic(g *Group) bool {
	if g.Subscribed == nil || g.Members <= 0 || j.members != g.Members {
		return false
	}
	_, consumes := slices.BinarySearch(g.Subscribed, j.topic.Name)
	return !consumes
}

// membersHere is how many members may consume the topic.
func (j *judging) membersHere() int {
	if j.left {
		return 0
	}
	return j.members
}

// oldMembers returns how many old consumers a group has, UnknownMembers where that is not
// known.
func (j *judging) oldMembers(group string) int {
	if j.unread {
		return UnknownMembers
	}
	return j.old[group]
}

// leave remembers a group for the next time, and fills in what its commits told over
// time.
func (j *judging) leave(g *Group) {
	t := j.track
	t.seen = j.now
	if !g.Unread {
		t.known = true
		t.retain(g.Topics)
	}
	if t.changed {
		t.committed, t.changed = j.now, false
	}
	g.Committed, g.Lost = t.committed, maps.Clone(t.lost)
}

// tell puts the rule that holds for a partition into words.
func (j *judging) tell(r *rule, c *Commit) GroupVerdict {
	v := GroupVerdict{Status: r.status, Reason: r.reason(&j.window, j.now)}
	if v.Status != StatusOK {
		v.Reason = fmt.Sprintf("%s, partition %d: %s", j.topic.Name, c.Partition, v.Reason)
	}
	return v
}

// commit judges a commit, whose window it leaves behind, and tells the age of the
// oldest message that waits. Nil: there is no such partition.
func (j *judging) commit(t *topicTrack, c *Commit) *rule {
	p := j.topic.Partition(c.Partition)
	if p == nil || !followed(j.topic, p.ID) {
		return nil
	}
	tr := t.at(c.Partition)
	if tr.note(j.slot, c.Offset) && j.track.known {
		j.track.changed = true
	}
	j.window = Window{Members: j.membersHere(), Left: j.left, Stable: p.Stable, Markers: j.markers}
	if !c.Offset.Known() || !p.Start.Known() || !p.End.Known() {
		return j.window.judge()
	}
	if j.membersHere() > 0 {
		j.track.lost[j.topic.Name] += tr.lose(c.Offset.Int(), p.Start.Int(), t.staffed)
	}
	w, l := &j.window, &j.log.logs[p.ID]
	j.look(w, tr, l)
	last := w.last()
	switch {
	case last.Committed > last.End:
	case last.Waiting() == 0:
		c.Behind = AgeOf(0)
	case w.onlyMarkers():
		l.need(max(last.Committed, last.Start)) // in case that there is more than that
	default:
		c.Behind = j.age(p.ID, l, max(last.Committed, last.Start))
	}
	if n := len(w.Points); j.markers && last.Waiting() > 0 && n > 1 && w.Points[n-2].Committed == last.Committed {
		if j.wants.Stable[j.topic.Name] == nil {
			j.wants.Stable[j.topic.Name] = map[int32]bool{}
		}
		j.wants.Stable[j.topic.Name][p.ID] = true
	}
	return w.judge()
}

// look fills in what was seen of a partition without a gap up to now.
func (j *judging) look(w *Window, t *track, l *log) {
	oldest := j.seen - 1
	if l.ends[j.slot] == t.commits[j.slot] {
		oldest = 0 // nothing waits, so that the rest does not matter
	}
	points := j.points[:0]
	for ago := oldest; ago >= 0; ago-- {
		slot := (j.slot - ago + windowSlots) % windowSlots
		if t.commits[slot] < 0 || l.ends[slot] < 0 {
			points = points[:0]
			continue
		}
		points = append(points, Point{At: j.times[slot], Committed: t.commits[slot], Start: l.starts[slot], End: l.ends[slot]})
	}
	w.Points, j.points = points, points
}

// age returns how old the message at an offset is. Where that is not known, the next
// poll is to ask for it.
func (j *judging) age(partition int32, l *log, offset int64) Age {
	l.need(offset)
	if at, known := l.written(offset, j.now, j.resolution); known {
		if at.After(j.now) {
			return UnknownAge // the clock was set back; 0 would tell that nothing waits
		}
		return AgeOf(j.now.Sub(at))
	}
	since := j.wants.Since[j.topic.Name]
	if _, asked := since[partition]; asked {
		return UnknownAge // one question for each log in a poll
	}
	if at, wanted := l.lookup(offset, j.now, j.resolution); wanted {
		if since == nil {
			since = map[int32]time.Time{}
			j.wants.Since[j.topic.Name] = since
		}
		since[partition] = at
	}
	return UnknownAge
}
