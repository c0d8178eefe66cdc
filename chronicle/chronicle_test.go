package chronicle

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

var t0 = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)

// scene is a cluster of two brokers, each the preferred leader of one partition.
type scene struct {
	at      time.Duration
	gone    bool  // broker 1 is not registered
	session int64 // of broker 1
	lagging bool  // broker 1 is in no ISR
	leads   bool  // broker 1 leads what it is preferred for
	blind   bool  // the partitions could not be read
}

func (c scene) snapshot() *cluster.Snapshot {
	registered := map[int32]*cluster.Registration{2: {ID: 2, Session: 1}}
	b1 := cluster.Broker{ID: 1, RegistryRead: true, Probe: cluster.Probe{Status: cluster.BrokerRefused}}
	if !c.gone {
		registered[1] = &cluster.Registration{ID: 1, Session: c.session}
		b1.Registration, b1.Probe = registered[1], cluster.Probe{Status: cluster.BrokerAlive, Took: 7 * time.Millisecond}
	}
	b2 := cluster.Broker{ID: 2, RegistryRead: true, Registration: registered[2], Probe: cluster.Probe{Status: cluster.BrokerAlive, Took: 3 * time.Millisecond}}
	leader, isr := int32(2), []int32{2}
	if !c.lagging {
		isr = []int32{1, 2}
	}
	if c.leads {
		leader = 1
	}
	picture := &cluster.Picture{Topics: []cluster.Topic{{Name: "t", Partitions: []cluster.Partition{
		{ID: 0, State: cluster.StateRecorded, Replicas: []int32{1, 2}, Leader: leader, ISR: isr},
		{ID: 1, State: cluster.StateRecorded, Replicas: []int32{2, 1}, Leader: 2, ISR: isr},
	}}}}
	s := &cluster.Snapshot{
		Cluster: "c", Trigger: cluster.TriggerInterval, Started: t0.Add(c.at - time.Second), Finished: t0.Add(c.at),
		Registrations: cluster.Read(registered), Brokers: []cluster.Broker{b1, b2}, BrokersTried: 2, BrokersHeard: 2,
		Picture: cluster.Read(picture), Groups: cluster.Read(&cluster.Groups{}), Outcomes: map[cluster.Source]cluster.Outcome{},
	}
	if c.blind {
		err := errors.New("no answer in time")
		s.Picture = cluster.Failed[*cluster.Picture](err)
		s.Outcomes[cluster.SourcePartitions] = cluster.Outcome{Err: err}
		return s
	}
	s.Summary = cluster.Summarize(picture, s.Brokers)
	return s
}

// TestOutage follows a broker from its end to the time at which it leads again.
func TestOutage(t *testing.T) {
	at := func(minute int) time.Duration { return time.Duration(minute) * time.Minute }
	minute := func(m int) time.Time { return t0.Add(at(m)) }
	c := New()
	for _, step := range []struct {
		scene scene
		want  Outage // of broker 1; the zero Outage for none
	}{
		{scene{at: at(0), session: 1, leads: true}, Outage{}},
		{scene{at: at(1), gone: true, lagging: true}, Outage{Lost: minute(1)}},
		{scene{at: at(2), blind: true}, Outage{Lost: minute(1)}},
		{scene{at: at(3), gone: true, lagging: true}, Outage{Lost: minute(1)}},
		{scene{at: at(4), session: 2, lagging: true}, Outage{Lost: minute(1), Back: minute(4)}},
		{scene{at: at(5), session: 2}, Outage{Lost: minute(1), Back: minute(4), Whole: minute(5)}},
		{scene{at: at(6), session: 2, lagging: true}, Outage{Lost: minute(1), Back: minute(4)}},
		{scene{at: at(7), session: 2}, Outage{Lost: minute(1), Back: minute(4), Whole: minute(7)}},
		{scene{at: at(8), gone: true, lagging: true}, Outage{Lost: minute(8)}}, // another one
		{scene{at: at(9), session: 3, lagging: true}, Outage{Lost: minute(8), Back: minute(9)}},
		{scene{at: at(10), session: 3, leads: true}, Outage{}},
	} {
		c.Observe(step.scene.snapshot())
		if step.want != (Outage{}) {
			step.want.Broker = 1
		}
		ongoing, _ := c.Outages(step.scene.snapshot().Finished)
		var got Outage
		if len(ongoing) > 0 {
			got = ongoing[0]
		}
		if len(ongoing) > 1 || got != step.want {
			t.Errorf("at %v: %+v, want %+v", step.scene.at, ongoing, step.want)
		}
	}
	want := Outage{Broker: 1, Lost: minute(8), Back: minute(9), Whole: minute(10), Over: minute(10)}
	if _, over := c.Outages(minute(69)); len(over) != 1 || over[0] != want {
		t.Errorf("%+v, want %+v", over, want)
	}
	if _, over := c.Outages(minute(70)); len(over) != 0 {
		t.Errorf("after an hour: %+v", over)
	}
}

