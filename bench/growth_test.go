//go:build unix

package bench

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/bench/draw"
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/metrics"
)

// grown is what a snapshot of some size costs after it was read.
type grown struct {
	partitions int
	cpu        time.Duration
	heap       uint64 // of the snapshot and of what is kept for scrapes, in bytes
}

// BenchmarkGrowth is what snapshots of 1,000 to 200,000 partitions cost after they
// were read, with all series of single partitions: counting, comparing, encoding.
// The snapshots are generated; no machine at hand holds such clusters. It fails when
// a partition of the largest costs twice as much as one of a middle-sized cluster.
func BenchmarkGrowth(b *testing.B) {
	var all []grown
	for _, partitions := range []int{1_000, 5_000, 20_000, 50_000, 100_000, 200_000} {
		b.Run(fmt.Sprintf("%d partitions", partitions), func(b *testing.B) {
			g := benchmarkGrowth(b, partitions)
			b.ReportMetric(float64(g.cpu.Microseconds())/float64(partitions), "cpu-µs/partition")
			b.ReportMetric(float64(g.heap)/float64(partitions), "B/partition")
			all = append(all, g)
		})
	}
	judgeGrowth(b, all)
	drawGrowth(b, all)
}

func benchmarkGrowth(b *testing.B, partitions int) grown {
	cfg, err := config.Parse("bench.yml", []byte("clusters: [{name: prod, kafka: {brokers: [\"k:9092\"]}, topics: {per_partition: true}}]"))
	if err != nil {
		b.Fatal(err)
	}
	before := heapInUse()
	s := snapshotOf(partitions/partitionsPerTopic, partitions/200)
	exposition := collectors.NewExposition(cfg.Clusters[0], metrics.NewEncoder(), slog.New(slog.DiscardHandler))
	tally := cluster.NewTally(0.1)
	picture, _ := s.Picture.Get()
	var encoded collectors.Encoded
	b.ReportAllocs()
	begun := cpuTime(b)
	for b.Loop() {
		s.Summary = cluster.Summarize(picture, s.Brokers)
		s.History = tally.Observe(s, cluster.Compare(s, s))
		if encoded, err = exposition.Encode(s, nil); err != nil {
			b.Fatal(err)
		}
	}
	cpu := (cpuTime(b) - begun) / time.Duration(b.N)
	heap := heapInUse() - min(before, heapInUse())
	runtime.KeepAlive(encoded)
	runtime.KeepAlive(s)
	return grown{partitions: partitions, cpu: cpu, heap: heap}
}

func heapInUse() uint64 {
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return memory.HeapAlloc
}

// judgeGrowth compares ratios of one run: the machine may be slow, but not more so for
// one size than for another.
func judgeGrowth(b *testing.B, all []grown) {
	if len(all) < 6 {
		return // some sizes were not asked for
	}
	middle, largest := all[2], all[len(all)-1]
	factor := float64(largest.partitions) / float64(middle.partitions)
	if got := float64(largest.cpu) / float64(middle.cpu); got > 2*factor {
		b.Errorf("%d partitions take %.1f times the CPU of %d", largest.partitions, got, middle.partitions)
	}
	if got := float64(largest.heap) / float64(middle.heap); got > 2*factor {
		b.Errorf("%d partitions take %.1f times the memory of %d", largest.partitions, got, middle.partitions)
	}
}

// drawGrowth writes the charts of the documentation, where that is wanted.
func drawGrowth(b *testing.B, all []grown) {
	if os.Getenv("WRITE_DOCS") == "" || len(all) < 6 {
		return
	}
	cpu, heap := draw.Line{Name: "CPU of one poll after reading"}, draw.Line{Name: "heap of the snapshot and its exposition"}
	for _, g := range all {
		cpu.X, heap.X = append(cpu.X, float64(g.partitions)), append(heap.X, float64(g.partitions))
		cpu.Y, heap.Y = append(cpu.Y, float64(g.cpu.Microseconds())/1000), append(heap.Y, float64(g.heap)/1e6)
	}
	for name, c := range map[string]draw.Chart{
		"growth-cpu.svg":    {Title: "CPU by partitions", X: "partitions", Y: "ms", Lines: []draw.Line{cpu}},
		"growth-memory.svg": {Title: "Memory by partitions", X: "partitions", Y: "MB", Lines: []draw.Line{heap}},
	} {
		if err := os.WriteFile(filepath.Join("..", "docs", "images", name), []byte(c.SVG()), 0o644); err != nil {
			b.Fatal(err)
		}
	}
}
