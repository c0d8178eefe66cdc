package testbed

import (
	"errors"
	"os"
)

// Stop ends every process of the cluster, frozen ones too, and every consumer
// and producer that the cluster has started, and removes a temporary folder.
// It may be called more than once; later calls return the same.
func (c *Cluster) Stop() error { return c.stop() }

func (c *Cluster) stopAll() error {
	c.mu.Lock()
	c.stopped = true
	processes, writers, groups, conn := c.processes, c.writers, c.groups, c.zk
	wires, diskFiles, ports := c.wires, c.diskFiles, c.takers
	c.mu.Unlock()
	var errs []error
	if conn != nil {
		conn.Close()
	}
	for _, p := range processes {
		errs = append(errs, p.retire())
	}
	for _, w := range writers {
		w.abandon()
	}
	for _, g := range groups {
		_ = g.Stop() // the brokers of which it would take leave are gone
	}
	for _, w := range wires {
		w.Close()
	}
	for _, f := range diskFiles {
		errs = append(errs, f.Close())
	}
	errs = append(errs, c.security.close())
	if c.ports != nil {
		ports = append(ports, c.ports)
	}
	for _, set := range ports {
		set.release()
	}
	if c.lock != nil {
		errs = append(errs, os.RemoveAll(c.dir), c.lock.Close())
	}
	return errors.Join(errs...)
}
