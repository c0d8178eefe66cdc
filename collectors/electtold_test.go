package collectors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/kafka"
	"github.com/evenkeel/evenkeel/zookeeper"
)

// What was not written is told of each partition, and that more is not known beside it.
func TestElectionsThatWereWrittenInPart(t *testing.T) {
	ask := map[string][]int32{"test": {0, 1}, "gone": {4}, "none": nil}
	for name, c := range map[string]struct {
		written map[string][]int32
		lost    error
		not     []string
	}{
		"all":                  {nil, nil, nil},
		"all, and none takes":  {nil, zookeeper.ErrElectionStuck, nil},
		"part":                 {map[string][]int32{"test": {1}}, nil, []string{"gone-4", "test-0"}},
		"part, and none takes": {map[string][]int32{"test": {1}}, zookeeper.ErrElectionStuck, []string{"gone-4", "test-0"}},
		"nothing is there":     {map[string][]int32{}, nil, []string{"gone-4", "test-0", "test-1"}},
	} {
		f := newFake()
		f.written, f.lost = c.written, c.lost
		p := poller(t, f)
		told, err := p.Elect(t.Context(), p.poll(t), ask)
		if !errors.Is(err, c.lost) || len(told) != 2 || len(told["test"]) != 2 || len(told["gone"]) != 1 {
			t.Errorf("%s: told %v, %v", name, told, err)
		}
		var not []string
		for topic, partitions := range told {
			for id, err := range partitions {
				if errors.Is(err, ErrNotWritten) && strings.Contains(err.Error(), fmt.Sprintf("%q, partition %d: ", topic, id)) {
					not = append(not, fmt.Sprintf("%s-%d", topic, id))
				} else if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		if slices.Sort(not); !slices.Equal(not, c.not) {
			t.Errorf("%s: not written %q, want %q", name, not, c.not)
		}
	}
}

// An election of which certainly nothing was written, and one of which nothing remains
// to be written, are not the same.
func TestElectionsThatWereNotWritten(t *testing.T) {
	f := newFake()
	f.fail["elect by znode map[test:[0 1]]"] = fmt.Errorf("write: %w", zookeeper.ErrElectionPending)
	p := poller(t, f)
	if told, err := p.Elect(t.Context(), p.poll(t), askTest); told != nil || !errors.Is(err, zookeeper.ErrElectionPending) {
		t.Errorf("%v, %v", told, err)
	}
	p.registry = nothingLeft{registryOf{f}}
	told, err := p.Elect(t.Context(), p.poll(t), askTest)
	if err != nil || !errors.Is(told["test"][0], ErrNotWritten) || !errors.Is(told["test"][1], ErrNotWritten) {
		t.Errorf("%v, %v", told, err)
	}
}

// nothingLeft is a registry in which none of the partitions is any more.
type nothingLeft struct{ registryOf }

func (nothingLeft) ElectPreferred(context.Context, map[string][]int32) (map[string][]int32, error) {
	return nil, nil
}

func TestAnswersToElectionsAreHandedOn(t *testing.T) {
	f := electing(newModern())
	f.elected = map[string]map[int32]error{"test": {0: nil, 1: sarama.ErrNotController}}
	p := poller(t, f)
	s := p.poll(t)
	if told, err := p.Elect(t.Context(), s, askTest); err != nil || told["test"][0] != nil || !kafka.IsNotController(told["test"][1]) {
		t.Errorf("%v, %v", told, err)
	}
	if want := (kafka.Node{ID: 0, Addr: "b:9000", Registration: 5}); f.elector != want {
		t.Errorf("asked %+v, want %+v, as the poll did", f.elector, want)
	}
	f.fail["elect by 0 map[test:[0 1]]"] = sarama.ErrNotController
	if told, err := p.Elect(t.Context(), s, askTest); told != nil || !kafka.IsNotController(err) {
		t.Errorf("%v, %v", told, err)
	}
	if asked := f.calls("elect by znode"); len(asked) > 0 {
		t.Errorf("asked %q", asked)
	}
}

// Whatever hangs, an election is over by the timeout of a poll, where the znode is waited
// for by its own, and sooner where the caller has less patience.
func TestElectionsEnd(t *testing.T) {
	for call, most := range map[string]time.Duration{"elect by znode map[test:[0 1]]": znodePatience, "elect by 0 map[test:[0 1]]": 2 * time.Second} {
		f := newFake()
		if most < znodePatience {
			f = electing(newModern())
		}
		synctest.Test(t, func(t *testing.T) {
			p := poller(t, f)
			s := p.poll(t)
			f.hang[call] = true
			for patience, want := range map[time.Duration]time.Duration{time.Hour: most, time.Second: time.Second} {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				began := time.Now()
				if _, err := p.Elect(ctx, s, askTest); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != want {
					t.Errorf("%s: %v after %v, want %v", call, err, time.Since(began), want)
				}
				cancel()
			}
		})
	}
}

// The race detector is what judges this.
func TestElectionsWhilePolling(t *testing.T) {
	for _, f := range []*fakeCluster{newFake(), electing(newModern()), electing(newKRaft())} {
		p := withZooKeeper(t, f)
		p.poll(t)
		s := p.Poll(t.Context(), cluster.TriggerRun).Snapshot
		var polling sync.WaitGroup
		polling.Go(func() {
			for range 3 {
				p.Poll(t.Context(), cluster.TriggerInterval)
			}
		})
		for range 3 {
			if _, err := p.Elect(t.Context(), s, askTest); err != nil {
				t.Error(err)
			}
		}
		polling.Wait()
		if asked := f.calls("elect "); len(asked) != 3 {
			t.Errorf("asked %q", asked)
		}
	}
}
