package main

import (
	"context"
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// step is a part of the story: what happens, and when evenkeel has seen it.
type step struct {
	what string
	do   func(ctx context.Context) error
	seen func(v view) bool
}

// steps returns the story. Last is what evenkeel saw in the step before.
func steps(c *testbed.Cluster, last *view) []step {
	var leader string // the ZooKeeper server that is killed
	nothing := func(context.Context) error { return nil }
	return []step{
		{"All is well.", nothing, func(v view) bool {
			return v.leaders() == "0 1" && v.isr() == "2 2" && v.Groups["demo"].Members == 1 && v.lag() != "unknown" && v.Verdict == "healthy"
		}},
		{"kill -9 of broker 0.", func(context.Context) error { return c.Broker(0).Kill() }, func(v view) bool {
			return v.leaders() == "1 1" && v.isr() == "1 1" && v.status(0) == "unregistered"
		}},
		{"Broker 0 is started again. Its replicas catch up, yet leadership stays where it fell.", c.Broker(0).Start, func(v view) bool {
			return v.leaders() == "1 1" && v.isr() == "2 2" && v.status(0) == "alive" && v.ratio(0) == 1
		}},
		{"Nobody does anything. evenkeel waits until it is safe (here 5 s, by default 10 minutes), and elects the preferred leaders.", nothing, func(v view) bool { return v.leaders() == "0 1" && v.ratio(0) == 0 && v.Verdict == "healthy" }},
		{"kill -9 of the ZooKeeper server that leads.", func(context.Context) error {
			leader = last.zkLeader()
			for _, z := range c.ZooKeepers() {
				if z.Addr() == leader {
					return z.Kill()
				}
			}
			return fmt.Errorf("no ZooKeeper server leads")
		}, func(v view) bool {
			return v.zkLeader() != "" && v.zkLeader() != leader && v.mode(leader) == "unreachable"
		}},
		{"It is started again.", func(ctx context.Context) error {
			for _, z := range c.ZooKeepers() {
				if !z.Running() {
					return z.Start(ctx)
				}
			}
			return nil
		}, func(v view) bool { return v.mode(leader) == "follower" && v.Verdict == "healthy" }},
	}
}

// tell plays the story.
func tell(ctx context.Context, c *testbed.Cluster, w *watched) error {
	begun := time.Now()
	var last view
	for i, s := range steps(c, &last) {
		at := time.Now()
		fmt.Printf("[%5.1f s] %d. %s\n", at.Sub(begun).Seconds(), i+1, s.what)
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
		v, err := w.await(ctx, s.seen)
		if err != nil {
			return fmt.Errorf("%s: evenkeel has not seen it: %w", s.what, err)
		}
		last = v
		fmt.Printf("[%5.1f s]    evenkeel saw, %.1f s later:\n%s\n", time.Since(begun).Seconds(), time.Since(at).Seconds(), v.String())
	}
	return nil
}
