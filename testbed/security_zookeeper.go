package testbed

import (
	"context"
	"fmt"
	"maps"
	"path"
	"strings"

	"github.com/go-zookeeper/zk"
)

// SecureAddr returns where the ZooKeeper server listens for clients with TLS, as
// host:port, and "" where Spec.ZooKeeperTLS has not asked for it.
func (s *Server) SecureAddr() string { return s.secureAddr }

// secureEnsemble returns the spec's settings for all ZooKeeper servers on top of
// those that TLS needs, and takes a second port for each server.
func (c *Cluster) secureEnsemble(properties map[string]string) map[string]string {
	for range c.spec.ZooKeepers + c.spec.Observers {
		c.security.zookeepers = append(c.security.zookeepers, loopback(c.ports.take()))
	}
	p := map[string]string{
		"serverCnxnFactory":       "org.apache.zookeeper.server.NettyServerCnxnFactory",
		"ssl.keyStore.type":       "PEM",
		"ssl.keyStore.location":   c.security.pki.serverStore(),
		"ssl.trustStore.type":     "PEM",
		"ssl.trustStore.location": c.security.pki.CAFile,
		"ssl.clientAuth":          "need",
	}
	maps.Copy(p, properties)
	return p
}

// addSecurePort has one server listen with TLS as well, if the spec wants it.
func (c *Cluster) addSecurePort(index int, p map[string]string) {
	if c.spec.ZooKeeperTLS {
		host, port, _ := strings.Cut(c.security.zookeepers[index], ":")
		p["secureClientPortAddress"], p["secureClientPort"] = host, port
	}
}

// CreateWithACL creates a znode that only one user may read, change and delete,
// after a login with ZooKeeper's digest scheme; the znodes above it are made
// open to all, if they are not there. The chroot is put before the name. The
// brokers log in as nobody, so a znode that they need is not for this: it goes
// with Spec.ZooKeeperOnly and a registry made by hand.
func (c *Cluster) CreateWithACL(ctx context.Context, name string, data []byte, user, password string) error {
	ctx, cancel := withDeadline(ctx)
	defer cancel()
	whole := c.Path(name)
	if err := c.createPath(ctx, path.Dir(whole)); err != nil {
		return err
	}
	_, err := await(ctx, func() (string, error) {
		return c.ZK().Create(whole, data, 0, zk.DigestACL(zk.PermAll, user, password))
	})
	if err != nil {
		return fmt.Errorf("testbed: create znode %s for %s: %w", whole, user, err)
	}
	return nil
}
