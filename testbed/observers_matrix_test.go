//go:build matrix && cluster

package testbed

import "testing"

func TestEveryObserver(t *testing.T) {
	for _, zookeeper := range ZooKeeperReleases() {
		t.Run(zookeeper, func(t *testing.T) { observe(t, zookeeper) })
	}
}
