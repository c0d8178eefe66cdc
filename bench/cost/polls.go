//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/bench/load"
	"github.com/evenkeel/evenkeel/bench/proc"
)

// mostRequests is what a poll may send to so many brokers, at any number of
// partitions and groups, when all ages of messages are known that groups have not
// consumed; what is read at a slow pace of its own comes on top.
func mostRequests(brokers int) int { return 2 + 6*brokers }

// slowPace are requests that do not belong to a poll: settings of topics are
// read again every few minutes.
const slowPace = "DescribeConfigs"

// measureBrokers measures what polls cost the brokers, after warming them up.
func (m own) measureBrokers(ctx context.Context) (window, error) {
	if err := wait(ctx, warmUp); err != nil {
		return window{}, err
	}
	if err := m.awaitRest(ctx, fastInterval); err != nil {
		return window{}, err
	}
	before, err := m.samples(ctx)
	if err != nil {
		return window{}, err
	}
	used, took, err := during(m.Cluster, m.running, func() error { return wait(ctx, fastPolls*fastInterval) })
	if err != nil {
		return window{}, err
	}
	after, err := m.samples(ctx)
	if err != nil {
		return window{}, err
	}
	out := window{used.brokers, took, pollsBetween(before, after)}
	if out.times == 0 {
		return window{}, fmt.Errorf("no poll within %v", took)
	}
	return out, nil
}

func pollsBetween(before, after samples) int {
	return int(after.sum["evenkeel_polls_total"] - before.sum["evenkeel_polls_total"])
}

// measurePolls measures several intervals, from the end of a poll to the end of
// another.
func (m own) measurePolls(ctx context.Context, out *result) error {
	if err := m.nextPollOver(ctx); err != nil {
		return err
	}
	before, err := m.samples(ctx)
	if err != nil {
		return err
	}
	used, _, err := during(m.Cluster, m.running, func() error { return wait(ctx, polls*pollInterval) })
	if err != nil {
		return err
	}
	after, err := m.samples(ctx)
	if err != nil {
		return err
	}
	if out.memory, err = proc.ReadMemory(m.cmd.Process.Pid); err != nil {
		return err
	}
	out.times, out.traffic, out.cpu = pollsBetween(before, after), used.traffic, used.own
	if out.times == 0 {
		return fmt.Errorf("no poll within %v", polls*pollInterval)
	}
	out.own.pollWall = time.Duration(after.sum["evenkeel_poll_duration_seconds"] * float64(time.Second))
	out.excess = checkRequests(out)
	return m.checkWork(after)
}

// checkWork sees to it that nothing was left out.
func (m own) checkWork(s samples) error {
	var errs []error
	for name, want := range map[string]int{
		"kafka_topic_partition_current_offset": m.Size.Partitions(),
		"kafka_consumergroup_lag":              m.Size.Groups * m.Size.PartitionsPerTopic,
		"kafka_consumergroup_lag_seconds":      m.Size.Groups * m.Size.PartitionsPerTopic,
		"kafka_broker_up":                      load.Brokers,
	} {
		if got := s.number[name]; got < want {
			errs = append(errs, fmt.Errorf("%d series %s, want %d: what was measured is not the whole work", got, name, want))
		}
	}
	return errors.Join(errs...)
}

// checkRequests fails when polls have sent more than they may.
func checkRequests(out *result) error {
	sent, most := out.traffic.Total(slowPace), out.times*mostRequests(load.Brokers)
	if sent == 0 || sent > most {
		return fmt.Errorf("size %s: %d polls sent %d requests, at most %d are allowed; each sent: %s", out.size, out.times, sent, most, out.traffic.Kinds(out.times))
	}
	return nil
}

// measureBetween measures what goes on while neither a poll nor a scrape does. It
// begins where measurePolls has ended, when a poll is just over.
func (m own) measureBetween(ctx context.Context, out *result) error {
	used, took, err := during(m.Cluster, m.running, func() error { return wait(ctx, betweenPolls) })
	if err != nil {
		return err
	}
	if used.traffic.Total() > 0 {
		return fmt.Errorf("a poll came between: %s", used.traffic.Kinds(1))
	}
	out.own.between = used.own.Seconds() / took.Seconds()
	return nil
}

// measureScrapes measures scrapes in the pause between two polls.
func (m own) measureScrapes(ctx context.Context, out *result) error {
	if err := m.nextPollOver(ctx); err != nil {
		return err
	}
	var last page
	var walls []time.Duration
	used, took, err := during(m.Cluster, m.running, func() (err error) {
		for range scrapesOfOwn {
			if last, err = m.scrape(ctx); err != nil {
				return err
			}
			walls = append(walls, last.wall)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if used.traffic.Total() > 0 {
		return fmt.Errorf("a poll came between %d scrapes, which took %v: %s", scrapesOfOwn, took, used.traffic.Kinds(1))
	}
	out.wall = median(walls)
	out.own.scrapeCPU = (used.own - time.Duration(float64(took)*out.own.between)) / scrapesOfOwn
	return out.describe(last)
}
