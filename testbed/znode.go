package testbed

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/go-zookeeper/zk"
)

// ZK returns a connection to the ensemble, made at the first call and closed by
// Stop; nil where there is no ZooKeeper. Its paths are the whole ones: see
// Path. Its methods wait while there is no quorum.
func (c *Cluster) ZK() *zk.Conn {
	if len(c.zookeepers) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.zk == nil {
		// Connect fails only on an empty list. A short session has the client
		// leave a frozen server soon.
		conn, _, err := zk.Connect(addresses(c.zookeepers), 3*time.Second, zk.WithLogger(quiet{}), zk.WithLogInfo(false))
		if err != nil {
			panic("testbed: " + err.Error())
		}
		c.zk = conn
	}
	return c.zk
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

// Path returns the path of one of Kafka's znodes with the cluster's chroot
// before it.
func (c *Cluster) Path(znode string) string { return c.spec.Chroot + znode }

// znode reads one of Kafka's znodes, with its own time limit, because the
// client waits for ever while there is no quorum.
func (c *Cluster) znode(ctx context.Context, name string) ([]byte, error) {
	data, _, err := c.versioned(ctx, name)
	return data, err
}

// versioned is znode, with the version that setZnode wants.
func (c *Cluster) versioned(ctx context.Context, name string) (data []byte, version int32, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	type content struct {
		data    []byte
		version int32
	}
	got, err := await(ctx, func() (content, error) {
		data, stat, err := c.ZK().Get(c.Path(name))
		if err != nil {
			return content{}, err
		}
		return content{data, stat.Version}, nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("znode %s: %w", c.Path(name), err)
	}
	return got.data, got.version, nil
}

// children lists what lies below one of Kafka's znodes.
func (c *Cluster) children(ctx context.Context, name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	children, err := await(ctx, func() ([]string, error) {
		children, _, err := c.ZK().Children(c.Path(name))
		return children, err
	})
	if err != nil {
		return nil, fmt.Errorf("children of znode %s: %w", c.Path(name), err)
	}
	return children, nil
}

// setZnode replaces what one of Kafka's znodes holds, unless somebody else has
// since the version was read.
func (c *Cluster) setZnode(ctx context.Context, name string, data []byte, version int32) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := await(ctx, func() (*zk.Stat, error) { return c.ZK().Set(c.Path(name), data, version) })
	if err != nil {
		return fmt.Errorf("set znode %s: %w", c.Path(name), err)
	}
	return nil
}

// createZnode creates one of Kafka's znodes, persistent and open to all.
func (c *Cluster) createZnode(ctx context.Context, name string, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := await(ctx, func() (string, error) {
		return c.ZK().Create(c.Path(name), data, 0, zk.WorldACL(zk.PermAll))
	})
	if err != nil {
		return fmt.Errorf("create znode %s: %w", c.Path(name), err)
	}
	return nil
}

// createPath creates a path and what lies above it, the chroot not added.
func (c *Cluster) createPath(ctx context.Context, whole string) error {
	if whole == "" || whole == "/" {
		return nil
	}
	if err := c.createPath(ctx, path.Dir(whole)); err != nil {
		return err
	}
	_, err := await(ctx, func() (string, error) {
		return c.ZK().Create(whole, nil, 0, zk.WorldACL(zk.PermAll))
	})
	if err != nil && !errors.Is(err, zk.ErrNodeExists) {
		return fmt.Errorf("testbed: create znode %s: %w", whole, err)
	}
	return nil
}
