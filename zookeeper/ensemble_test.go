package zookeeper

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

func readOne(t *testing.T, e *Ensemble) (cluster.Server, []cluster.Fault) {
	t.Helper()
	out, faults := e.Read(t.Context())
	if len(out.Servers) != 1 {
		t.Fatalf("%d servers, want 1", len(out.Servers))
	}
	return out.Servers[0], faults
}

func TestEnsembleOfAllReleases(t *testing.T) {
	releases := []string{"3.9.5", "3.4.6", "3.8.6", "3.5.10", "3.6.4"}
	var names []string
	for _, release := range releases {
		s := newWordServer(t, says(map[string]string{
			"srvr": recorded(t, release, "srvr.txt"), "mntr": recorded(t, release, "mntr.txt"),
		}))
		names = append(names, s.name())
	}
	out, faults := NewEnsemble(names, EnsembleOptions{}).Read(t.Context())
	if len(faults) > 0 {
		t.Fatalf("faults: %v", faults)
	}
	for i, s := range out.Servers {
		if s.Name != names[i] || s.Address != names[i] || s.Version != releases[i] || s.Err != nil ||
			s.Status != cluster.ServerOK || !s.Mode.Serving() {
			t.Errorf("server %d: %+v", i, s)
		}
		if _, ok := s.Stats["zk_watch_count"]; !ok {
			t.Errorf("%s: nothing from mntr", s.Version)
		}
	}
	// srvr says 402, mntr, asked a moment later, 404.
	if got := out.Servers[0].Stats["zk_packets_received"]; got != 402 {
		t.Errorf("zk_packets_received = %v, want srvr's 402", got)
	}
	if n, known := out.Voters(); !known || n != 3 {
		t.Errorf("voters %d (%v), want 3", n, known)
	}
}

// TestServerStatus holds every way in which a server can fail to be well.
func TestServerStatus(t *testing.T) {
	opErr := func(err error) DialFunc {
		return func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		}
	}
	for _, c := range []struct {
		name   string
		answer func(string, net.Conn)
		dial   DialFunc
		mode   cluster.ServerMode
		status cluster.ServerStatus
	}{
		{"no quorum", says(map[string]string{"srvr": notServingReply}), nil, cluster.ModeNotServing, cluster.ServerNotServing},
		{"srvr forbidden", says(nil), nil, cluster.ModeUnknown, cluster.ServerNotAllowed},
		{"an HTTP server", says(map[string]string{"srvr": "HTTP/1.1 400 Bad Request\r\n\r\n"}), nil, cluster.ModeUnknown, cluster.ServerBadReply},
		{"an empty line", says(map[string]string{"srvr": "\n"}), nil, cluster.ModeUnknown, cluster.ServerBadReply},
		{"never stops", babbles, nil, cluster.ModeUnknown, cluster.ServerBadReply},
		{"closes at once", says(map[string]string{"srvr": ""}), nil, cluster.ModeUnreachable, cluster.ServerRefused},
		{"refuses", nil, opErr(syscall.ECONNREFUSED), cluster.ModeUnreachable, cluster.ServerRefused},
		{"no route", nil, opErr(syscall.EHOSTUNREACH), cluster.ModeUnreachable, cluster.ServerRefused},
		{"dial times out", nil, opErr(syscall.ETIMEDOUT), cluster.ModeUnreachable, cluster.ServerTimeout},
		{"no such name", nil, opErr(&net.DNSError{Err: "no such host", Name: "zk1", IsNotFound: true}), cluster.ModeUnreachable, cluster.ServerUnresolvable},
		{"name server silent", nil, opErr(&net.DNSError{Err: "i/o timeout", Name: "zk1", IsTimeout: true}), cluster.ModeUnreachable, cluster.ServerUnresolvable},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := "zk1:2181"
			if c.answer != nil {
				name = newWordServer(t, c.answer).name()
			}
			got, faults := readOne(t, NewEnsemble([]string{name}, EnsembleOptions{Dial: c.dial}))
			if got.Name != name || got.Mode != c.mode || got.Status != c.status {
				t.Errorf("mode %s and status %s, want %s and %s", got.Mode, got.Status, c.mode, c.status)
			}
			if got.Err == nil || !strings.Contains(got.Err.Error(), name) {
				t.Errorf("error %v does not name the server", got.Err)
			}
			if len(faults) != 1 || faults[0].Target != "ZooKeeper server "+name || faults[0].Reason != string(c.status) {
				t.Errorf("faults %v", faults)
			}
			if (got.Address != "") != (c.mode == cluster.ModeNotServing || c.mode == cluster.ModeUnknown) {
				t.Errorf("address %q of a server with status %s", got.Address, got.Status)
			}
		})
	}
}

func TestRefusedByTheSystem(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	name := l.Addr().String()
	_ = l.Close()
	got, _ := readOne(t, NewEnsemble([]string{name}, EnsembleOptions{}))
	if got.Status != cluster.ServerRefused || !errors.Is(got.Err, syscall.ECONNREFUSED) {
		t.Errorf("status %s, error %v", got.Status, got.Err)
	}
}

func TestHangingServerCostsItsDeadlineOnly(t *testing.T) {
	good := newWordServer(t, says(map[string]string{"srvr": recorded(t, "3.4.6", "srvr.txt")}))
	frozen := newWordServer(t, hangs)
	e := NewEnsemble([]string{frozen.name(), good.name()}, EnsembleOptions{})

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	out, _ := e.Read(ctx)
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v with 100 ms to go", took)
	}
	if s := out.Servers[0]; s.Mode != cluster.ModeUnreachable || s.Status != cluster.ServerTimeout || !errors.Is(s.Err, context.DeadlineExceeded) {
		t.Errorf("frozen server: %+v", s)
	}
	if s := out.Servers[1]; s.Mode != cluster.ModeLeader {
		t.Errorf("good server: %+v", s)
	}

	// Left to itself it gets two seconds from now on, as it was silent before.
	began = time.Now()
	_, _ = e.Read(t.Context())
	if took := time.Since(began); took < slowTimeout || took > slowTimeout+900*time.Millisecond {
		t.Errorf("second reading took %v, want about %v", took, slowTimeout)
	}
	frozen.become(says(map[string]string{"srvr": recorded(t, "3.6.4", "srvr.txt")}))
	if out, _ := e.Read(t.Context()); out.Servers[0].Mode != cluster.ModeFollower {
		t.Errorf("thawed server: %+v", out.Servers[0])
	}
}
