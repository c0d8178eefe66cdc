package collectors

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
	"github.com/evenkeel/evenkeel/config"
	"github.com/evenkeel/evenkeel/kafka"
	"github.com/evenkeel/evenkeel/security"
	"github.com/evenkeel/evenkeel/zookeeper"
)

// Poller polls one cluster. Its polls must not overlap.
type Poller struct {
	cfg      config.Cluster
	ensemble EnsembleReader // nil, like the registry, where no ZooKeeper is configured
	registry RegistryReader
	brokers  BrokerClient
	electing Elector
	log      *slog.Logger

	mu       sync.Mutex // guards what a poll and what happens between polls have in common
	tally    *cluster.Tally
	troubles cluster.Troubles
	prev     *cluster.Snapshot
	edition  uint64
	events   events

	known    cluster.Known
	memory   groupMemory
	suspect  bool // groups were listed in the last poll, and the topic that they are kept in was not
	progress *cluster.Progress
	tiers    tiers
	lookUps  lookUps
	// As read last.
	oldGroups oldGroups
	keys      keyReader
	trust     trust
	doubt     time.Duration // how long metadata is not trusted after a controller was missed, where the registry tells instead
	mode      cluster.Mode  // as the brokers told it last
	listener  string        // the listener of the bootstrap addresses, where that had to be found out
	balances  *bool         // auto.leader.rebalance.enable, as a broker told it last
	session   time.Duration // how long a controller waits for a silent broker; 0 until it was told
	minISR    minISRMemory
	// What went wrong when settings were read last.
	configFaults []cluster.Fault
	declined     string // why the picture was not read from metadata in the poll before; ""
	polls        int    // so far
	requests     *requestCounter
	close        func()
}

// NewPoller returns a poller of the cluster. It connects to nothing before the
// first poll. Known holds the brokers known from an earlier run, if any. The error
// says what in the configuration cannot be used.
func NewPoller(cfg config.Cluster, known cluster.Known, log *slog.Logger) (*Poller, error) {
	counter := newRequestCounter()
	login, err := kafka.NewLogin(cfg.Kafka.SASL)
	if err != nil {
		return nil, err
	}
	p := newPoller(cfg, known, nil, nil, nil, log)
	opts := kafka.Options{
		ClientID: "evenkeel", Observe: counter.observe, Version: cfg.Kafka.Version,
		Dial: security.Dialer(cfg.Kafka.TLS), Login: login,
	}
	electing := kafka.NewClient(opts)
	opts.Lost = p.lost
	brokers := kafka.NewClient(opts)
	p.brokers, p.electing, p.requests = brokers, electing, counter
	p.close = func() {
		electing.Close()
		brokers.Close()
	}
	p.doubt = max(leastDoubt, pollsOfDoubt*cfg.Poll.Interval)
	if cfg.ZooKeeper != nil {
		p.watchZooKeeper(*cfg.ZooKeeper)
	}
	return p, nil
}

// watchZooKeeper adds the ensemble to what is polled.
func (p *Poller) watchZooKeeper(cfg config.ZooKeeper) {
	dial := zookeeper.DialFunc(security.Dialer(cfg.TLS))
	opts := p.sessionOptions(cfg)
	opts.Changed = p.changed
	session := zookeeper.NewSession(opts)
	ensemble := zookeeper.NewEnsemble(cfg.Servers, zookeeper.EnsembleOptions{Dial: dial, AdminPort: cfg.AdminServerPort, AllMetrics: cfg.AllMetrics})
	p.ensemble, p.registry = ensemble, session
	closeBrokers := p.close
	p.close = func() {
		closeBrokers()
		ensemble.Close()
		session.Close()
	}
}

// LockOptions returns how ZooKeeper is reached, for a session of its own that holds a
// lock; false where no ZooKeeper is configured.
func (p *Poller) LockOptions() (opts zookeeper.SessionOptions, ok bool) {
	if p.cfg.ZooKeeper == nil {
		return opts, false
	}
	return p.sessionOptions(*p.cfg.ZooKeeper), true
}

// sessionOptions returns those of a session that watches nothing.
func (p *Poller) sessionOptions(cfg config.ZooKeeper) zookeeper.SessionOptions {
	return zookeeper.SessionOptions{
		Servers: cfg.Servers, Chroot: cfg.Chroot, Dial: zookeeper.DialFunc(security.Dialer(cfg.TLS)), Auth: zookeeperAuth(cfg.Auth), Log: p.log,
	}
}

// zookeeperAuth returns what reads the credentials for each session; nil where none
// are configured.
func zookeeperAuth(cfg config.ZooKeeperAuth) zookeeper.AuthFunc {
	if cfg.Username == "" {
		return nil
	}
	return func() (string, []byte, error) {
		password, err := security.ReadSecret(config.Secret{}, cfg.PasswordFile)
		if err != nil {
			return "", nil, err
		}
		return cfg.Scheme, []byte(cfg.Username + ":" + password), nil
	}
}

func newPoller(cfg config.Cluster, known cluster.Known, e EnsembleReader, r RegistryReader, b BrokerClient, log *slog.Logger) *Poller {
	return &Poller{
		cfg: cfg, ensemble: e, registry: r, brokers: b, log: log,
		known:    known,
		tally:    cluster.NewTally(cfg.Rebalance.Threshold),
		troubles: cluster.Troubles{},
		events:   events{News: cluster.NewNews()},
		memory:   newGroupMemory(cfg),
		progress: cluster.NewProgress(cfg.Poll.Interval, cfg.Topics.Match),
		minISR:   minISRMemory{},
		requests: newRequestCounter(),
		close:    func() {},
	}
}

// Close ends the connections to the cluster.
func (p *Poller) Close() { p.close() }

// Known returns the brokers known after the last poll. The map must not be
// changed.
func (p *Poller) Known() cluster.Known { return p.known }

// The part of the poll's time by which each stage must be done, whatever hangs. A
// stage that is done earlier leaves its time to those after it.
const (
	stage1Ends = 0.5
	stage2Ends = 0.75
)

// Poll reads everything once. It returns by the configured timeout, or soon after
// ctx ends, with whatever was read until then.
func (p *Poller) Poll(ctx context.Context, trigger cluster.Trigger) Result {
	started := time.Now()
	ctx, cancel := context.WithDeadline(ctx, started.Add(p.cfg.Poll.Timeout))
	defer cancel()
	r := &reading{Poller: p, started: started, prev: p.last(), wanted: p.progress.Wants(), outcomes: map[cluster.Source]cluster.Outcome{}}
	r.stage(ctx, stage2Ends, func(probing context.Context) {
		// A broker of which we learn late in the first stage has time to answer.
		probes := newProber(probing, r.brokers, time.Duration(float64(p.cfg.Poll.Timeout)*stage1Ends))
		r.stage(ctx, stage1Ends, func(ctx context.Context) { r.readCluster(ctx, probes) })
		r.finishBrokers(probes)
		r.readQuorum(probing)
	})
	// Commits before ends: whatever is committed meanwhile was written before, so
	// that lag cannot come out negative by a race.
	r.stage(ctx, stage2Ends, r.readGroups)
	r.stage(ctx, 1, r.readOffsets)
	r.stage(ctx, 1, r.readConfigs)
	r.stage(ctx, 1, r.readKeys)
	p.polls++
	return p.freeze(r, trigger)
}
