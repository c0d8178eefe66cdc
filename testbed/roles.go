package testbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// ZooKeeperLeader returns the server that leads the ensemble, or the only one
// where it stands alone. It waits while there is none.
func (c *Cluster) ZooKeeperLeader(ctx context.Context) (*Server, error) {
	var leader *Server
	err := waitFor(ctx, "find the leader of the ensemble", func() error {
		last := errors.New("no ZooKeeper server runs")
		for _, s := range c.zookeepers {
			if !s.proc.responsive() {
				continue
			}
			mode, err := zkMode(s.addr)
			if mode == "leader" || mode == "standalone" {
				leader = s
				return nil
			}
			if last = err; err == nil {
				last = fmt.Errorf("%s is %s", s.name, mode)
			}
		}
		return last
	})
	return leader, err
}

// Controller returns the broker that is the controller, or the leader of the
// separate controllers. It waits while there is none.
func (c *Cluster) Controller(ctx context.Context) (*Server, error) {
	if c.release.kraft() {
		return c.quorumLeader(ctx)
	}
	var controller *Server
	err := waitFor(ctx, "find the controller", func() error {
		data, err := c.znode(ctx, "/controller")
		if err != nil {
			return err
		}
		var holder struct{ BrokerID int }
		if err := json.Unmarshal(data, &holder); err != nil {
			return fmt.Errorf("znode /controller: %w", err)
		}
		if holder.BrokerID < 0 || holder.BrokerID >= len(c.brokers) {
			return fmt.Errorf("the controller is an unknown broker, %d", holder.BrokerID)
		}
		controller = c.brokers[holder.BrokerID]
		return nil
	})
	return controller, err
}
