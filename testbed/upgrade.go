package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Upgrade ends a broker with SIGTERM, if it runs, and starts it as another
// release, on the same port and data, with further settings on top of those it
// has; an upgrade to the release that it is only changes settings. It returns as
// Server.Start does. An older release's protocol among the brokers is to be set
// for the first round, and with it, before 3.0, its message format:
//
//	{"inter.broker.protocol.version": "0.9.0.1", "log.message.format.version": "0.9.0.1"}
//
// It is for brokers on ZooKeeper. While the releases are mixed, the cluster's
// clients speak as the oldest does.
func (c *Cluster) Upgrade(ctx context.Context, brokerID int, release string, properties map[string]string) error {
	if brokerID < 0 || brokerID >= len(c.brokers) {
		return fmt.Errorf("testbed: upgrade broker %d: the brokers are 0 to %d", brokerID, len(c.brokers)-1)
	}
	s := c.brokers[brokerID]
	rel, err := findKafka(release)
	if err != nil {
		return err
	}
	if c.release.kraft() || rel.kraft() {
		return fmt.Errorf("testbed: upgrade %s to Kafka %s: both releases must run on ZooKeeper", s.name, release)
	}
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	jars, err := Fetch(ctx, rel.jars(), c.spec.Log)
	if err != nil {
		return err
	}
	if s.Running() {
		if err := s.Terminate(ctx); err != nil {
			return err
		}
	}
	if err := s.proc.rebuild(filepath.Join(jars, "*"), properties); err != nil {
		return fmt.Errorf("testbed: upgrade %s to Kafka %s: %w", s.name, release, err)
	}
	c.mu.Lock()
	if c.upgraded == nil {
		c.upgraded = make(map[int]kafkaRelease)
	}
	c.upgraded[brokerID] = rel
	c.mu.Unlock()
	return s.Start(ctx)
}

// oldest returns the oldest release among the brokers, which is what the
// cluster's clients may expect of it.
func (c *Cluster) oldest() kafkaRelease {
	c.mu.Lock()
	defer c.mu.Unlock()
	oldest := c.release
	for id := range c.brokers {
		rel, ok := c.upgraded[id]
		if !ok {
			rel = c.release
		}
		if id == 0 || !rel.protocol.IsAtLeast(oldest.protocol) {
			oldest = rel
		}
	}
	return oldest
}

// clientJars returns the oldest release among the brokers and the class path
// with its tools and clients.
func (c *Cluster) clientJars(ctx context.Context) (kafkaRelease, string, error) {
	rel := c.oldest()
	jars, err := Fetch(ctx, rel.jars(), c.spec.Log)
	return rel, filepath.Join(jars, "*"), err
}

// rebuild gives the JVM of a broker that does not run another class path and
// further settings.
func (p *process) rebuild(classpath string, properties map[string]string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.startable(); err != nil {
		return err
	}
	argv := slices.Clone(p.argv)
	i := slices.Index(argv, "-cp")
	if i < 0 {
		return fmt.Errorf("no class path among %q", argv)
	}
	argv[i+1] = classpath
	p.argv = argv
	// The file of settings is the last argument. Of two lines with the same key
	// the later one counts.
	f, err := os.OpenFile(argv[len(argv)-1], os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(formatProperties(properties))
	return errors.Join(err, f.Close())
}