// TestRegisteredAnew: a restart between two polls is an outage of which the beginning was
// not seen.
func TestRegisteredAnew(t *testing.T) {
	c := New()
	c.Observe(scene{at: 0, session: 1, leads: true}.snapshot())
	c.Observe(scene{at: time.Minute, session: 2}.snapshot())
	ongoing, _ := c.Outages(t0.Add(time.Minute))
	if len(ongoing) != 1 || !ongoing[0].Lost.IsZero() || !ongoing[0].Back.Equal(t0.Add(time.Minute)) {
		t.Errorf("%+v", ongoing)
	}
	// Leadership that nobody brings back is told for a day.
	c.Observe(scene{at: 25*time.Hour + 2*time.Minute, session: 2}.snapshot())
	if ongoing, over := c.Outages(t0.Add(26 * time.Hour)); len(ongoing)+len(over) != 0 {
		t.Errorf("%+v %+v", ongoing, over)
	}
}

// TestLostWhenTheTroubleBegan: a broker does not answer before it is not registered.
func TestLostWhenTheTroubleBegan(t *testing.T) {
	c := New()
	c.Observe(scene{session: 1, leads: true}.snapshot())
	s := scene{at: time.Minute, gone: true, lagging: true}.snapshot()
	s.Troubles = []cluster.Trouble{{Key: cluster.BrokerKey(2)}, {Key: cluster.BrokerKey(1), Since: t0.Add(50 * time.Second)}}
	c.Observe(s)
	if ongoing, _ := c.Outages(t0.Add(time.Minute)); len(ongoing) != 1 || !ongoing[0].Lost.Equal(t0.Add(50*time.Second)) {
		t.Errorf("%+v", ongoing)
	}
}

// TestLostBeforeTheStart: that a broker was away already is no time at which it was lost.
func TestLostBeforeTheStart(t *testing.T) {
	c := New()
	c.Observe(scene{gone: true, lagging: true}.snapshot())
	if ongoing, _ := c.Outages(t0); len(ongoing) != 1 || !ongoing[0].Since {
		t.Errorf("%+v", ongoing)
	}
}

// TestPointsDoNotInvent: what a poll did not know is no figure, and what is older than an
// hour is gone.
func TestPointsDoNotInvent(t *testing.T) {
	c := New()
	c.Observe(scene{at: 0, session: 1}.snapshot())
	c.Observe(scene{at: time.Minute, session: 1, blind: true}.snapshot())
	got := fmt.Sprint(c.Points(t0.Add(time.Minute)))
	want := "[{2026-01-02 03:00:00 +0000 UTC [{2 true} {0 true} {0 true} {100 true} {0 false} {7 true}]} " +
		"{2026-01-02 03:01:00 +0000 UTC [{2 true} {0 false} {0 false} {0 false} {0 false} {7 true}]}]"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if n := len(c.Points(t0.Add(Span + time.Second))); n != 1 {
		t.Errorf("%d points, want the one that is not older than an hour", n)
	}
	for i := range 3 * int(Span/time.Second) {
		c.Observe(scene{at: time.Minute + time.Duration(i)*time.Second, session: 1}.snapshot())
	}
	if n := len(c.points); n > 722 {
		t.Errorf("%d points are kept of an hour", n)
	}
	c.Observe(scene{at: -24 * time.Hour, session: 1}.snapshot())
	if n := len(c.Points(t0.Add(-24 * time.Hour))); n != 1 {
		t.Errorf("%d points after the clock was set back", n)
	}
}

// TestFailuresAreKeptLonger than the polls that went well.
func TestFailuresAreKeptLonger(t *testing.T) {
	c := New()
	c.Observe(scene{blind: true}.snapshot())
	for i := range 100 {
		c.Observe(scene{at: time.Duration(i+1) * time.Minute, session: 1}.snapshot())
		c.Happened(t0.Add(time.Duration(i)*time.Minute), fmt.Sprint("thing ", i), false)
	}
	now := t0.Add(100 * time.Minute)
	last, failed := c.Polls(now)
	if len(last) != keptPolls || !last[0].At.Equal(now) || last[0].Took != time.Second || len(last[0].Failed) > 0 {
		t.Errorf("%d polls, the last %+v", len(last), last[0])
	}
	if len(failed) != 1 || !strings.Contains(strings.Join(failed[0].Failed, ""), "no answer in time") {
		t.Errorf("failed: %+v", failed)
	}
	if all := c.Happenings(now); len(all) != 100 || all[0].Text != "thing 99" {
		t.Errorf("%d happenings: %+v", len(all), all[0])
	}
	if _, failed := c.Polls(t0.Add(24 * time.Hour)); len(failed) > 0 {
		t.Errorf("after a day: %+v", failed)
	}
}
