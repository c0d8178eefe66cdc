//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/bench/load"
	"github.com/evenkeel/evenkeel/bench/proc"
	"github.com/evenkeel/evenkeel/bench/proxy"
)

// Each exporter works for so long before it is measured, because brokers compile
// what they are asked for often, and brokers in service have done so.
const warmUp = 20 * time.Second

// After an exporter was measured, the brokers are watched for so long without any.
const idleWindow = 20 * time.Second

// result is what one poll of evenkeel, or one scrape of another exporter, costs
// on a cluster of one size.
type result struct {
	size     string
	exporter string
	// times is how many polls or scrapes the sums below are of.
	times       int
	traffic     proxy.Traffic
	cpu         time.Duration // a sum
	brokers     window
	idle        window        // of the brokers, when nobody asks them
	wall        time.Duration // of one scrape, the median
	memory      proc.Memory
	gzip, plain int // bytes of a page
	series      int
	own         *ownResult // of evenkeel
	excess      error      // says what was asked of the brokers beyond the promise
}

// ownResult is what is told of evenkeel alone.
type ownResult struct {
	pollWall  time.Duration
	between   float64 // share of a core, while neither polled nor scraped
	scrapeCPU time.Duration
}

// reading is what was used up to some time.
type reading struct {
	at           time.Time
	own, brokers time.Duration
	traffic      proxy.Traffic
}

// read reads what an exporter, nil for none, and the brokers have used.
func read(c *load.Cluster, r *running) (now reading, err error) {
	now = reading{at: time.Now(), traffic: c.Traffic()}
	if r != nil {
		if now.own, err = proc.CPU(r.cmd.Process.Pid); err != nil {
			return reading{}, fmt.Errorf("%s: %w", r.name, err)
		}
	}
	now.brokers, err = c.BrokersCPU()
	return now, err
}

// minus returns what was used since an earlier reading, and in which time.
func (now reading) minus(earlier reading) (used reading, took time.Duration) {
	return reading{
		own: now.own - earlier.own, brokers: now.brokers - earlier.brokers,
		traffic: now.traffic.Minus(earlier.traffic),
	}, now.at.Sub(earlier.at)
}

// during returns what is used while f runs.
func during(c *load.Cluster, r *running, f func() error) (used reading, took time.Duration, err error) {
	begun, err := read(c, r)
	if err != nil {
		return reading{}, 0, err
	}
	if err := f(); err != nil {
		return reading{}, 0, err
	}
	end, err := read(c, r)
	if err != nil {
		return reading{}, 0, err
	}
	used, took = end.minus(begun)
	if used.traffic.Garbled > 0 {
		return reading{}, 0, fmt.Errorf("the requests of %d connections could not be counted", used.traffic.Garbled)
	}
	return used, took, nil
}

// wait returns when the time is over, or with the context's cause.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// window is processor time that was used within some time, for so many polls or
// scrapes.
type window struct {
	used, took time.Duration
	times      int
}

// brokerCPU is what one poll or scrape costs all brokers together, beyond what
// they use by themselves. It is below zero when that varies by more.
func (o result) brokerCPU() time.Duration {
	alone := float64(o.brokers.took) * float64(o.idle.used) / float64(o.idle.took)
	return (o.brokers.used - time.Duration(alone)) / time.Duration(o.brokers.times)
}

// measureIdle watches the brokers while no exporter runs.
func measureIdle(ctx context.Context, c *load.Cluster) (window, error) {
	used, took, err := during(c, nil, func() error { return wait(ctx, idleWindow) })
	if err == nil && used.traffic.Total() > 0 {
		err = fmt.Errorf("the brokers are not idle: %s", used.traffic.Kinds(1))
	}
	return window{used: used.brokers, took: took}, err
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
