package exporter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/chronicle"
	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/collectors"
	"github.com/evenkeel/evenkeel/rebalance"
)

const oneCluster = `{clusters: [{name: a, zookeeper: {servers: ["127.0.0.1:1"]}}]}`

// played publishes what a poll found of brokers 1 and 2, each of which is the preferred
// leader of two partitions.
func played(w *watcher, troubles cluster.Troubles, at time.Time, oneIsGone bool, leader int32, isr ...int32) {
	registered := map[int32]*cluster.Registration{2: {ID: 2, Session: 1}}
	brokers := []cluster.Broker{{ID: 1, Address: "b1:9092", RegistryRead: true, Probe: cluster.Probe{Status: cluster.BrokerRefused}}, {ID: 2, Address: "b2:9092", RegistryRead: true, Registration: registered[2], Probe: cluster.Probe{Status: cluster.BrokerAlive, Took: time.Millisecond}}}
	if !oneIsGone {
		registered[1] = &cluster.Registration{ID: 1, Session: 1}
		brokers[0].Registration, brokers[0].Probe = registered[1], cluster.Probe{Status: cluster.BrokerAlive, Took: 2 * time.Millisecond}
	}
	topic := cluster.Topic{Name: "t", MinISR: 1}
	for id := range int32(4) {
		p := cluster.Partition{ID: id, State: cluster.StateRecorded, Replicas: []int32{2, 1}, Leader: 2, ISR: isr}
		if id < 2 {
			p.Replicas, p.Leader = []int32{1, 2}, leader
		}
		topic.Partitions = append(topic.Partitions, p)
	}
	picture := &cluster.Picture{Topics: []cluster.Topic{topic}}
	s := &cluster.Snapshot{
		Cluster: w.cfg.Name, Trigger: cluster.TriggerInterval, Started: at, Finished: at, BrokersTried: 2, BrokersHeard: 2,
		Registrations: cluster.Read(registered), Controller: cluster.Read(cluster.Controller{ID: 2, Exists: true, Named: true}),
		Brokers: brokers, Picture: cluster.Read(picture), Groups: cluster.Read(&cluster.Groups{}), Outcomes: map[cluster.Source]cluster.Outcome{},
	}
	s.Summary = cluster.Summarize(picture, brokers)
	var began, ended []cluster.Trouble
	s.Troubles, began, ended = troubles.Update(s)
	w.conclude(collectors.Result{Snapshot: s, Began: began, Ended: ended})
}

// TestPageTellsTheStory: a broker is lost, comes back, catches up, and leads again.
func TestPageTellsTheStory(t *testing.T) {
	e := newExporter(t, oneCluster, Options{})
	w := e.all()[0]
	troubles := cluster.Troubles{}
	now := time.Now().UTC()
	ago := func(d time.Duration) (time.Time, string) { at := now.Add(-d); return at, clock(at) }
	lost, lostAt := ago(19 * time.Second)
	back, backAt := ago(9 * time.Second)
	whole, wholeAt := ago(5 * time.Second)
	leads, leadsAt := ago(time.Second)
	page := func(want ...string) {
		t.Helper()
		_, text := fetch(t, e, "GET", "/")
		expect(t, text, want...)
	}
	played(w, troubles, now.Add(-30*time.Second), false, 1, 1, 2)
	page("All is in order.", `<title>healthy: a · evenkeel`, `class="badge healthy"`, `<span class="good">yes</span>`, "!what to do", "!Not in order",
		`data-history="api/v1/history/a"`, `Brokers that are up <strong>2</strong>`)
	played(w, troubles, lost, true, 2, 2)
	page("broker 1 is not registered: for the cluster it is down. Broker 1 lost "+lostAt+"; 2 partitions led elsewhere.", `<a href="runbooks/KafkaBrokerDown">what to do</a>`,
		`class="badge warning"`, "no: 4 partitions would be offline", "Not in order", `<td class="name">t-0</td><td class="verdict"><span class="warn">at min ISR</span></td><td>2</td><td>1, 2</td><td>2</td><td>1</td>`,
		`Brokers that are up <strong>1</strong>`, "least 1 at "+lostAt)
	played(w, troubles, back, false, 2, 2)
	page("Broker 1 lost " + lostAt + ", back " + backAt + ", 4 of its 4 replicas not in sync yet; 2 partitions led elsewhere.")
	played(w, troubles, whole, false, 2, 1, 2)
	page("Broker 1 lost " + lostAt + ", back " + backAt + ", in the ISR again " + wholeAt + "; 2 partitions led elsewhere; whether they are given back is not known.")
	played(w, troubles, leads, false, 1, 1, 2)
	page("All is in order.", "Broker 1 lost "+lostAt+", back "+backAt+", in the ISR again "+wholeAt+"; it leads its partitions again since "+leadsAt+".",
		"over after 10s: broker 1 is not registered", "!led elsewhere")
}

