package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

const (
	// askTimeout is the time a server has for all that it is asked in one poll.
	askTimeout = 3 * time.Second
	// slowTimeout is what is left of it for a server that did not answer in time in
	// the poll before, so that a frozen server does not hold up every poll.
	slowTimeout = 2 * time.Second
)

// EnsembleOptions are the options of an Ensemble; the zero value will do.
type EnsembleOptions struct {
	Dial DialFunc // nil for plain TCP
	// AdminPort is the port of the servers' AdminServer, which is asked where mntr
	// is not allowed: in plain HTTP, whatever Dial does, and not on a host that has
	// several of the servers. 0: it is not asked.
	AdminPort int
	// AllMetrics fills Server.More.
	AllMetrics bool
}

// Ensemble asks the configured ZooKeeper servers how they are.
type Ensemble struct {
	opts    EnsembleOptions
	members []*member
}

// NewEnsemble returns an Ensemble of the servers, each written host:port. It
// connects to none of them. Whoever calls Look must call Close in the end.
func NewEnsemble(servers []string, opts EnsembleOptions) *Ensemble {
	if opts.Dial == nil {
		opts.Dial = defaultDial
	}
	e := &Ensemble{opts: opts}
	onHost := make(map[string]int)
	for _, name := range servers {
		host, _, _ := net.SplitHostPort(name) // without a port there is nothing to ask either
		onHost[host]++
		e.members = append(e.members, &member{name: name, host: host, atOnce: atOnce})
	}
	for _, m := range e.members {
		if onHost[m.host] > 1 {
			m.host = "" // which of them the AdminServer speaks for cannot be told
		}
	}
	return e
}

// Read asks all servers side by side and returns what they said, in the order of
// the configuration, with a fault for each that did not say that it is well. It
// returns by the context's deadline, and after three seconds at the latest. The
// result belongs to the caller. Concurrent calls are safe.
func (e *Ensemble) Read(ctx context.Context) (*cluster.Ensemble, []cluster.Fault) {
	out := &cluster.Ensemble{Servers: make([]cluster.Server, len(e.members))}
	faults := make([][]cluster.Fault, len(e.members))
	var wg sync.WaitGroup
	for i, m := range e.members {
		wg.Go(func() {
			err := safely(func() error { out.Servers[i], faults[i] = m.read(ctx, e.opts); return nil })
			if err != nil {
				out.Servers[i] = m.panicked(err)
				faults[i] = []cluster.Fault{m.fault(err)}
			}
			m.heed(out.Servers[i].Mode)
		})
	}
	wg.Wait()
	return out, slices.Concat(faults...)
}

// member is one configured server, with what the poll before taught about it.
type member struct {
	name string
	host string // of its AdminServer; "" where that cannot be asked

	mu     sync.Mutex
	memory memory
	look   *look     // under way or not told of yet; nil without one
	asked  time.Time // when the last look began
	idle   net.Conn  // see keep; nil without one
	closed bool      // no idle connection is wanted any more

	without time.Time     // until when none is opened
	atOnce  time.Duration // atOnce; 0 in tests
}

type memory struct {
	slow     bool   // it did not answer in time
	wordless bool   // srvr is not in its whitelist
	mntrless bool   // mntr is not in its whitelist
	version  string // of the server that said so
	admin    adminRest
}

// timeout is the time that a server has for all that it is asked.
func (known memory) timeout() time.Duration {
	if known.slow {
		return slowTimeout
	}
	return askTimeout
}

func (m *member) read(ctx context.Context, opts EnsembleOptions) (cluster.Server, []cluster.Fault) {
	known := m.recall()
	ctx, cancel := context.WithTimeout(ctx, known.timeout())
	defer cancel()

	server := m.srvr(ctx, opts.Dial)
	if server.Err != nil {
		// What it allowed is forgotten: it may come back with another configuration.
		m.remember(memory{slow: server.Status == cluster.ServerTimeout, wordless: server.Status == cluster.ServerNotAllowed})
		return server, []cluster.Fault{m.fault(server.Err)}
	}
	if known.version != server.Version {
		known = memory{version: server.Version} // upgraded: it may allow what it did not
	}
	known.slow, known.wordless = false, false
	defer func() { m.remember(known) }()
	if !known.mntrless {
		err := m.mntr(ctx, opts, &server)
		known.slow = Reason(err) == string(cluster.ServerTimeout)
		known.mntrless = errors.Is(err, errNotAllowed)
		if err != nil && !known.mntrless {
			return server, []cluster.Fault{m.fault(err)}
		}
	}
	if known.mntrless {
		m.admin(ctx, opts, &server, &known.admin)
	}
	return server, nil // that mntr is forbidden is the default since 3.5, and no fault
}

// admin adds what the AdminServer tells, as mntr would. That there is none, or none
// for us, is no fault.
func (m *member) admin(ctx context.Context, opts EnsembleOptions, server *cluster.Server, rest *adminRest) {
	if opts.AdminPort == 0 || m.host == "" || !rest.due() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	told, err := askAdmin(ctx, m.host, opts.AdminPort, server.Version)
	rest.note(err)
	if err == nil {
		addStats(server, told, opts.AllMetrics)
	}
}

// srvr asks for the mode, which decides how the server is.
func (m *member) srvr(ctx context.Context, dial DialFunc) cluster.Server {
	server := cluster.Server{Name: m.name, Mode: cluster.ModeUnreachable, Status: cluster.ServerOK}
	reply, address, err := ask(ctx, dial, m.name, "srvr")
	server.Address, server.Answered = address, time.Now()
	if err == nil {
		var told srvrReply
		if told, err = parseSrvr(reply); err == nil {
			server.Mode, server.Version, server.Stats = told.mode, told.version, told.stats
			return server
		}
	}
	server.Status = cluster.ServerStatus(Reason(err))
	server.Err = fmt.Errorf("ask ZooKeeper server %s for srvr: %w", m.name, err)
	switch server.Status {
	case cluster.ServerNotServing:
		server.Mode = cluster.ModeNotServing
	case cluster.ServerNotAllowed, cluster.ServerBadReply:
		server.Mode = cluster.ModeUnknown
	}
	return server
}

// mntr adds what mntr tells beyond srvr. Its failure leaves the server as it is.
func (m *member) mntr(ctx context.Context, opts EnsembleOptions, server *cluster.Server) error {
	reply, _, err := ask(ctx, opts.Dial, m.name, "mntr")
	if err == nil {
		var told map[string]float64
		if told, err = parseMntr(reply); err == nil {
			addStats(server, told, opts.AllMetrics)
			return nil
		}
	}
	return fmt.Errorf("ask ZooKeeper server %s for mntr: %w", m.name, err)
}

// panicked is a server whose answer made us panic.
func (m *member) panicked(err error) cluster.Server {
	return cluster.Server{Name: m.name, Mode: cluster.ModeUnknown, Status: cluster.ServerBadReply, Err: err, Answered: time.Now()}
}

func (m *member) fault(err error) cluster.Fault {
	return cluster.Fault{Target: "ZooKeeper server " + m.name, Reason: Reason(err), Err: err}
}

func (m *member) recall() memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.memory
}

func (m *member) remember(mem memory) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.memory = mem
}
