package collectors

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
)

func TestPendingElections(t *testing.T) {
	p := poller(t, newFake())
	if s := p.poll(t); s.ElectionPending || len(s.Outcomes[cluster.SourceRegistry].Faults) > 0 {
		t.Errorf("pending without one, %+v", s.Outcomes[cluster.SourceRegistry])
	}
	f := newFake()
	f.pending = true
	if s := poller(t, f).poll(t); !s.ElectionPending {
		t.Error("it is not pending")
	}
	// What could not be read is not denied.
	f = newFake()
	f.fail["election pending"] = context.DeadlineExceeded
	s := poller(t, f).poll(t)
	o := s.Outcomes[cluster.SourceRegistry]
	if !s.ElectionPending || o.Err != nil || len(o.Faults) != 1 || o.Faults[0].Reason != string(cluster.ServerTimeout) || !s.Registrations.OK() {
		t.Errorf("pending %v, %+v", s.ElectionPending, o)
	}
	// Without a registry it is that which could not be read, told once.
	f.fail["registry"] = context.DeadlineExceeded
	s = poller(t, f).poll(t)
	if o := s.Outcomes[cluster.SourceRegistry]; s.ElectionPending || o.Err == nil || len(o.Faults) != 1 {
		t.Errorf("pending %v, %+v", s.ElectionPending, o)
	}
	// Of a ZooKeeper that is out of use it means nothing.
	f = newKRaft()
	f.pending = true
	p = withZooKeeper(t, f)
	for i, want := range []int{1, 1} {
		if s := p.poll(t); s.ElectionPending || len(f.calls("election pending")) != want {
			t.Errorf("poll %d: pending %v, looked for %d times", i, s.ElectionPending, len(f.calls("election pending")))
		}
	}
}

// Whether the controllers elect by themselves is told as it was read last.
func TestKafkasOwnBalancer(t *testing.T) {
	f := newKRaft()
	if s := kraftPoller(t, f).poll(t); s.LeaderRebalance != nil {
		t.Errorf("%v of what makes no sense", *s.LeaderRebalance)
	}
	f.knobs = map[string]string{balancerKey: "false"}
	p := kraftPoller(t, f)
	for range 2 { // the second does not read it
		if s := p.poll(t); s.LeaderRebalance == nil || *s.LeaderRebalance {
			t.Errorf("%v, want false", s.LeaderRebalance)
		}
	}
}

func TestLockOptions(t *testing.T) {
	if opts, ok := kraftOnly(t).LockOptions(); ok {
		t.Errorf("%+v without a ZooKeeper", opts)
	}
	cfg := testConfig(t)
	cfg.ZooKeeper.Chroot, cfg.ZooKeeper.Auth = "/kafka", config.ZooKeeperAuth{Scheme: "digest", Username: "ann", PasswordFile: "absent"}
	p, err := NewPoller(cfg, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	opts, ok := p.LockOptions()
	if !ok || !slices.Equal(opts.Servers, cfg.ZooKeeper.Servers) || opts.Chroot != "/kafka" || opts.Dial == nil || opts.Log == nil || opts.Changed != nil {
		t.Errorf("%+v, %v", opts, ok)
	}
	if _, _, err := opts.Auth(); err == nil {
		t.Error("the password was read from a file that is not there")
	}
}

// kraftOnly is a poller as it is made from a configuration without a ZooKeeper.
func kraftOnly(t *testing.T) *Poller {
	t.Helper()
	cfg := testConfig(t)
	cfg.ZooKeeper, cfg.Kafka.Brokers = nil, []string{"k:9092"}
	p, err := NewPoller(cfg, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// Elections are counted from 0, like all other requests, and have a connection of their
// own: a poll does not wait behind them.
func TestElectionsAreCountedAndApart(t *testing.T) {
	p := kraftOnly(t)
	if !slices.Contains(p.requests.counts(), cluster.RequestCount{API: "ElectLeaders"}) {
		t.Errorf("counted are %v", p.requests.counts())
	}
	if p.electing == Elector(nil) || any(p.electing) == any(p.brokers) {
		t.Error("elections share the connections of polls")
	}
}
