//go:build cluster

package acceptance

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"
)

// TestFaults plays every fault on every release that it is for, and holds each sample
// that evenkeel shows meanwhile against what is true. Without the tag chaos it plays
// the quick ones. It runs while no other test does: times are measured.
func TestFaults(t *testing.T) {
	results := &table{}
	for _, release := range faultReleases {
		t.Run(release, func(t *testing.T) {
			for _, b := range beds() {
				playAll(t, b, release, results)
			}
		})
	}
	results.write(t)
}

// playAll plays the faults of one bed, on one cluster as long as it can be mended.
func playAll(t *testing.T, b *bed, release string, results *table) {
	seed := uint64(time.Now().UnixNano())
	s := &scene{t: t, bed: b, release: release, random: rand.New(rand.NewPCG(seed, 0))}
	t.Cleanup(func() { s.t = t; s.close() })
	for _, f := range faultsOf(b, release) {
		t.Run(f.name, func(t *testing.T) {
			t.Logf("phases come from seed %d", seed)
			runs := 1
			if everyFault {
				runs = max(1, f.runs)
			}
			for range runs {
				results.add(f, release, s.play(t, f))
			}
		})
	}
	s.t = t
	s.finish()
	s.close()
}

// play plays a fault once, from a healthy cluster to a healthy cluster.
func (s *scene) play(t *testing.T, f *fault) outcome {
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	s.t, s.ctx = t, ctx
	s.open()
	s.broken, s.begun, s.victims, s.undo = true, time.Time{}, nil, nil // until all is well again

	truths := record(t, s.c, s.reader())
	eye := openEye(s.p)
	defer eye.close()
	logged := len(s.p.log.String())
	s.sleep(time.Duration(s.random.Int64N(int64(*faultInterval)))) // any phase of the interval
	claims := f.begin(s)
	s.struck()
	s.awaitClaims(eye, claims)
	var during time.Time
	if f.during != nil {
		during = time.Now()
		f.during(s)
	}
	s.sleep(f.lasts())

	ended := time.Now()
	f.end(s)
	whole := s.whole()
	recovered := s.awaitRecovery(f, eye, whole)
	if f.changes {
		s.learnHealthy()
	}
	eye.close()
	truths.stop()
	s.broken = false
	return s.judge(f, &evidence{
		claims: claims, begun: s.begun, during: during, ended: ended, whole: whole, recovered: recovered,
		eye: eye, truths: truths, log: s.p.log.String()[logged:],
	})
}

// evidence is what was seen of a fault.
type evidence struct {
	claims                                 []claim
	begun, during, ended, whole, recovered time.Time
	eye                                    *eye
	truths                                 *recorder
	log                                    string
}

func (f *fault) lasts() time.Duration {
	if f.hold > 0 {
		return f.hold
	}
	if everyFault {
		return 2 * *faultInterval
	}
	return *faultInterval
}

// patience is what evenkeel gets beyond a limit before the play goes on without what
// it waits for. That it was late is found by the judge.
const patience = 3 * time.Second

// awaitClaims waits until all claims have come true, in a scrape made from now on: what
// is to be true again was true when the fault began.
func (s *scene) awaitClaims(e *eye, claims []claim) {
	now := time.Now()
	var longest time.Duration
	for _, c := range claims {
		longest = max(longest, c.within)
	}
	s.until(s.begun.Add(longest+patience), func() bool {
		seen := e.since(now)
		for _, c := range claims {
			if len(seen) == 0 || !c.holds(seen[len(seen)-1]) {
				return false
			}
		}
		return true
	})
}

// awaitRecovery waits until evenkeel shows the cluster as it was when all was well,
// and returns when that was.
func (s *scene) awaitRecovery(f *fault, e *eye, whole time.Time) time.Time {
	s.t.Helper()
	at, why := time.Time{}, errors.New("no sample")
	limit := s.recoversWithin(f)
	s.until(time.Now().Add(limit+10*time.Second), func() bool {
		for _, now := range e.since(whole) {
			if why = s.asBefore(f, now); why != nil {
				at = time.Time{}
			} else if at.IsZero() {
				at = now.at
			}
		}
		return why == nil
	})
	if why != nil {
		s.t.Fatalf("not as before %v after the cluster was whole again: %v", time.Since(whole), why)
	}
	if took := at.Sub(whole) - e.stalled(whole, at); took > limit {
		s.t.Errorf("as before only %v after the cluster was whole again, want %v", took, limit)
	}
	return at
}

// asBefore says what a sample does not show as it was when all was well.
func (s *scene) asBefore(f *fault, now samples) error {
	if f.changes {
		return now.lacks("kafka_offline_partitions 0", `kafka_under_replicated_partitions{reason="lagging"} 0`,
			`kafka_under_replicated_partitions{reason="broker_down"} 0`, `evenkeel_collector_success{collector="isr"} 1`)
	}
	return s.unlikeHealthy(now)
}

// metadataDoubted is how long after the loss of a controller, or of the quorum that
// names it, the registry tells instead of metadata. It tells all that was told before
// but which log directories have failed.
const metadataDoubted = 10 * time.Second

// recoversWithin is how long after the cluster is whole evenkeel may take to say so:
// by default two polls, each by its interval and with all its time.
func (s *scene) recoversWithin(f *fault) time.Duration {
	limit := 2**faultInterval + sampleEvery
	if f.recovers != nil {
		limit = f.recovers()
	}
	if metadata := s.release[0] >= '2'; metadata && !s.kraft() {
		limit = max(limit, metadataDoubted+2**faultInterval+sampleEvery)
	}
	return limit
}

func (s *scene) until(deadline time.Time, done func() bool) {
	for !done() && time.Now().Before(deadline) && s.ctx.Err() == nil {
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *scene) sleep(d time.Duration) {
	select {
	case <-s.ctx.Done():
	case <-time.After(d):
	}
}
