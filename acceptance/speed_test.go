//go:build cluster

package acceptance

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// speedPolls is how many polls of a cluster under full load are judged.
const speedPolls = 1000

// speedInterval is how often evenkeel polls it.
const speedInterval = 100 * time.Millisecond

// TestLagAtFullSpeed holds what is shown while a producer writes as fast as it can, and
// consumers commit, against what the producer knows.
func TestLagAtFullSpeed(t *testing.T) {
	t.Parallel()
	lagAtFullSpeed(t, "4.4.0")
}

func lagAtFullSpeed(t *testing.T, release string) {
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	c := testbed.StartT(t, testbed.Spec{Kafka: release})
	must(t, c.CreateTopic(ctx, "test", [][]int32{{0, 1}, {1, 0}}))
	poll := fmt.Sprintf("{interval: %v, timeout: 2s}", speedInterval)
	p := startOn(t, c, poll, "{watch: [fast]}")
	blast, err := c.StartBlast(ctx, "test", 0)
	must(t, err)
	consumer, err := c.StartConsumer(ctx, "fast", "test")
	must(t, err)
	p.shows("the group is known", 30*time.Second, `kafka_consumergroup_members{consumergroup="fast"} 1`)
	shown := eachPoll(t, p, speedPolls)
	must(t, consumer.Stop())

	// The group stands still from here on, and evenkeel knows nothing of what was.
	p.stop()
	<-time.After(20 * time.Second) // messages become old by nothing else than time
	p = startOn(t, c, poll, "{watch: [fast]}")
	want := []string{age("fast", 0) + " >0", age("fast", 1) + " >0"}
	if timestamps := release != "0.9.0.1"; !timestamps {
		want = []string{"!kafka_consumergroup_lag_seconds", lagSeries("fast", 0) + " >0", lagSeries("fast", 1) + " >0"}
	}
	found := p.shows("how old the oldest message is, after a restart", time.Minute, want...)
	must(t, blast.Stop(ctx))

	j := speedJudge{t: t, blast: blast}
	j.judgeAll(shown)
	if release == "0.9.0.1" {
		return // without timestamps it cannot be told
	}
	for partition := range 2 {
		told, truth := ofSeconds(found.values[age("fast", partition)]), j.truth(found, partition)
		t.Logf("after a restart and %v polls: %v, truth %v", found.values[`evenkeel_polls_total{trigger="interval"}`], told, truth)
		if off := (told - truth).Abs(); off > truth/10+2*speedInterval {
			t.Errorf("partition %d is %v behind by its timestamps, truth %v", partition, told, truth)
		}
	}
}

// eachPoll returns a sample of each of n polls.
func eachPoll(t *testing.T, p *program, n int) (all []samples) {
	t.Helper()
	var last float64
	p.await(fmt.Sprintf("%d polls", n), 5*time.Minute, func() error {
		s, err := p.scrape()
		if err != nil {
			return err
		}
		if at := s.values["evenkeel_poll_timestamp_seconds"]; at != last {
			last, all = at, append(all, s)
		}
		if len(all) < n {
			return fmt.Errorf("%d polls", len(all))
		}
		return nil
	})
	return all
}

func age(group string, partition int) string {
	return fmt.Sprintf("kafka_consumergroup_lag_seconds{consumergroup=%q,partition=\"%d\",topic=\"test\"}", group, partition)
}

func lagSeries(group string, partition int) string {
	return fmt.Sprintf("kafka_consumergroup_lag{consumergroup=%q,partition=\"%d\",topic=\"test\"}", group, partition)
}

func ofSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// speedJudge judges samples by what the producer knows.
type speedJudge struct {
	t     *testing.T
	blast *testbed.Blast
	ages  int
	worst time.Duration
}

// polled is when the poll that a sample shows ended, and begun when it began.
func polled(s samples) (begun, ended time.Time) {
	ended = time.UnixMilli(int64(s.values["evenkeel_poll_timestamp_seconds"] * 1000))
	return ended.Add(-ofSeconds(s.values["evenkeel_poll_duration_seconds"])), ended
}

func (j *speedJudge) judgeAll(shown []samples) {
	for _, s := range shown {
		j.judge(s)
	}
	j.t.Logf("%d polls, %d ages told, off by %v at most", len(shown), j.ages, j.worst)
	if j.ages < len(shown)/4 {
		j.t.Errorf("only %d ages were told in %d polls", j.ages, len(shown))
	}
}

func (j *speedJudge) judge(s samples) {
	_, ended := polled(s)
	for partition := range 2 {
		of := fmt.Sprintf(`partition="%d",topic="test"}`, partition)
		end, endKnown := s.values["kafka_topic_partition_current_offset{"+of]
		commit, commitKnown := s.values[`kafka_consumergroup_current_offset{consumergroup="fast",`+of]
		lag, lagKnown := s.values[`kafka_consumergroup_lag{consumergroup="fast",`+of]
		written, ok := j.blast.WrittenBy(int32(partition), ended.Add(10*time.Millisecond))
		switch {
		case endKnown && ok && int64(end) > written:
			j.t.Errorf("partition %d ends at %v, of %d that were written", partition, end, written)
		case lagKnown && lag < 0, lagKnown && endKnown && commitKnown && lag != end-commit:
			j.t.Errorf("lag %v, committed %v of %v", lag, commit, end)
		case lagKnown != (endKnown && commitKnown && commit <= end):
			j.t.Errorf("lag told: %t, committed %v (%t) of %v (%t)", lagKnown, commit, commitKnown, end, endKnown)
		}
		j.judgeAge(s, partition, lag)
	}
}

// judgeAge allows an interval and the length of the poll itself, and what a message
// takes to become visible to consumers.
func (j *speedJudge) judgeAge(s samples, partition int, lag float64) {
	told, known := s.values[age("fast", partition)]
	if !known {
		return
	}
	if lag == 0 {
		if told != 0 {
			j.t.Errorf("nothing waits, for %v s", told)
		}
		return
	}
	truth := j.truth(s, partition)
	if truth < 0 {
		return // written before the producer remembers
	}
	j.ages++
	begun, ended := polled(s)
	off := (ofSeconds(told) - truth).Abs()
	j.worst = max(j.worst, off)
	if limit := speedInterval + ended.Sub(begun) + visible; off > limit {
		j.t.Errorf("partition %d is behind by %v, truth %v", partition, ofSeconds(told), truth)
	}
}

// visible is what a message may take, on a machine that is busy with writing others,
// from its producer's hands until consumers can see it.
const visible = 500 * time.Millisecond

// truth is how old the message at the commit was when a poll ended; negative where the
// producer does not know.
func (j *speedJudge) truth(s samples, partition int) time.Duration {
	commit := s.values[fmt.Sprintf(`kafka_consumergroup_current_offset{consumergroup="fast",partition="%d",topic="test"}`, partition)]
	at, ok := j.blast.TimeOf(int32(partition), int64(commit))
	if !ok {
		return -1
	}
	_, ended := polled(s)
	return ended.Sub(at)
}
