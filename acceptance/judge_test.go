//go:build cluster

package acceptance

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"
)

// judge takes a sample every 200 ms and holds each against the truth.
type judge struct {
	t       *testing.T
	p       *program
	truths  *recorder
	cancel  context.CancelFunc
	done    chan struct{}
	samples []samples
	dead    map[int][]span // when each broker's process did not run
	// lag is how much later than another a broker may hear of what the controller
	// decided, where the picture or the truth comes from brokers.
	lag time.Duration
}

type span struct{ from, to time.Time }

// watch begins to take samples.
func watch(t *testing.T, p *program, truths *recorder) *judge {
	ctx, cancel := context.WithCancel(context.Background())
	j := &judge{t: t, p: p, truths: truths, cancel: cancel, done: make(chan struct{}), dead: map[int][]span{}}
	go func() {
		defer close(j.done)
		for ctx.Err() == nil {
			if s, err := p.scrape(); err == nil {
				j.samples = append(j.samples, s)
			} else {
				t.Errorf("scrape: %v", err)
			}
			time.Sleep(200 * time.Millisecond)
		}
	}()
	t.Cleanup(func() { cancel(); <-j.done })
	return j
}

// killed is called after a broker was killed, and starting before it is started
// again: in between it is dead for sure.
func (j *judge) killed(broker int)   { j.dead[broker] = append(j.dead[broker], span{from: time.Now()}) }
func (j *judge) starting(broker int) { j.dead[broker][len(j.dead[broker])-1].to = time.Now() }

// restarted is called instead of both where nobody knows when exactly the broker is
// dead: from then on nothing is sure of it.
func (j *judge) restarted(broker int) {
	now := time.Now()
	j.dead[broker] = append(j.dead[broker], span{from: now, to: now})
}

// clockSlack is what two readings of the clock in two processes, and the rounding
// of a metric to milliseconds, may differ.
const clockSlack = 20 * time.Millisecond

// end stops sampling and judges: each value must have been true at some moment of
// the poll that the sample shows. Each of the series in often must have been
// judged at least so many times, lest a series that is never there passes for a
// true one, in half as many polls.
func (j *judge) end(least int, often ...string) {
	j.t.Helper()
	j.cancel()
	<-j.done
	j.truths.stop()
	judged, polls := map[string]int{}, map[float64]bool{}
	for _, s := range j.samples {
		finished, told := s.values["evenkeel_poll_timestamp_seconds"]
		if !told {
			continue // before the first poll has ended
		}
		polls[finished] = true
		took := time.Duration(s.values["evenkeel_poll_duration_seconds"] * float64(time.Second))
		to := time.UnixMilli(int64(finished*1000 + 0.5)).Add(clockSlack)
		from := to.Add(-took - 2*clockSlack)
		j.judgeStates(s, from.Add(-j.lag), to.Add(j.lag), judged)
		// That a broker went away may be told before the poll that finds the rest.
		j.judgeUp(s, from, later(to, s.at), judged)
	}
	if len(polls) < least/2 {
		j.t.Errorf("%d polls only were seen", len(polls))
	}
	for _, series := range often {
		if judged[series] < least {
			j.t.Errorf("%s was judged %d times only", series, judged[series])
		}
	}
	quick(j.t, j.samples)
}

func (j *judge) judgeStates(s samples, from, to time.Time, judged map[string]int) {
	for _, lie := range s.contradicts(j.truths.possible(from, to), judged) {
		j.t.Errorf("%v: %s between %v and %v", s.at, lie, from, to)
	}
}

// contradicts returns what is shown and not among the values that were possible, and
// counts in judged what was compared.
func (s samples) contradicts(possible map[string][]float64, judged map[string]int) (lies []string) {
	for series, values := range possible {
		got, there := s.values[series]
		if !there {
			continue // absent is no lie
		}
		judged[series]++
		right := slices.Contains(values, got)
		if countSeries[series] {
			right = got >= slices.Min(values) && got <= slices.Max(values)
		}
		if !right {
			lies = append(lies, fmt.Sprintf("%s is %v, true was %v", series, got, values))
		}
	}
	return lies
}

// judgeUp holds that a dead broker is never up. A living one may be down in our
// eyes when the machine is too busy to let it answer in time, and then says so.
func (j *judge) judgeUp(s samples, from, to time.Time, judged map[string]int) {
	for id := range maxBrokers {
		series := brokerSeries("kafka_broker_up", id)
		up, there := s.values[series]
		if !there {
			continue
		}
		dead, doubtful := false, false
		for _, gap := range j.dead[id] {
			dead = dead || from.After(gap.from) && to.Before(gap.to)
			doubtful = doubtful || to.After(gap.from.Add(-time.Second)) // from the kill on its registration tells
		}
		switch {
		case dead:
			judged[series]++
			if up != 0 {
				j.t.Errorf("%v: %s is %v, yet its process did not run", s.at, series, up)
			}
		case !doubtful:
			judged[series]++
			if slow := fmt.Sprintf(`kafka_broker_status{broker="%d",status="timeout"}`, id); up != 1 && s.values[slow] != 1 {
				j.t.Errorf("%v: %s is %v, yet it was never down", s.at, series, up)
			}
		}
	}
}

// quick holds that scrapes take milliseconds. The median decides: on a busy
// machine a single one may wait for a processor.
func quick(t *testing.T, all []samples) {
	t.Helper()
	var took []time.Duration
	for _, s := range all {
		took = append(took, s.took)
	}
	slices.Sort(took)
	if len(took) == 0 || took[len(took)/2] > 100*time.Millisecond {
		t.Errorf("%d scrapes, half of them took more than 100 ms: %v", len(took), took)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
