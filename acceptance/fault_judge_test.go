//go:build cluster

package acceptance

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// outcome is what is told of a fault in the table.
type outcome struct {
	shown     time.Duration // from its begin until what the first claim says was shown
	recovered time.Duration // from the cluster's being whole until all is shown as before
	slowest   time.Duration // of the scrapes
	failed    bool
}

// judge holds everything that was seen of a fault against what evenkeel promises.
func (s *scene) judge(f *fault, e *evidence) outcome {
	s.t.Helper()
	o := outcome{recovered: e.recovered.Sub(e.whole), slowest: s.judgeScrapes(f, e)}
	for i, c := range e.claims {
		delay, err := c.judge(e)
		if err != nil {
			s.t.Error(err)
		}
		if i == 0 {
			o.shown = delay
		}
		if c.kind != lie {
			s.t.Logf("%s: after %v", c.want, delay.Round(time.Millisecond))
		}
	}
	s.judgeTruth(f, e)
	s.judgeLog(f, e.log)
	o.failed = s.t.Failed()
	s.t.Logf("begun %v, for %v; as before %v after the cluster was whole, which took it %v; slowest scrape %v of %d",
		e.begun.Format(time.TimeOnly), e.ended.Sub(e.begun).Round(time.Millisecond), o.recovered.Round(time.Millisecond),
		e.whole.Sub(e.ended).Round(time.Millisecond), o.slowest.Round(time.Millisecond), len(e.eye.samples))
	return o
}

// judgeScrapes holds what is true of every scrape, whatever happens, and returns how
// long the slowest one took. Half of them are fast, where this program got the processor
// when it wanted it, and where the fault is not a crowd in front of them.
func (s *scene) judgeScrapes(f *fault, e *evidence) (slowest time.Duration) {
	s.t.Helper()
	for _, err := range e.eye.failed {
		s.t.Errorf("a scrape failed: %v", err)
	}
	var took []time.Duration
	for _, sample := range e.eye.samples {
		slowest = max(slowest, sample.took)
		done := sample.at.Add(sample.took)
		if !f.crowds || done.Before(e.begun) || sample.at.After(e.ended) {
			took = append(took, sample.took-e.eye.stalled(sample.at, done))
		}
		for series, value := range sample.values {
			if value < 0 && !strings.HasPrefix(series, "kafka_topic_partition_leader{") {
				s.t.Errorf("%v: %s is %v", sample.at, series, value)
			}
		}
	}
	slices.Sort(took)
	if len(took) == 0 || took[len(took)/2] > 50*time.Millisecond {
		s.t.Errorf("%d scrapes, half of them took more than 50 ms: %v", len(took), took)
	}
	return slowest
}

// judge returns how long it took until the claim was true of everything shown, and
// what was shown that may not be.
func (c claim) judge(e *evidence) (time.Duration, error) {
	last := e.ended
	if c.kind == lie {
		last = e.recovered
	}
	seen := between(e.eye.samples, e.begun, last)
	if len(seen) == 0 {
		return 0, errors.New("the fault was over before evenkeel was asked")
	}
	at := seen[0].at
	for i, sample := range seen {
		if c.holds(sample) || sample.verdict(c.want) == absent && e.pardons(sample) {
			continue
		}
		late := e.eye.stalled(e.begun, sample.at)
		switch {
		case sample.at.After(e.begun.Add(c.within + late)):
			return sample.at.Sub(e.begun), fmt.Errorf("%s: %v after the fault began, want %v at most (the machine stalled for %v): %s",
				c.want, sample.at.Sub(e.begun), c.within, late, sample.shows(c.want))
		case i+1 == len(seen):
			return last.Sub(e.begun), fmt.Errorf("%s: not yet when the fault ended, after %v: %s", c.want, last.Sub(e.begun), sample.shows(c.want))
		}
		at = seen[i+1].at
	}
	return at.Sub(e.begun), nil
}

// pardons says whether what is not shown may be so because of what happened during
// the fault.
func (e *evidence) pardons(s samples) bool {
	return !e.during.IsZero() && s.at.After(e.during) && s.at.Before(e.during.Add(2*aPoll()))
}

// shows tells why a sample is not as wanted, or that it is.
func (s samples) shows(want string) string {
	if err := s.lacks(want); err != nil {
		return err.Error()
	}
	return want + " is shown"
}

// judgeTruth holds every sample against what the cluster said of itself: during the
// poll that the sample shows, and not longer ago than a poll may be.
func (s *scene) judgeTruth(f *fault, e *evidence) {
	s.t.Helper()
	judged, lag := map[string]int{}, s.metadataLag()
	var possible map[string][]float64
	var poll float64
	for i, sample := range e.eye.samples {
		oldest := sample.at.Add(-aPoll() - lag)
		oldest = oldest.Add(-e.eye.stalled(oldest, sample.at))
		if lies := sample.contradicts(s.told(f, e.truths.possible(oldest, sample.at.Add(lag))), judged); len(lies) > 0 {
			s.t.Errorf("sample %d, %v after the fault began, shows what has not been true for %v: %s",
				i, sample.at.Sub(e.begun), sample.at.Sub(oldest), strings.Join(lies, "; "))
			return // what follows is more of the same
		}
		finished, told := sample.values["evenkeel_poll_timestamp_seconds"]
		if !told {
			continue
		}
		if possible == nil || finished != poll {
			took := time.Duration(sample.values["evenkeel_poll_duration_seconds"] * float64(time.Second))
			to := time.UnixMilli(int64(finished*1000 + 0.5)).Add(clockSlack)
			possible, poll = s.told(f, e.truths.possible(to.Add(-took-2*clockSlack-lag), to.Add(lag))), finished
		}
		if lies := sample.contradicts(possible, judged); len(lies) > 0 {
			s.t.Errorf("sample %d, %v after the fault began, shows what was not true during its poll: %s", i, sample.at.Sub(e.begun), strings.Join(lies, "; "))
			return
		}
	}
	if len(judged) == 0 {
		s.t.Error("nothing was shown that could be judged")
	}
}

// metadataLag is how late brokers may tell of what the controller decided.
func (s *scene) metadataLag() time.Duration {
	if s.release == "0.9.0.1" {
		return 0
	}
	return metadataLag
}

// told leaves of the values that were possible those of which the recorder can tell.
// Of failed log directories it can: there is none but where a fault is unlike that. And
// of groups, since nobody reads or writes.
func (s *scene) told(f *fault, possible map[string][]float64) map[string][]float64 {
	possible[`kafka_under_replicated_partitions{reason="log_dir_offline"}`] = []float64{0}
	for series, value := range s.constant {
		possible[series] = []float64{value}
	}
	maps.DeleteFunc(possible, func(series string, _ []float64) bool {
		family, _, _ := strings.Cut(series, "{")
		return slices.Contains(f.unlike, family)
	})
	return possible
}
