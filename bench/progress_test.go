//go:build unix

package bench

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// following is a cluster of 19,950 partitions and 1,000 groups of 70 of them, whose
// logs grow from poll to poll.
type following struct {
	snapshot *cluster.Snapshot
	picture  *cluster.Picture
	groups   *cluster.Groups
	random   *rand.Rand
}

func newFollowing() *following {
	const topics, partitions, groups = 285, 70, 1000
	f := &following{picture: &cluster.Picture{}, groups: &cluster.Groups{}, random: rand.New(rand.NewPCG(1, 2))}
	for i := range topics {
		t := cluster.Topic{Name: fmt.Sprintf("shop.events-%04d", i), Partitions: make([]cluster.Partition, partitions)}
		for p := range t.Partitions {
			t.Partitions[p] = cluster.Partition{ID: int32(p), Start: cluster.OffsetAt(0), End: cluster.OffsetAt(1 << 30)}
		}
		f.picture.Topics = append(f.picture.Topics, t)
	}
	for i := range groups {
		g := cluster.Group{Name: fmt.Sprintf("shop-consumer-%04d", i), Members: 5}
		g.Topics = []cluster.GroupOffsets{{Topic: f.picture.Topics[i%topics].Name, Commits: make([]cluster.Commit, partitions)}}
		for p := range partitions {
			g.Topics[0].Commits[p] = cluster.Commit{Partition: int32(p), Offset: cluster.OffsetAt(1<<30 - 1)}
		}
		f.groups.Groups = append(f.groups.Groups, g)
	}
	f.snapshot = &cluster.Snapshot{Finished: time.Now(), Picture: cluster.Read(f.picture), Groups: cluster.Read(f.groups), Outcomes: map[cluster.Source]cluster.Outcome{}}
	return f
}

// poll lets an interval pass, in which every log grows. The groups consume what was
// there before, or nothing.
func (f *following) poll(consume bool) *cluster.Snapshot {
	f.snapshot.Finished = f.snapshot.Finished.Add(15 * time.Second)
	f.snapshot.Outcomes[cluster.SourceOffsets] = cluster.Outcome{Started: f.snapshot.Finished, Finished: f.snapshot.Finished}
	for i := range f.groups.Groups {
		if of := f.groups.Groups[i].Topics[0]; consume {
			topic := f.picture.Topic(of.Topic)
			for p := range of.Commits {
				of.Commits[p].Offset = topic.Partitions[p].End
			}
		}
	}
	for i := range f.picture.Topics {
		for p := range f.picture.Topics[i].Partitions {
			log := &f.picture.Topics[i].Partitions[p]
			log.End = cluster.OffsetAt(log.End.Int() + f.random.Int64N(1000))
		}
	}
	return f.snapshot
}

// BenchmarkProgress is what it costs to follow 1,000 groups in 70,000 partitions in
// all, each of which is written to: while they keep up, and while none consumes, for
// hours. The memory is that after a thousand polls.
func BenchmarkProgress(b *testing.B) {
	for name, consume := range map[string]bool{"groups keep up": true, "nobody consumes": false} {
		b.Run(name, func(b *testing.B) {
			f := newFollowing()
			before := heapInUse()
			progress := cluster.NewProgress(15*time.Second, func(string) bool { return true })
			for range 1000 {
				progress.Observe(f.poll(consume), nil)
			}
			heap := heapInUse() - before
			begun, polls := time.Duration(0), 0
			for b.Loop() {
				s := f.poll(consume)
				since := cpuTime(b)
				progress.Observe(s, nil)
				begun += cpuTime(b) - since
				polls++
			}
			b.ReportMetric(float64(begun.Microseconds())/1000/float64(polls), "cpu-ms/op")
			b.ReportMetric(float64(heap)/1e6, "heap-MB")
		})
	}
}
