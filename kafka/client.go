package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evenkeel/evenkeel/cluster"
)

// slowTimeout is the time that a call to a broker gets whose last call timed out,
// so that a frozen broker does not delay the sight of a killed one.
const slowTimeout = 2 * time.Second

// Kafka's own names of the requests.
const (
	listOffsets = "ListOffsets"
	offsetFetch = "OffsetFetch"
	fetch       = "Fetch"
	apiVersions = "ApiVersions"
)

// Client asks brokers. It keeps connections between calls, and may be used by
// several goroutines at once. All its errors name the broker.
type Client struct {
	opts     Options
	override *override
	broken   error            // what is wrong with the options
	slow     time.Duration    // slowTimeout; shorter in tests
	now      func() time.Time // time.Now, but for tests of the backoff
	ctx      context.Context
	closing  context.CancelFunc

	mu      sync.Mutex
	targets map[targetKey]*target
	telling sync.WaitGroup // brokers that are being asked anew, see askAnew
}

// targetKey identifies what connections can be shared. Two nodes of one address
// are one broker (a bootstrap address and the broker behind it), but a broker that
// was registered anew by another release must be spoken to anew.
type targetKey struct {
	addr    string
	caution caution
}

// target is a broker that was asked before.
type target struct {
	key      targetKey
	probe    *line
	work     *line
	timedOut atomic.Bool // the last call to it did
	identity atomic.Pointer[Identity]
	backoff  backoff

	node atomic.Pointer[Node] // as the last probe named it
	anew atomic.Int32         // how often it was asked anew since
}

// NewClient returns a client that has not connected to anything yet. The caller
// must close it.
func NewClient(opts Options) *Client {
	if opts.ClientID == "" {
		opts.ClientID = "evenkeel"
	}
	if opts.Observe == nil {
		opts.Observe = func(string, error) {}
	}
	c := &Client{opts: opts, slow: slowTimeout, now: time.Now, targets: map[targetKey]*target{}}
	c.override, c.broken = parseVersion(opts.Version)
	c.ctx, c.closing = context.WithCancel(context.Background())
	return c
}

// Close ends the calls that are on their way, and all connections. Once it has
// returned, Lost is not called any more.
func (c *Client) Close() {
	c.closing()
	c.Retain(nil)
	c.telling.Wait()
}

// Retain closes the connections to all brokers but these. Calls that are on their
// way still end as they would.
func (c *Client) Retain(nodes []Node) {
	keep := make(map[targetKey]bool, len(nodes))
	for _, n := range nodes {
		keep[c.key(n)] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, t := range c.targets {
		if !keep[key] {
			delete(c.targets, key)
			t.probe.shut()
			t.work.shut()
		}
	}
}

// key returns what connections the node shares.
func (c *Client) key(n Node) targetKey {
	key := targetKey{addr: n.Addr, caution: n.caution()}
	if c.override != nil {
		key.caution = c.override.caution()
	}
	return key
}

// target returns what is known of the broker.
func (c *Client) target(n Node) (*target, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return nil, errClosed
	}
	if c.broken != nil {
		return nil, c.broken
	}
	key := c.key(n)
	t := c.targets[key]
	if t == nil {
		t = &target{key: key}
		learned := func(i Identity) { t.identity.Store(&i) }
		t.probe, t.work = c.newLine(key, learned), c.newLine(key, learned)
		if c.opts.Lost != nil {
			t.probe.ended = func() { c.askAnew(t) }
		}
		c.targets[key] = t
	}
	return t, nil
}

func (c *Client) newLine(key targetKey, learned func(Identity)) *line {
	to := &peer{
		addr: key.addr, caution: key.caution, override: c.override,
		clientID: c.opts.ClientID, observe: c.opts.Observe, connect: c.opts.Dial, login: c.opts.Login,
	}
	return &line{to: to, learned: learned, turn: make(chan struct{}, 1)}
}

// bound returns the context of a call: it ends with the caller's, with the client,
// and after a short time where the broker timed out before.
func (c *Client) bound(ctx context.Context, t *target) (context.Context, context.CancelFunc) {
	until := context.WithCancel
	if t.timedOut.Load() {
		until = func(parent context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(parent, c.slow)
		}
	}
	ctx, cancel := until(ctx)
	stop := context.AfterFunc(c.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// work asks a broker over its connection for everything but the probe.
func work[T any](ctx context.Context, c *Client, n Node, api string, ask func(*link) (T, error)) (T, error) {
	t, err := c.target(n)
	if err != nil {
		var none T
		return none, fmt.Errorf("%s: %w", n, err)
	}
	return run(ctx, c, t, n, t.work, api, ask)
}

// excuse takes a hang-up during the login for what it is where the broker let us in
// before: it is being stopped, or a proxy in front of it has lost it. Only of brokers
// before Kafka 1.0 it would be a refusal.
func (t *target) excuse(err error) error {
	var login *loginError
	if !errors.As(err, &login) || !closedByPeer(login.err) {
		return err
	}
	if known := t.identity.Load(); known == nil || !known.AnswersVersions || known.Release == "0.10" || known.Release == "0.11" {
		return err
	}
	return fmt.Errorf("the connection was closed before the login was over: %w", login.err)
}

// run asks a broker over one of its lines, within the time that it deserves.
func run[T any](ctx context.Context, c *Client, t *target, n Node, by *line, api string, ask func(*link) (T, error)) (T, error) {
	var none T
	if err := t.backoff.check(c.now()); err != nil {
		return none, fmt.Errorf("%s: %w", n, err)
	}
	ctx, cancel := c.bound(ctx, t)
	defer cancel()

	value, err := call(ctx, by, api, ask)
	err = t.excuse(err)
	t.backoff.note(err, c.now())
	switch {
	case answered(err):
		t.timedOut.Store(false)
	case Status(err) == cluster.BrokerTimeout:
		t.timedOut.Store(true)
	}
	if err != nil {
		return none, fmt.Errorf("%s: %w", n, err)
	}
	return value, nil
}
