package rebalance

import (
	"fmt"
	"slices"
	"strings"
)

// began, heard and gave keep the books of runs.

func (o *oracle) began(at stamp) { o.runs = append(o.runs, modelRun{at, at}) }

func (o *oracle) heard(at stamp) { o.runs[len(o.runs)-1].end = at }

func (o *oracle) gave(plan []Candidate) {
	run := len(o.runs)
	for _, c := range plan {
		at := slices.IndexFunc(o.gifts, func(g *gift) bool { return g.run == run && g.broker == c.Preferred && !g.void })
		if at < 0 {
			at = len(o.gifts)
			o.gifts = append(o.gifts, &gift{run: run, broker: c.Preferred, what: map[string]int32{}})
		}
		o.gifts[at].what[fmt.Sprintf("%s/%d", c.Topic, c.Partition)] = c.Partition
	}
}

// look finds losses, when the one who decides has looked at the cluster.
func (o *oracle) look(now stamp) {
	for _, g := range o.gifts {
		if g.void {
			continue
		}
		gone := 0
		for name, id := range g.what {
			topic, _, _ := strings.Cut(name, "/")
			if t, p := o.partition(Candidate{Topic: topic, Partition: id}); p != nil && !t.deleting && p.replicas[0] == g.broker && p.leader != g.broker {
				gone++
			}
		}
		if gone*2 >= len(g.what) {
			o.lost(g.broker, now)
		}
	}
	o.gifts = slices.DeleteFunc(o.gifts, func(g *gift) bool { return g.void })
}

func (o *oracle) lost(broker int32, now stamp) {
	for _, g := range o.gifts {
		if g.broker == broker {
			g.void = true
		}
	}
	o.losses = append(o.losses, loss{broker, now})
	times := 0
	for _, l := range o.losses {
		if l.broker == broker && l.at.elapsed(now) <= o.p.PingPong.Within {
			times++
		}
	}
	o.pingPong = o.pingPong || times >= o.p.PingPong.Times
}

// redated is what a process does that finds times in its future: they are those of now.
func (o *oracle) redated(now stamp) {
	back := func(s *stamp) {
		if s.wall.After(now.wall) {
			s.wall = now.wall
		}
	}
	for i := range o.runs {
		back(&o.runs[i].start)
		back(&o.runs[i].end)
	}
	for i := range o.losses {
		back(&o.losses[i].at)
	}
}

// forgotten is that what was kept cannot be read: nobody can know it, but that runs may
// have been made up to now.
func (o *oracle) forgotten(now stamp) {
	if n := len(o.runs); n > 0 {
		o.runs = o.runs[n-1:]
		o.runs[0].start.wall, o.runs[0].end.wall = now.wall, now.wall
	}
	o.gifts, o.losses, o.pingPong, o.paused, o.excluded = nil, nil, false, false, nil
}
