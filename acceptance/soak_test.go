//go:build cluster && soak

package acceptance

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/bench/draw"
	"github.com/evenkeel/evenkeel/testbed"
)

const detectRaces = false

var (
	soakFor   = flag.Duration("soak.duration", 2*time.Hour, "how long TestSoak lasts")
	soakSeed  = flag.Uint64("soak.seed", 0, "which faults come in TestSoak; 0: others each time")
	soakDraws = flag.Bool("soak.draw", false, "write the charts of the documentation")
)

// vital is what a running evenkeel holds at some moment.
type vital struct {
	at                                 time.Duration // since the beginning
	resident, goroutines, files, polls float64
	logged                             int // bytes
}

// TestSoak polls every 200 ms, 75 times as often as by default, while one fault after
// another strikes. What evenkeel holds must not grow, and what it logs must follow
// the faults.
func TestSoak(t *testing.T) {
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-soak.seed=%d", seed)
	c := testbed.StartT(t, testbed.Spec{Kafka: "3.9.2", Brokers: 3})
	must(t, c.CreateTopic(t.Context(), "test", [][]int32{{0, 1, 2}, {1, 2, 0}, {2, 0, 1}}))
	must(t, c.Produce(t.Context(), "test", 0, 10))
	must(t, c.CommitOffset(t.Context(), "readers", "test", 0, 4))
	p := start(t, "--zookeeper.servers="+c.ZooKeeperConnect(), "--poll.interval=200ms", "--poll.timeout=1s")
	p.shows("all in order", 30*time.Second, "kafka_brokers 3", "kafka_offline_partitions 0")

	w := &soak{t: t, c: c, p: p, random: rand.New(rand.NewPCG(seed, 0)), begun: time.Now()}
	for time.Since(w.begun) < *soakFor {
		w.fault()
		w.rest()
	}
	p.shows("all in order again", time.Minute, "kafka_brokers 3", "kafka_offline_partitions 0", "zk_ensemble_serving_voters 3")
	w.judge()
	if *soakDraws {
		w.draw()
	}
}

// rest lets the cluster be whole for a while, and notes what evenkeel holds.
func (w *soak) rest() {
	w.t.Helper()
	w.p.shows("whole after "+w.last, 2*time.Minute, "kafka_brokers 3", `kafka_under_replicated_partitions{reason="lagging"} 0`,
		`kafka_under_replicated_partitions{reason="broker_down"} 0`, "zk_ensemble_serving_voters 3")
	w.p.polls(10)
	s, err := w.p.scrape()
	must(w.t, err)
	polls := 0.0
	for _, trigger := range []string{"interval", "zookeeper_watch", "connection_lost", "mode_changed", "followup"} {
		polls += s.values[fmt.Sprintf("evenkeel_polls_total{trigger=%q}", trigger)]
	}
	w.vitals = append(w.vitals, vital{
		at: time.Since(w.begun), resident: s.values["process_resident_memory_bytes"], goroutines: s.values["go_goroutines"],
		files: s.values["process_open_fds"], polls: polls, logged: len(w.p.log.String()),
	})
}

// judge compares the last quarter with the second one: in the first, caches fill.
func (w *soak) judge() {
	n := len(w.vitals)
	if n < 16 {
		w.t.Fatalf("%d faults are too few to tell", n)
	}
	early, late := w.vitals[n/4:n/2], w.vitals[3*n/4:]
	for _, part := range []struct {
		what  string
		value func(vital) float64
		spare float64
	}{
		{"bytes of memory", func(v vital) float64 { return v.resident }, 15e6},
		{"goroutines", func(v vital) float64 { return v.goroutines }, 5},
		{"open files and sockets", func(v vital) float64 { return v.files }, 5},
	} {
		before, after := median(early, part.value), median(late, part.value)
		w.t.Logf("%s: %.0f in the second quarter, %.0f in the last", part.what, before, after)
		if after > before+part.spare {
			w.t.Errorf("%s grow: %.0f in the second quarter, %.0f in the last", part.what, before, after)
		}
	}
	logged := w.vitals[n-1].logged
	w.t.Logf("%d faults, %.0f polls, %d bytes of log", n, w.vitals[n-1].polls, logged)
	if perFault := logged / n; perFault > 20_000 {
		w.t.Errorf("%d bytes of log for each fault", perFault)
	}
}

func median(all []vital, value func(vital) float64) float64 {
	var values []float64
	for _, v := range all {
		values = append(values, value(v))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// draw writes the charts.
func (w *soak) draw() {
	line := func(name string, value func(vital) float64) draw.Line {
		l := draw.Line{Name: name}
		for _, v := range w.vitals {
			l.X, l.Y = append(l.X, v.at.Minutes()), append(l.Y, value(v))
		}
		return l
	}
	for name, chart := range map[string]draw.Chart{
		"soak-memory.svg": {Title: "Resident memory under faults, a poll every 200 ms", Y: "MB", Lines: []draw.Line{
			line("resident", func(v vital) float64 { return v.resident / 1e6 }),
		}},
		"soak-counts.svg": {Title: "Goroutines, and open files and sockets", Y: "number", Lines: []draw.Line{
			line("goroutines", func(v vital) float64 { return v.goroutines }),
			line("files and sockets", func(v vital) float64 { return v.files }),
		}},
		"soak-log.svg": {Title: "Log", Y: "kB", Lines: []draw.Line{line("written", func(v vital) float64 { return float64(v.logged) / 1e3 })}},
	} {
		chart.X = "minutes"
		must(w.t, os.WriteFile(filepath.Join("..", "docs", "images", name), []byte(chart.SVG()), 0o644))
	}
}
