package exporter

import (
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/chronicle"
	"github.com/evenkeel/evenkeel/cluster"
)

// pageCluster is all that the page shows of a cluster.
type pageCluster struct {
	apiCluster
	Wrong    []pageTrouble // what is wrong
	Stories  []string      // brokers that are back, and have not got back everything
	Over     []string      // what became whole again within the last hour
	Parts    []pagePart    // partitions that are not in order, the gravest first
	More     int           // that are not among Parts
	Restart  map[int32]pageStop
	Groups   pageGroups
	Runs     *pageRuns
	Alerts   pageAlerts
	Charts   []pageChart
	Polls    []chronicle.Poll
	Failed   []chronicle.Poll
	Happened []chronicle.Happening
	Interval time.Duration
}

// pageTrouble is a trouble with what to do about it.
type pageTrouble struct {
	apiTrouble
	Story string // what became of the broker that it is about; ""
}

// pageStop answers whether a broker may be restarted.
type pageStop struct {
	Mark string // good, bad, grey
	Text string
}

// look is what the page shows of a snapshot alone. It is made when the page is asked for
// first, and shared: how many look must not decide what it takes.
type look struct {
	once    sync.Once
	groups  pageGroups
	parts   []pagePart
	more    int
	restart map[int32]pageStop
}

// of returns the look at s, which must be the same in every call.
func (l *look) of(s *cluster.Snapshot, shown func(topic string) bool) *look {
	l.once.Do(func() {
		l.groups = groupsForPage(s, shown)
		l.parts, l.more = disordered(s)
		l.restart = map[int32]pageStop{}
		for i := range s.Brokers {
			l.restart[s.Brokers[i].ID] = stopForPage(s, s.Brokers[i].ID)
		}
	})
	return l
}

// clusterPage returns what the page shows of a cluster now.
func (e *Exporter) clusterPage(w *watcher, now time.Time) *pageCluster {
	p, fresh := w.fresh(now)
	c := &pageCluster{apiCluster: describePublished(w, p, fresh, false), Interval: w.cfg.Poll.Interval}
	c.Polls, c.Failed = w.chronicle.Polls(now)
	c.Happened = w.chronicle.Happenings(now)
	c.Charts = charts(w.chronicle.Points(now))
	c.Alerts = e.alertsForPage(w.cfg.Name)
	if !fresh {
		return c
	}
	l := p.look.of(p.snapshot, w.cfg.Topics.Match)
	c.Groups, c.Parts, c.More, c.Restart = l.groups, l.parts, l.more, l.restart
	c.Runs = runsForPage(w, p.snapshot, now)
	c.tell(p.snapshot, w.chronicle, now)
	return c
}

// Heading is the state of the cluster in one word.
func (c *apiCluster) Heading() string {
	if c.Stale {
		return cluster.Untold.String()
	}
	return c.Verdict
}

// tell puts the troubles, and what became of brokers that were lost, into sentences.
func (c *pageCluster) tell(s *cluster.Snapshot, past *chronicle.Chronicle, now time.Time) {
	ongoing, over := past.Outages(now)
	stories := map[string]string{} // by the key of the broker's trouble
	var order []string
	for _, o := range ongoing {
		key := cluster.BrokerKey(o.Broker)
		stories[key] = c.story(s, o, now)
		order = append(order, key)
	}
	for i, t := range s.Troubles {
		c.Wrong = append(c.Wrong, pageTrouble{c.Troubles[i], stories[t.Key]})
		delete(stories, t.Key)
	}
	for _, key := range order {
		if story, left := stories[key]; left {
			c.Stories = append(c.Stories, story)
		}
	}
	for _, o := range over {
		c.Over = append(c.Over, told(o, now)+"; it leads its partitions again since "+clock(o.Over)+".")
	}
}

func stopForPage(s *cluster.Snapshot, id int32) pageStop {
	stop, offline, breaks := s.StopCounts(id)
	switch {
	case stop.Down:
		return pageStop{"grey", "it is down"}
	case offline > 0:
		return pageStop{"bad", "no: " + plural(offline, "partition") + " would be offline"}
	case breaks > 0:
		return pageStop{"bad", "no: " + plural(breaks, "partition") + " would be under min ISR"}
	case stop.LosesQuorum:
		return pageStop{"bad", "no: the controllers would lose their majority"}
	case stop.Unknown != "":
		return pageStop{"grey", "unknown: " + stop.Unknown}
	default:
		return pageStop{"good", "yes"}
	}
}
