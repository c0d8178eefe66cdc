package testbed

import (
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

// writer is a client inside this process that writes.
type writer interface {
	// abandon ends the writer of a cluster that is gone.
	abandon()
}

// addWriter has Stop abandon a writer.
func (c *Cluster) addWriter(w writer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writers = append(c.writers, w)
}

// patience is the pause of a writer between its tries. Once it has ended, the
// tries that are left follow each other at once.
type patience struct{ ended atomic.Bool }

func (p *patience) end() { p.ended.Store(true) }

func (p *patience) pause(int, int) time.Duration {
	if p.ended.Load() {
		return 0
	}
	return 250 * time.Millisecond
}

// apply has a client pause so, and wait for a leader as long as for an answer: where
// there is none, its message is not tried again otherwise.
func (p *patience) apply(conf *sarama.Config) {
	conf.Producer.Retry.BackoffFunc = p.pause
	conf.Producer.Transaction.Retry.BackoffFunc = p.pause
	conf.Metadata.Retry.BackoffFunc = p.pause
	conf.Metadata.Retry.Max = conf.Producer.Retry.Max
}
