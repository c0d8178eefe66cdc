package testbed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// zkPorts are those of one ZooKeeper server.
type zkPorts struct{ client, peer, election, admin int }

// zooProperties returns the zoo.cfg of the server with the given index.
func zooProperties(spec Spec, index int, ports []zkPorts, dataDir string) map[string]string {
	own := ports[index]
	p := map[string]string{
		"tickTime":          "500", // sessions of 1 to 10 s
		"initLimit":         "20",
		"syncLimit":         "10",
		"dataDir":           dataDir,
		"clientPort":        strconv.Itoa(own.client),
		"clientPortAddress": "127.0.0.1",
		"maxClientCnxns":    "0",
		// Both are unknown to 3.4, which takes no offence.
		"admin.enableServer": strconv.FormatBool(spec.AdminServer),
		"admin.serverPort":   strconv.Itoa(own.admin),
	}
	serverLines(p, spec, index, ports)
	maps.Copy(p, spec.ZooKeeperProperties)
	return p
}

// addZooKeepers makes the ensemble's servers without starting them.
func (c *Cluster) addZooKeepers(ctx context.Context, java string) error {
	jars, err := Fetch(ctx, "zookeeper-"+c.spec.ZooKeeper, c.spec.Log)
	if err != nil {
		return err
	}
	ports := make([]zkPorts, c.spec.ZooKeepers+c.spec.Observers)
	for i := range ports {
		ports[i] = zkPorts{c.ports.take(), c.ports.take(), c.ports.take(), c.ports.take()}
	}
	var files []string
	for i := range ports {
		dir := filepath.Join(c.dir, fmt.Sprintf("zookeeper-%d", i+1))
		data := filepath.Join(dir, "data")
		file := filepath.Join(dir, "zoo.cfg")
		properties := zooProperties(c.spec, i, ports, data)
		c.addSecurePort(i, properties)
		err := errors.Join(
			os.MkdirAll(data, 0o755),
			os.WriteFile(filepath.Join(data, "myid"), []byte(strconv.Itoa(i+1)), 0o644),
			writeProperties(file, properties),
		)
		if err != nil {
			return fmt.Errorf("testbed: ZooKeeper server %d: %w", i+1, err)
		}
		files = append(files, file)
	}
	options := append([]string{
		"-Dzookeeper.forceSync=no",
		"-Dzookeeper.preAllocSize=1024", // KB for each transaction log, instead of 64 MB
	}, c.spec.ZooKeeperOptions...)
	classpath := filepath.Join(jars, "*")
	if !c.spec.OneJVM {
		for i, file := range files {
			name := fmt.Sprintf("ZooKeeper server %d", i+1)
			argv := javaCommand(java, c.log4j, classpath, options, "org.apache.zookeeper.server.quorum.QuorumPeerMain", file)
			if err := c.addZooKeeper(i, ports[i], c.newProcess(name, fmt.Sprintf("zookeeper-%d", i+1), argv)); err != nil {
				return err
			}
		}
		return nil
	}
	classes, err := ensembleClasses(ctx)
	if err != nil {
		return err
	}
	argv := javaCommand(java, c.log4j, classes+string(filepath.ListSeparator)+classpath, options, "Ensemble", files...)
	ensemble := c.newProcess("the ZooKeeper ensemble", "zookeeper", argv)
	for i := range files {
		if err := c.addZooKeeper(i, ports[i], ensemble); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) addZooKeeper(index int, ports zkPorts, proc *process) error {
	s := &Server{
		name:   fmt.Sprintf("ZooKeeper server %d", index+1),
		id:     index + 1,
		addr:   loopback(ports.client),
		proc:   proc,
		shared: c.spec.OneJVM,
	}
	if c.spec.ZooKeeperTLS {
		s.secureAddr = c.security.zookeepers[index]
	}
	if c.spec.AdminServer {
		s.adminAddr = loopback(ports.admin)
	}
	s.ready = func(context.Context) error {
		_, err := zkMode(s.addr)
		return err
	}
	c.zookeepers = append(c.zookeepers, s)
	return c.setClock(s)
}

// zkMode asks a server for its part in the ensemble: "leader", "follower",
// "observer" or "standalone". A server outside a quorum has none and gives an
// error. srvr is the one word that every release answers by default.
func zkMode(addr string) (string, error) {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(conn, "srvr"); err != nil {
		return "", err
	}
	reply, err := io.ReadAll(conn)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(reply)) {
		if mode, ok := strings.CutPrefix(line, "Mode: "); ok {
			return strings.TrimSpace(mode), nil
		}
	}
	return "", fmt.Errorf("%s does not serve: %q", addr, strings.TrimSpace(string(reply)))
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
