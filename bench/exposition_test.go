//go:build unix

// Package bench measures what polls and scrapes cost.
package bench

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/metrics"
)

// A large cluster: 1,000 topics of 50 partitions, 250 groups that read one topic
// each; 375,000 series.
const (
	topics             = 1000
	partitionsPerTopic = 50
	groups             = 250
	partitionFamilies  = 7
	groupFamilies      = 2
	allSeries          = topics*partitionsPerTopic*partitionFamilies + groups*partitionsPerTopic*groupFamilies
)

// exposition is the input of the benchmarks: families, and readings that are as
// hard to compress as those of a busy cluster (every offset is another number).
type exposition struct {
	partitionFamilies []*metrics.Family
	groupFamilies     []*metrics.Family
	topics, groups    []string
	values            [partitionFamilies + groupFamilies][]int64
}

func newExposition() *exposition {
	e := new(exposition)
	for _, name := range []string{
		"current_offset", "oldest_offset", "leader", "replicas",
		"in_sync_replica", "leader_is_preferred", "under_replicated_partition",
	} {
		e.partitionFamilies = append(e.partitionFamilies, &metrics.Family{
			Name: "kafka_topic_partition_" + name, Help: "Of each partition.", Labels: []string{"topic", "partition"},
		})
	}
	for _, name := range []string{"current_offset", "lag"} {
		e.groupFamilies = append(e.groupFamilies, &metrics.Family{
			Name: "kafka_consumergroup_" + name, Help: "Of each group.", Labels: []string{"consumergroup", "topic", "partition"},
		})
	}
	for i := range topics {
		e.topics = append(e.topics, fmt.Sprintf("shop.%s.events-%d", []string{"orders", "payments", "stock"}[i%3], i))
	}
	for i := range groups {
		e.groups = append(e.groups, fmt.Sprintf("shop-consumer-%d", i))
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range topics * partitionsPerTopic {
		end := random.Int64N(1 << 34)
		for i, v := range []int64{end, end - random.Int64N(1<<20), random.Int64N(30), 3, 3, 1, 0, end - 10, random.Int64N(1000)} {
			e.values[i] = append(e.values[i], v)
		}
	}
	return e
}

func (e *exposition) order() []*metrics.Family {
	return append(append([]*metrics.Family(nil), e.partitionFamilies...), e.groupFamilies...)
}

func (e *exposition) emit(w *metrics.Writer) {
	for i, f := range e.partitionFamilies {
		w.Begin(f)
		for t, topic := range e.topics {
			for p := range partitionsPerTopic {
				w.Int(e.values[i][t*partitionsPerTopic+p], topic, metrics.Itoa(p))
			}
		}
	}
	for i, f := range e.groupFamilies {
		w.Begin(f)
		for g, group := range e.groups {
			for p := range partitionsPerTopic {
				w.Int(e.values[partitionFamilies+i][g*partitionsPerTopic+p], group, e.topics[g], metrics.Itoa(p))
			}
		}
	}
}

// cpuTime is what the process has used so far, in user and kernel mode.
func cpuTime(tb testing.TB) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkEncode is what one poll of the large cluster costs in writing: from
// readings to the page that scrapes are served from.
func BenchmarkEncode(b *testing.B) {
	b.Run("compressed", func(b *testing.B) { benchmarkEncode(b, metrics.NewEncoder()) })
	b.Run("text only", func(b *testing.B) { benchmarkEncode(b, metrics.NewEncoder(metrics.TextOnly)) })
}

func benchmarkEncode(b *testing.B, encoder *metrics.Encoder) {
	input := newExposition()
	runtime.GC()
	b.ReportAllocs()
	var part metrics.Part
	var page *metrics.Page
	var memory runtime.MemStats
	var peak uint64
	start := cpuTime(b)
	for b.Loop() {
		var err error
		if part, err = encoder.Encode("prod", input.emit); err != nil {
			b.Fatal(err)
		}
		page = metrics.NewPage(input.order(), part)
		runtime.ReadMemStats(&memory)
		peak = max(peak, memory.HeapInuse)
	}
	cpu := cpuTime(b) - start
	if part.Series() != allSeries || page == nil {
		b.Fatalf("%d series, want %d", part.Series(), allSeries)
	}
	compressed, plain := part.Size()
	b.ReportMetric(float64(cpu.Microseconds())/1000/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(peak)/1e6, "heap-MB")
	b.ReportMetric(float64(compressed)/1e6, "kept-MB")
	b.ReportMetric(float64(plain)/1e6, "text-MB")
}