// TestOutlook says whether and when an election gives leadership back.
func TestOutlook(t *testing.T) {
	now := time.Now()
	in := func(d time.Duration) rebalance.Block {
		return rebalance.Block{Guard: rebalance.Cooldown, Why: "cool", Until: now.Add(d)}
	}
	paused := rebalance.Block{Guard: rebalance.Paused, Why: "a person paused it"}
	for _, c := range []struct {
		mode    string
		blocked []rebalance.Block
		change  func(*pageRuns)
		want    string
	}{
		{"auto", []rebalance.Block{in(4 * time.Minute), in(time.Minute)}, nil, "election in 4 min 0 s unless paused"},
		{"auto", nil, nil, "election with the next poll unless paused"},
		{"auto", []rebalance.Block{in(time.Minute), paused}, nil, "no election: a person paused it"},
		{"dry_run", []rebalance.Block{in(time.Minute)}, nil, "an election would follow in 1 min 0 s (mode dry_run)"},
		{"off", nil, nil, "evenkeel elect gives them back"},
		{"off", nil, func(p *pageRuns) { p.KafkaElects = ptr(true) }, "the brokers elect by themselves where the imbalance is above their own threshold"},
		{"auto", nil, func(p *pageRuns) { p.Running = true }, "an election is under way"},
		{"auto", nil, func(p *pageRuns) { p.Candidates = nil }, "whether they are given back is not known"},
	} {
		p := &pageRuns{apiRebalance: apiRebalance{Mode: c.mode, Candidates: ptr(1)}, decision: rebalance.Decision{At: now, Blocked: c.blocked}}
		if c.change != nil {
			c.change(p)
		}
		if got := p.outlook(now); got != c.want {
			t.Errorf("%s, %v: %q, want %q", c.mode, c.blocked, got, c.want)
		}
	}
}

// TestEveryLinkLeadsSomewhere follows every link and every file of the pages, and of every
// trouble that there is.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	e := newExporter(t, twoClusters, Options{})
	s := doubtful(cluster.Topic{Name: "odd"})
	for _, key := range []string{
		"ensemble", "ensemble leaders", "unreachable", "controller", "offline", "leader unreachable", "under-replicated down", "under-replicated lagging",
		"under-replicated log directory", "imbalance", "min isr", "hidden topics", "zookeeper z1:2181", "broker 1", "source groups", "fault groups broker 1",
	} {
		s.Troubles = append(s.Troubles, cluster.Trouble{Key: key, Severity: cluster.Warning, Text: key, Since: s.Finished, Seen: true})
	}
	for _, state := range []cluster.BrokerStatus{cluster.BrokerUnregistered, cluster.BrokerUnresolvable, cluster.BrokerTimeout} {
		s.Troubles = append(s.Troubles, cluster.Trouble{Key: fmt.Sprint("broker ", len(s.Troubles)), State: string(state), Severity: cluster.Warning, Since: s.Finished, Seen: true})
	}
	e.watchers[0].conclude(collectors.Result{Snapshot: s})
	links := regexp.MustCompile(`(?:href|src|data-history)="([^"]*)"`)
	for page, base := range map[string]string{"/": "/", "/clusters/a": "/clusters/"} {
		_, text := fetch(t, e, "GET", page)
		found := links.FindAllStringSubmatch(text, -1)
		if len(found) < 8 {
			t.Errorf("%s has %d links", page, len(found))
		}
		for _, link := range found {
			path := base + link[1]
			if up, ok := strings.CutPrefix(link[1], "../"); ok && base != "/" {
				path = "/" + up
			}
			if res, text := fetch(t, e, "GET", strings.TrimSuffix(path, ".")); res.StatusCode != http.StatusOK {
				t.Errorf("%s: %s: %d %s", page, path, res.StatusCode, text)
			}
		}
		if n := strings.Count(text, "what to do</a>"); page != "/" && n != len(s.Troubles) {
			t.Errorf("%d of %d troubles have a runbook", n, len(s.Troubles))
		}
	}
}

// TestHistory tells what the charts show, and leaves out what was not known.
func TestHistory(t *testing.T) {
	e := newExporter(t, oneCluster, Options{})
	w := e.all()[0]
	troubles := cluster.Troubles{}
	played(w, troubles, time.Now().Add(-time.Minute), false, 1, 1, 2)
	blind := doubtful(cluster.Topic{Name: "odd", Unreadable: true})
	blind.Finished = time.Now()
	w.chronicle.Observe(blind)
	_, text := fetch(t, e, "GET", "/api/v1/history/a")
	var h apiHistory
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		t.Fatal(err)
	}
	if len(h.At) != 2 || len(h.Figures) != len(chronicle.Figures) {
		t.Fatalf("%s", text)
	}
	for i, want := range []float64{2, 0, 0, 0} {
		if got := h.Figures[i].Values; len(got) != 2 || got[0] == nil || *got[0] != want || i > 0 && got[1] != nil {
			t.Errorf("%s: %v", h.Figures[i].Name, got)
		}
	}
	if res, _ := fetch(t, e, "GET", "/api/v1/history/nobody"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a cluster that is not there: %d", res.StatusCode)
	}
}

// TestPageOfOneSnapshot: a poll that ends while the page is made does not mix two snapshots,
// of which one has troubles that the other lacks.
func TestPageOfOneSnapshot(t *testing.T) {
	e := newExporter(t, oneCluster, Options{})
	w := e.all()[0]
	var shown []*published
	for _, n := range []int{0, 9} {
		s := doubtful(cluster.Topic{Name: "odd"})
		s.Finished = time.Now().Add(time.Hour)
		for i := range n {
			s.Troubles = append(s.Troubles, cluster.Trouble{Key: fmt.Sprint(i), Severity: cluster.Warning, Seen: true, Since: s.Finished})
		}
		shown = append(shown, &published{snapshot: s})
	}
	w.current.Store(shown[0])
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
				w.current.Store(shown[i%2])
			}
		}
	}()
	for range 2000 {
		if c := e.clusterPage(w, time.Now()); len(c.Wrong) != len(c.Troubles) {
			t.Fatalf("%d troubles, %d are shown", len(c.Troubles), len(c.Wrong))
		}
	}
	close(done)
	<-stopped
}
