//go:build cluster && soak

package acceptance

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/testbed"
)

// soak is a TestSoak under way.
type soak struct {
	t      *testing.T
	c      *testbed.Cluster
	p      *program
	random *rand.Rand
	begun  time.Time
	count  int
	last   string // the fault that struck last
	vitals []vital
}

// fault lets one of the faults strike, for a while, and ends it.
func (w *soak) fault() {
	w.count++
	broker := w.c.Broker(w.random.IntN(3))
	server := w.c.ZooKeeper(w.random.IntN(3))
	faults := []struct {
		name string
		play func()
	}{
		{broker.Name() + " killed", func() { w.kill(broker) }},
		{broker.Name() + " frozen", func() { w.freeze(broker) }},
		{broker.Name() + " restarted in order", func() {
			must(w.t, broker.Terminate(w.t.Context()))
			must(w.t, broker.Start(w.t.Context()))
		}},
		{server.Name() + " killed", func() { w.kill(server) }},
		{server.Name() + " frozen", func() { w.freeze(server) }},
		{"quorum frozen", func() { w.freeze(server, w.c.ZooKeeper(server.ID()%3)) }}, // ids count from 1
		{"topic made and deleted", w.topic},
	}
	f := faults[w.random.IntN(len(faults))]
	w.last = f.name
	f.play()
}

// while lasts for some seconds, in which broker sessions of 3 s run out or do not.
func (w *soak) while() { time.Sleep(time.Duration(w.random.Int64N(int64(5 * time.Second)))) }

func (w *soak) kill(s *testbed.Server) {
	must(w.t, s.Kill())
	w.while()
	must(w.t, s.Start(w.t.Context()))
}

func (w *soak) freeze(all ...*testbed.Server) {
	for _, s := range all {
		must(w.t, s.Freeze())
	}
	w.while()
	for _, s := range all {
		must(w.t, s.Thaw())
	}
}

func (w *soak) topic() {
	name := fmt.Sprintf("soak-%d", w.count)
	must(w.t, w.c.CreateTopic(w.t.Context(), name, [][]int32{{0, 1}, {1, 2}}))
	must(w.t, w.c.Produce(w.t.Context(), name, 0, 100))
	must(w.t, w.c.CommitOffset(w.t.Context(), fmt.Sprintf("soak-readers-%d", w.count%5), name, 0, 50))
	must(w.t, w.c.DeleteTopic(w.t.Context(), name))
}
