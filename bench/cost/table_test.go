//go:build linux

package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/bench/proc"
	"github.com/evenkeel/evenkeel/bench/proxy"
)

func aResult(size, exporter string) result {
	return result{
		size: size, exporter: exporter, times: 4,
		traffic: proxy.Traffic{Requests: map[string]int{"ListOffsets": 36, "Metadata": 4, slowPace: 1}, Sent: 40_000, Received: 4_000_000},
		cpu:     400 * time.Millisecond, wall: 1500 * time.Microsecond,
		brokers: window{80 * time.Second, 100 * time.Second, 4}, idle: window{used: 2 * time.Second, took: 10 * time.Second},
		memory: proc.Memory{Now: 40e6, Peak: 1234e6}, plain: 100e6, series: 1234567,
	}
}

func TestCosts(t *testing.T) {
	got := aResult("S", "other").costs()
	want := []string{"S", "other", "10", "100 ms", "15 s", "1.5 ms", "40 MB", "1234 MB", "10 kB", "1.0 MB", "1,234,567", none, "100 MB"}
	if len(got) != len(costHeader) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("%q, want %q", got, want)
	}
	if command := got[len(got)-1]; !strings.Contains(command, "SIZES=S EXPORTERS='other=") {
		t.Errorf("repeat with %s", command)
	}
}

func TestSection(t *testing.T) {
	ours := aResult("L", "evenkeel")
	ours.own = &ownResult{pollWall: 300 * time.Millisecond, between: 0.0123, scrapeCPU: time.Millisecond}
	small := ours
	small.size = "S"
	whole := section([]result{small, ours}, nil, "")
	for _, want := range []string{
		"| L | kafka_exporter, measured earlier on comparable hardware | 111,009 |", "| L | kminion, measured earlier",
		"| S | the least that a client can do, measured earlier on comparable hardware | 16 | 3 ms | – |",
		"| L | evenkeel | ListOffsets 9, Metadata 1, DescribeConfigs 0.2 |\n", "| S | 300 ms | 1.23 % | 1.5 ms | 1.0 ms |\n",
	} {
		if !strings.Contains(whole, want) {
			t.Errorf("no %q in\n%s", want, whole)
		}
	}
	for line := range strings.Lines(whole) {
		if n := strings.Count(line, "|") - 1; n > 0 && n != len(costHeader) && n != len(kindHeader) && n != len(ownHeader) {
			t.Errorf("%d cells: %s", n, line)
		}
	}
	// One size anew leaves the others; a peer that was given needs no reference.
	again := section([]result{ours, aResult("L", "kminion")}, []exporter{{name: "kminion"}}, whole)
	for want, n := range map[string]int{
		"| S | evenkeel |": 2, "| L | evenkeel |": 2, "| S | 300 ms |": 1, "| L | 300 ms |": 1,
		"| L | kminion, measured earlier": 0, "| L | kminion |": 2, "| L | kafka_exporter, measured earlier": 1,
	} {
		if got := strings.Count(again, want); got != n {
			t.Errorf("%q is there %d times, want %d, in\n%s", want, got, n, again)
		}
	}
}

func TestCheckRequests(t *testing.T) {
	for sent, ok := range map[int]bool{0: false, 1: true, 2 * 20: true, 2*20 + 1: false} {
		r := &result{size: "S", times: 2, traffic: proxy.Traffic{Requests: map[string]int{"Metadata": sent, slowPace: 50}}}
		if err := checkRequests(r); (err == nil) != ok {
			t.Errorf("%d requests in two polls: %v", sent, err)
		}
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		duration(740 * time.Microsecond): "0.7 ms", duration(83 * time.Second): "83 s", duration(2240 * time.Millisecond): "2.2 s",
		duration(999600 * time.Microsecond): "1.0 s", duration(12400 * time.Microsecond): "12 ms",
		megabytes(2_345_000): "2.3 MB", megabytes(87_400_000): "87 MB", megabytes(999_499): "999 kB",
		duration(-time.Millisecond): "within the noise",
		thousands(7):                "7", thousands(999): "999", thousands(1000): "1,000", thousands(111009): "111,009",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
