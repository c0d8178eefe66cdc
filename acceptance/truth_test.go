//go:build cluster

package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// truth is what the registry in ZooKeeper said around a moment, read by the test
// itself, with a client of its own.
type truth struct {
	from, to   time.Time // it was read between these
	registered []int
	controller int // -1: none
	states     []partState
}

type partState struct {
	Leader int   `json:"leader"`
	ISR    []int `json:"isr"`
}

// recorder reads the truth about topic "test" all the time.
type recorder struct {
	mu     sync.Mutex
	truths []truth
	done   chan struct{}
	cancel context.CancelFunc
}

func record(t *testing.T, c *testbed.Cluster, assignment [][]int32) *recorder {
	ctx, cancel := context.WithCancel(context.Background())
	r := &recorder{done: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(r.done)
		for ctx.Err() == nil {
			if v, err := readTruth(c, len(assignment)); err == nil {
				r.mu.Lock()
				r.truths = append(r.truths, v)
				r.mu.Unlock()
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	t.Cleanup(r.stop)
	return r
}

func (r *recorder) stop() {
	r.cancel()
	<-r.done
}

func readTruth(c *testbed.Cluster, partitions int) (truth, error) {
	v := truth{from: time.Now(), controller: -1}
	ids, _, err := c.ZK().Children(c.Path("/brokers/ids"))
	if err != nil {
		return v, err
	}
	for _, id := range ids {
		n, err := strconv.Atoi(id)
		if err != nil {
			return v, err
		}
		v.registered = append(v.registered, n)
	}
	if data, _, err := c.ZK().Get(c.Path("/controller")); err == nil {
		var content struct{ BrokerID int }
		if err := json.Unmarshal(data, &content); err != nil {
			return v, err
		}
		v.controller = content.BrokerID
	}
	for p := range partitions {
		data, _, err := c.ZK().Get(c.Path(fmt.Sprintf("/brokers/topics/test/partitions/%d/state", p)))
		if err != nil {
			return v, err
		}
		var st partState
		if err := json.Unmarshal(data, &st); err != nil {
			return v, err
		}
		v.states = append(v.states, st)
	}
	v.to = time.Now()
	return v, nil
}

// between returns what was true at some moment of the span, the reading before it
// included, because that held until the next one saw a change.
func (r *recorder) between(from, to time.Time) []truth {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := 0
	for i, v := range r.truths {
		if v.to.Before(from) {
			first = i
		}
	}
	var all []truth
	for _, v := range r.truths[first:] {
		all = append(all, v)
		if v.from.After(to) {
			break
		}
	}
	return all
}

// expectations are the values that a truth implies for the series that tell of it.
func (v truth) expectations(assignment [][]int32) map[string]float64 {
	want := map[string]float64{}
	offline, down, lagging := 0, 0, 0
	for p, st := range v.states {
		replicas := assignment[p]
		name := func(metric string) string {
			return fmt.Sprintf(`kafka_topic_partition_%s{partition="%d",topic="test"}`, metric, p)
		}
		want[name("leader")] = float64(st.Leader)
		want[name("replicas")] = float64(len(replicas))
		want[name("in_sync_replica")] = float64(len(st.ISR))
		want[name("leader_is_preferred")] = one(st.Leader == int(replicas[0]))
		want[name("under_replicated_partition")] = one(len(st.ISR) < len(replicas))
		if !slices.Contains(v.registered, st.Leader) {
			offline++
		}
		missing, missingAlive := 0, 0
		for _, r := range replicas {
			if !slices.Contains(st.ISR, int(r)) {
				missing++
				if slices.Contains(v.registered, int(r)) {
					missingAlive++
				}
			}
		}
		if missingAlive > 0 {
			lagging++
		} else if missing > 0 {
			down++
		}
	}
	for id := range 2 {
		want[fmt.Sprintf(`kafka_broker_registered{broker="%d"}`, id)] = one(slices.Contains(v.registered, id))
		want[fmt.Sprintf(`kafka_broker_is_controller{broker="%d"}`, id)] = one(v.controller == id)
	}
	want["kafka_active_controllers"] = one(v.controller >= 0)
	want["kafka_offline_partitions"] = float64(offline)
	want[`kafka_under_replicated_partitions{reason="broker_down"}`] = float64(down)
	want[`kafka_under_replicated_partitions{reason="lagging"}`] = float64(lagging)
	return want
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
