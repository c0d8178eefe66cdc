package zookeeper

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
)

// newAdmin returns the port of a fake AdminServer.
func newAdmin(t *testing.T, answer http.HandlerFunc) int {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// tells answers /commands/monitor with a recorded reply, and counts.
func tells(reply string, asked *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path != "/commands/monitor" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, reply)
	}
}

// onlySrvr answers srvr as the release did, and allows nothing else.
func onlySrvr(t *testing.T, release string) *wordServer {
	return newWordServer(t, says(map[string]string{"srvr": recorded(t, release, "srvr.txt")}))
}

func TestAdminServerWhereMntrIsForbidden(t *testing.T) {
	for release, want := range map[string]struct {
		stats map[string]float64
		more  string
	}{
		"3.5.10": {map[string]float64{"zk_followers": 2, "zk_synced_followers": 2, "zk_max_file_descriptor_count": 20000}, ""},
		"3.6.4":  {map[string]float64{"zk_learners": 2, "zk_quorum_size": 3, "zk_synced_followers": 2}, "zk_cnt_fsynctime"},
		"3.8.6":  {map[string]float64{"zk_learners": 2, "zk_quorum_size": 3, "zk_digest_mismatches_count": 0}, "zk_cnt_fsynctime"},
		"3.9.5":  {map[string]float64{"zk_learners": 2, "zk_quorum_size": 3, "zk_max_file_descriptor_count": 20000}, "zk_connection_drop_probability"},
	} {
		var asked atomic.Int32
		opts := EnsembleOptions{AdminPort: newAdmin(t, tells(recorded(t, release, "monitor.json"), &asked))}
		for _, all := range []bool{false, true} {
			opts.AllMetrics = all
			got, faults := readOne(t, NewEnsemble([]string{onlySrvr(t, release).name()}, opts))
			if got.Err != nil || len(faults) > 0 {
				t.Errorf("%s: %v, faults %v", release, got.Err, faults)
			}
			for name, value := range want.stats {
				if v, ok := got.Stats[name]; !ok || v != value {
					t.Errorf("%s: %s = %v (there: %v), want %v", release, name, v, ok, value)
				}
			}
			if _, ok := got.More[want.more]; ok != (all && want.more != "") {
				t.Errorf("%s, all metrics %v: %v", release, all, got.More)
			}
			for name := range got.More {
				if _, twice := got.Stats[name]; twice || name == "zk_last_client_response_size" {
					t.Errorf("%s: %s stands in More", release, name)
				}
			}
			if got.Stats["zk_znode_count"] == 5 {
				t.Errorf("%s: the number of znodes is not srvr's", release)
			}
		}
		if n := asked.Load(); n != 2 {
			t.Errorf("%s: asked %d times in two polls", release, n)
		}
	}
}

func TestAdminServerIsNotAskedWhereMntrIsAllowed(t *testing.T) {
	var asked atomic.Int32
	s := newWordServer(t, says(map[string]string{"srvr": recorded(t, "3.8.6", "srvr.txt"), "mntr": recorded(t, "3.8.6", "mntr.txt")}))
	opts := EnsembleOptions{AdminPort: newAdmin(t, tells(recorded(t, "3.8.6", "monitor.json"), &asked)), AllMetrics: true}
	got, _ := readOne(t, NewEnsemble([]string{s.name()}, opts))
	if asked.Load() != 0 || got.Stats["zk_watch_count"] != 37 || got.More["zk_cnt_fsynctime"] != 12 {
		t.Errorf("asked %d times, %+v", asked.Load(), got)
	}
}

// TestAdminServerThatTellsNothing holds that whatever answers there, or does not, is
// no fault, spoils nothing and is left alone for a while.
func TestAdminServerThatTellsNothing(t *testing.T) {
	var elsewhere atomic.Int32
	other := newAdmin(t, tells(recorded(t, "3.8.6", "monitor.json"), &elsewhere))
	for name, answer := range map[string]http.HandlerFunc{
		"another program": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>hello</html>") },
		"not found":       http.NotFound,
		"no quorum": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"command":"monitor","error":"This ZooKeeper instance is not currently serving requests"}`)
		},
		"no version": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"znode_count":1}`) },
		"another release": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, recorded(t, "3.6.4", "monitor.json"))
		},
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:"+strconv.Itoa(other)+"/commands/monitor", http.StatusFound)
		},
		"no end":    func(w http.ResponseWriter, _ *http.Request) { pour(w) },
		"no answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			port := newAdmin(t, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				answer(w, r)
			})
			e := NewEnsemble([]string{onlySrvr(t, "3.8.6").name()}, EnsembleOptions{AdminPort: port, AllMetrics: true})
			for range 3 {
				got, faults := readOne(t, e)
				if got.Mode != cluster.ModeStandalone || got.Err != nil || len(faults) > 0 || got.Stats["zk_znode_count"] != 26 {
					t.Errorf("server %+v, faults %v", got, faults)
				}
				if _, ok := got.Stats["zk_watch_count"]; ok || got.More != nil {
					t.Errorf("it is believed: %+v", got)
				}
			}
			if n := asked.Load(); n != 2 {
				t.Errorf("asked %d times in three polls, want every second one", n)
			}
		})
	}
	t.Cleanup(func() {
		if elsewhere.Load() != 0 {
			t.Error("a redirect was followed")
		}
	})
}

func TestAdminServerOfSeveralOnOneHost(t *testing.T) {
	var asked atomic.Int32
	port := newAdmin(t, tells(recorded(t, "3.8.6", "monitor.json"), &asked))
	e := NewEnsemble([]string{onlySrvr(t, "3.8.6").name(), onlySrvr(t, "3.8.6").name()}, EnsembleOptions{AdminPort: port})
	if _, faults := e.Read(t.Context()); len(faults) > 0 || asked.Load() != 0 {
		t.Errorf("asked %d times, faults %v", asked.Load(), faults)
	}
}

func TestAdminServerRestsLonger(t *testing.T) {
	var rest adminRest
	pause := func() (polls int) {
		for !rest.due() {
			polls++
		}
		return polls
	}
	failed := &net.OpError{Op: "dial", Err: errors.New("refused")}
	for _, want := range []int{1, 2, 4, 8, 16, 32, maxAdminRest, maxAdminRest} {
		rest.note(failed)
		if got := pause(); got != want {
			t.Errorf("it rests for %d polls, want %d", got, want)
		}
	}
	rest.note(context.Canceled)
	if pause() != 0 {
		t.Error("a poll that was given up counts as a failure")
	}
	rest.note(nil)
	rest.note(failed)
	if got := pause(); got != 1 {
		t.Errorf("after a success it rests for %d polls, want 1", got)
	}
}
