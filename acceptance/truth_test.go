//go:build cluster

package acceptance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/testbed"
)

// truth is what the cluster said of itself around a moment, read by the test itself,
// with a client of its own: the registry in ZooKeeper, or without one, the metadata
// of a broker that stays alive.
type truth struct {
	from, to   time.Time // it was read between these
	brokers    int       // their ids are below this
	registered []int
	comings    int32 // cversion of /brokers/ids: it rises by one whenever a broker comes or goes
	controller int   // -1: none; unsaid where nobody tells
	election   int64 // czxid of /controller: another one is another election
	partitions map[partName]partTruth
}

type partName struct {
	topic string
	id    int
}

type partTruth struct {
	Leader   int   `json:"leader"`
	ISR      []int `json:"isr"`
	replicas []int
	version  int32 // of the state znode: it rises by one with every change
}

// unsaid is the controller where brokers do not tell who it is.
const unsaid = -2

// reader reads the truth once.
type reader func(c *testbed.Cluster) (truth, error)

// recorder reads the truth all the time.
type recorder struct {
	mu     sync.Mutex
	truths []truth
	done   chan struct{}
	cancel context.CancelFunc
}

// record begins to read. A reading that fails, for want of a quorum or because a
// topic is only half made, is left out: what happened meanwhile is then unseen.
func record(t *testing.T, c *testbed.Cluster, read reader) *recorder {
	ctx, cancel := context.WithCancel(context.Background())
	r := &recorder{done: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(r.done)
		for ctx.Err() == nil {
			if v, err := read(c); err == nil {
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

// stop does not wait for ever: without a quorum a reading hangs until the cluster
// is stopped, which comes after this.
func (r *recorder) stop() {
	r.cancel()
	select {
	case <-r.done:
	case <-time.After(5 * time.Second):
	}
}

// readZooKeeper reads the truth in the registry.
func readZooKeeper(c *testbed.Cluster) (truth, error) {
	v := truth{from: time.Now(), brokers: len(c.Brokers()), controller: -1, partitions: map[partName]partTruth{}}
	ids, stat, err := c.ZK().Children(c.Path("/brokers/ids"))
	if err != nil {
		return v, err
	}
	v.comings = stat.Cversion
	for _, id := range ids {
		n, err := strconv.Atoi(id)
		if err != nil {
			return v, err
		}
		v.registered = append(v.registered, n)
	}
	var office struct{ BrokerID int }
	switch stat, err := readJSON(c, "/controller", &office); {
	case err == nil:
		v.controller, v.election = office.BrokerID, stat.Czxid
	case !errors.Is(err, zk.ErrNoNode):
		return v, err
	}
	topics, _, err := c.ZK().Children(c.Path("/brokers/topics"))
	if err != nil {
		return v, err
	}
	for _, topic := range topics {
		if err := v.readTopic(c, topic); err != nil {
			return v, err
		}
	}
	v.to = time.Now()
	return v, nil
}

func (v *truth) readTopic(c *testbed.Cluster, topic string) error {
	var assigned struct{ Partitions map[string][]int }
	if _, err := readJSON(c, "/brokers/topics/"+topic, &assigned); err != nil {
		return err
	}
	for key, replicas := range assigned.Partitions {
		id, err := strconv.Atoi(key)
		if err != nil {
			return err
		}
		p := partTruth{replicas: replicas}
		stat, err := readJSON(c, "/brokers/topics/"+topic+"/partitions/"+key+"/state", &p)
		if err != nil {
			return err
		}
		p.version = stat.Version
		v.partitions[partName{topic, id}] = p
	}
	return nil
}

func readJSON(c *testbed.Cluster, znode string, into any) (*zk.Stat, error) {
	data, stat, err := c.ZK().Get(c.Path(znode))
	if err != nil {
		return nil, err
	}
	return stat, json.Unmarshal(data, into)
}

// between returns what was true at some moment of the span, the reading before it
// included, because that held until the next one saw a change; nothing where the span
// began before the readings, for nobody knows what was true then.
func (r *recorder) between(from, to time.Time) []truth {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.truths) == 0 || from.Before(r.truths[0].from) {
		return nil
	}
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

// possible returns, by series, the values that were true at some moment of the
// span, as far as the readings can tell. A series of which a state came and went
// between two readings is left out: nobody knows what it was meanwhile.
func (r *recorder) possible(from, to time.Time) map[string][]float64 {
	truths := r.between(from, to)
	values := map[string][]float64{}
	for _, v := range truths {
		for series, value := range v.expectations() {
			if !slices.Contains(values[series], value) {
				values[series] = append(values[series], value)
			}
		}
	}
	for i := 1; i < len(truths); i++ {
		for _, series := range truths[i].unseenSince(truths[i-1]) {
			delete(values, series)
		}
	}
	return values
}

// unseenSince returns the series that may have had a value between two readings
// that neither of them shows.
func (v truth) unseenSince(before truth) (series []string) {
	missed, moved := v.comings-before.comings > 1 || len(v.partitions) != len(before.partitions), false
	for name, p := range v.partitions {
		was, there := before.partitions[name]
		moved = moved || p.version != was.version
		if !there || p.version-was.version > 1 {
			missed = true
			for _, metric := range stateMetrics {
				series = append(series, partSeries(metric, name))
			}
		}
	}
	if moved && len(v.registered) != len(before.registered) {
		missed = true // in which order they did decides what partitions counted as in between
	}
	if v.comings-before.comings > 1 {
		for id := range v.brokers {
			series = append(series, brokerSeries("kafka_broker_registered", id))
		}
	}
	if v.election != before.election && v.controller >= 0 && before.controller >= 0 {
		series = append(series, "kafka_active_controllers")
		for id := range v.brokers {
			series = append(series, brokerSeries("kafka_broker_is_controller", id))
		}
	}
	if missed {
		series = slices.AppendSeq(series, maps.Keys(countSeries))
	}
	return series
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func brokerSeries(metric string, id int) string { return fmt.Sprintf(`%s{broker="%d"}`, metric, id) }

func partSeries(metric string, p partName) string {
	return fmt.Sprintf(`kafka_topic_partition_%s{partition="%d",topic="%s"}`, metric, p.id, p.topic)
}
