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
	if err := m.awaitPoll(ctx); err != nil {
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

// awaitPoll returns when a first poll is shown, which has connected, read settings
// and filled caches.
func (m own) awaitPoll(ctx context.Context) error {
	for begun := time.Now(); ; {
		s, err := m.samples(ctx)
		switch {
		case err != nil:
			return err
		case s.sum["evenkeel_polls_total"] > 0:
			return nil
		case time.Since(begun) > pollPatience:
			return fmt.Errorf("no poll within %v", pollPatience)
		}
		if err := wait(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
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
