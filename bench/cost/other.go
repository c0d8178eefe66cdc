//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/bench/load"
	"github.com/evenkeel/evenkeel/bench/proc"
)

const (
	// Scrapes of an exporter that asks the brokers on each, and the time after
	// which no further one is begun.
	scrapesOfOthers = 3
	patience        = time.Minute
)

// measureOther measures an exporter whose work is done on a scrape. Scrapes of the
// first seconds are not counted, and the first one never: it connects.
func measureOther(ctx context.Context, c *load.Cluster, e exporter) (result, error) {
	r, err := e.start(ctx, c)
	if err != nil {
		return result{}, err
	}
	out, err := measureScrapes(ctx, c, r)
	return out, r.finish(err)
}

func measureScrapes(ctx context.Context, c *load.Cluster, r *running) (result, error) {
	for begun := time.Now(); time.Since(begun) < warmUp; {
		if _, err := r.scrape(ctx); err != nil {
			return result{}, err
		}
	}
	out := result{size: c.Size.Name, exporter: r.name}
	var last page
	var walls []time.Duration
	used, took, err := during(c, r, func() (err error) {
		for begun := time.Now(); len(walls) == 0 || len(walls) < scrapesOfOthers && time.Since(begun) < patience; {
			if last, err = r.scrape(ctx); err != nil {
				return err
			}
			walls = append(walls, last.wall)
		}
		return nil
	})
	if err != nil {
		return result{}, err
	}
	out.times, out.wall = len(walls), median(walls)
	out.traffic, out.cpu, out.brokers = used.traffic, used.own, window{used.brokers, took, len(walls)}
	if out.memory, err = proc.ReadMemory(r.cmd.Process.Pid); err != nil {
		return result{}, err
	}
	return out, out.describe(last)
}

// describe adds what a page says of itself.
func (o *result) describe(p page) error {
	text, err := p.text()
	if err != nil {
		return fmt.Errorf("page of %s: %w", o.exporter, err)
	}
	found, err := parseSamples(text)
	if err != nil {
		return fmt.Errorf("page of %s: %w", o.exporter, err)
	}
	o.plain, o.series = len(text), found.all
	if p.packed {
		o.gzip = len(p.body)
	}
	return nil
}
