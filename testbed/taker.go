package testbed

import (
	"context"
	"fmt"
	"slices"
)

// TakeID starts another broker with the id of one that is there: another
// process, with ports and an empty data folder of its own, and a wire of its own
// with Spec.Wires. It returns when it serves, and from then on the testbed's own
// clients go to it. Stop ends it; Broker(id) stays the former one.
//
// No release lets two brokers have the same id at once, so the former one must
// be out of the registry, or get out of it while TakeID waits: killed, frozen or
// cut off from ZooKeeper. One that comes back then finds its id taken. Where
// brokers are controllers as well, the new one also takes the former one's place
// among these, and its port, so that one must not run, and the others must be a
// majority.
func (c *Cluster) TakeID(ctx context.Context, id int) (*Server, error) {
	if id < 0 || id >= len(c.brokers) {
		return nil, fmt.Errorf("testbed: take the id of broker %d: the brokers are 0 to %d", id, len(c.brokers)-1)
	}
	if c.combinedNodes() && c.brokers[id].Running() {
		return nil, fmt.Errorf("testbed: take the id of broker %d: it runs, and is a controller as well: kill it first", id)
	}
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	s, err := c.newTaker(id)
	if err != nil {
		return nil, fmt.Errorf("testbed: take the id of broker %d: %w", id, err)
	}
	if err := s.Start(ctx); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.later == nil {
		c.later = make(map[int]*Server)
	}
	c.later[id] = s
	return s, nil
}

// newTaker makes the broker for TakeID without starting it.
func (c *Cluster) newTaker(id int) (*Server, error) {
	ports, err := claimPorts(1 + len(c.spec.Listeners) + c.release.wirePorts(c.spec))
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.takers = append(c.takers, ports)
	n := len(c.takers)
	c.mu.Unlock()
	nodes := slices.Clone(c.nodes.ports)
	nodes[id].client = ports.take()
	s, _, err := c.newBroker(brokerPlan{
		id: id, name: fmt.Sprintf("the broker %d that came later", id), folder: fmt.Sprintf("broker-%d-later-%d", id, n),
		nodes: nodes, ports: ports,
	})
	return s, err
}

// combinedNodes tells whether the brokers are the controllers as well.
func (c *Cluster) combinedNodes() bool { return c.release.kraft() && len(c.controllers) == 0 }
