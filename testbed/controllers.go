package testbed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

// firstController is the node id of the first separate controller.
const firstController = 3000

// Controllers returns the controllers that Spec.Controllers asked for, by id;
// none where the brokers are the controllers. The slice is the caller's.
func (c *Cluster) Controllers() []*Server { return append([]*Server(nil), c.controllers...) }

// controllerProperties returns the server.properties of a node that is nothing
// but a controller.
func controllerProperties(spec Spec, id int, ports []brokerPorts, dataDir string) map[string]string {
	p := quorumProperties(spec, id, ports, dataDir)
	maps.Copy(p, spec.Properties)
	p["process.roles"] = "controller"
	p["listeners"] = "CONTROLLER://" + loopback(ports[spec.Brokers+id-firstController].controller)
	return p
}

// addControllers makes the separate controllers without starting them.
func (c *Cluster) addControllers(java string) error {
	for i := range c.spec.Controllers {
		id := firstController + i
		name := fmt.Sprintf("controller-%d", id)
		dir := filepath.Join(c.dir, name)
		data, file := filepath.Join(dir, "data"), filepath.Join(dir, "server.properties")
		err := errors.Join(
			os.MkdirAll(data, 0o755),
			formatKRaft(data, c.nodes.formatted, c.nodes.clusterID, id),
			writeProperties(file, controllerProperties(c.spec, id, c.nodes.ports, data)),
		)
		if err != nil {
			return fmt.Errorf("testbed: controller %d: %w", id, err)
		}
		s := &Server{name: fmt.Sprintf("controller %d", id), id: id, addr: loopback(c.nodes.ports[c.spec.Brokers+i].controller)}
		s.quorumAddr = s.addr
		s.proc = c.newProcess(s.name, name, javaCommand(java, c.log4j, c.kafkaClasspath, nil, "kafka.Kafka", file))
		s.ready = func(context.Context) error { return logHasStarted(s.proc) }
		if err := c.setClock(s); err != nil {
			return err
		}
		c.controllers = append(c.controllers, s)
	}
	return nil
}

// quorum returns the nodes that are controllers, where there is no ZooKeeper.
func (c *Cluster) quorum() []*Server {
	if len(c.controllers) > 0 {
		return c.controllers
	}
	return c.brokers
}
