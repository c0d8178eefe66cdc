//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/bench/load"
)

const (
	// Long enough that between the end of a poll and the next one there is room
	// for betweenPolls.
	pollInterval = 12 * time.Second
	polls        = 4
	// The brokers are busy with other things, too: what polls cost them shows only
	// where there are many in little time.
	fastInterval = time.Second
	fastPolls    = 20
	// After so much silence a poll is over, its page included.
	pollIsOver   = 500 * time.Millisecond
	betweenPolls = 10 * time.Second
	scrapesOfOwn = 20
	pollPatience = 3 * pollInterval
	// The age of a message of last week takes seven polls, of one just written fewer.
	pollsToRest = 12
)

// evenkeel is measured between its scrapes, because it works whether it is
// scraped or not.
func evenkeel(binary string) exporter {
	return exporter{"evenkeel", []string{
		binary, "--kafka.brokers={brokers}", "--zookeeper.servers={zookeeper}",
		"--web.listen-address={listen}",
	}}
}

// every is the exporter with an interval.
func (e exporter) every(d time.Duration) exporter {
	e.command = append(slices.Clone(e.command), "--poll.interval="+d.String())
	return e
}

// measureOwn measures evenkeel twice: polling fast for what brokers pay, and
// slowly for what it pays itself.
func measureOwn(ctx context.Context, c *load.Cluster, e exporter) (result, error) {
	fast, err := e.every(fastInterval).start(ctx, c)
	if err != nil {
		return result{}, err
	}
	brokers, err := own{c, fast}.measureBrokers(ctx)
	if err = fast.finish(err); err != nil {
		return result{}, err
	}
	slow, err := e.every(pollInterval).start(ctx, c)
	if err != nil {
		return result{}, err
	}
	out, err := own{c, slow}.measure(ctx)
	out.brokers = brokers
	return out, slow.finish(err)
}

// own is the measurement of a running evenkeel.
type own struct {
	*load.Cluster
	*running
}

// measure measures everything but what the brokers use.
func (m own) measure(ctx context.Context) (result, error) {
	if err := m.awaitRest(ctx, pollInterval); err != nil {
		return result{}, err
	}
	out := result{size: m.Size.Name, exporter: m.name, own: new(ownResult)}
	if err := m.measurePolls(ctx, &out); err != nil {
		return result{}, err
	}
	if err := m.measureBetween(ctx, &out); err != nil {
		return result{}, err
	}
	out.cpu -= time.Duration(float64(out.times) * float64(pollInterval) * out.own.between)
	return out, m.measureScrapes(ctx, &out)
}

// awaitRest returns when polls at an interval do what they do for ever where nothing
// is written: they have connected, read settings and filled caches, and know how old
// all messages are that groups have not consumed. Until then each poll asks the leaders
// for timestamps as well.
func (m own) awaitRest(ctx context.Context, interval time.Duration) error {
	known, all := 0, m.Size.Groups*m.Size.PartitionsPerTopic
	for range pollsToRest {
		if err := wait(ctx, interval); err != nil {
			return err
		}
		s, err := m.samples(ctx)
		if err != nil {
			return err
		}
		if known = s.number["kafka_consumergroup_lag_seconds"]; known >= all {
			return nil
		}
	}
	return fmt.Errorf("after %d polls the lag in seconds is known of %d partitions of groups, want %d: they still ask for timestamps", pollsToRest, known, all)
}

// nextPollOver returns when a poll that begins from now on is over.
func (m own) nextPollOver(ctx context.Context) error {
	for begun := time.Now(); ; {
		last := m.Traffic().Last
		if last.After(begun) && time.Since(last) > pollIsOver {
			return nil
		}
		if time.Since(begun) > pollPatience {
			return fmt.Errorf("no poll within %v", pollPatience)
		}
		if err := wait(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}
