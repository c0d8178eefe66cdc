//go:build cluster

package testbed

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestObserver(t *testing.T) { observe(t, "3.4.6") }

// observe sees an observer follow, and a voter without a quorum serve read-only,
// which only a flag of the JVM allows.
func observe(t *testing.T, zookeeper string) {
	t.Helper()
	c := begin(t, Spec{
		ZooKeeper: zookeeper, ZooKeeperOnly: true, ZooKeepers: 2, Observers: 1,
		ZooKeeperOptions:    []string{"-Dreadonlymode.enabled=true"},
		ZooKeeperProperties: map[string]string{"4lw.commands.whitelist": "*"},
	})
	servers := c.ZooKeepers()
	if mode, err := zkMode(servers[2].Addr()); len(servers) != 3 || err != nil || mode != "observer" {
		t.Fatalf("the last of %d servers is %s, %v", len(servers), mode, err)
	}
	must(t, servers[0].Kill())
	must(t, waitFor(t.Context(), "wait for the read-only mode", func() error {
		return readOnly(servers[1].Addr())
	}))
}

// readOnly fails until a server says that it serves reads alone.
func readOnly(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, "isro"); err != nil {
		return err
	}
	reply, err := io.ReadAll(conn)
	if err == nil && strings.TrimSpace(string(reply)) != "ro" {
		err = fmt.Errorf("%s answers %q", addr, reply)
	}
	return err
}
