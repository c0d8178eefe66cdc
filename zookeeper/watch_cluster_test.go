//go:build cluster

package zookeeper

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/testbed"
)

// TestWatchesOfReleases has real servers tell of everything that is watched, and of
// ten thousand changes once.
func TestWatchesOfReleases(t *testing.T) {
	for _, release := range []string{"3.4.6", "3.9.5"} {
		t.Run(release, func(t *testing.T) {
			c := testbed.StartT(t, testbed.Spec{ZooKeeper: release, ZooKeeperOnly: true, ZooKeepers: 1})
			write := writer{t, c.ZK()}
			write.create("/brokers", "/brokers/ids", "/brokers/topics", "/admin", "/admin/delete_topics", "/isr_change_notification")
			write.create("/brokers/ids/0=" + broker09)
			h := &told{}
			s := newTestSession(t, SessionOptions{Servers: strings.Split(c.ZooKeeperConnect(), ","), Changed: h.hear})
			readAll(t, s)
			for path, create := range map[string]string{
				idsPath:        "/brokers/ids/1=" + broker28,
				controllerPath: `/controller={"version":1,"brokerid":0,"timestamp":"1"}`,
				topicsPath:     `/brokers/topics/t={"version":1,"partitions":{}}`,
				deletePath:     "/admin/delete_topics/t",
				electionPath:   `/admin/preferred_replica_election={"version":1,"partitions":[]}`,
				reassignPath:   `/admin/reassign_partitions={"version":1,"partitions":[]}`,
			} {
				write.create(create)
				began := time.Now()
				h.expect(t, path)
				t.Logf("%s was told within %v", path, time.Since(began))
				readAll(t, s)
			}
			for _, path := range []string{controllerPath, electionPath, reassignPath} {
				if err := write.conn.Delete(path, -1); err != nil {
					t.Fatal(err)
				}
				h.expect(t, path)
				readAll(t, s)
			}
			for range 500 {
				readAll(t, s)
			}
			// A word of 3.4, which tells of watches on data only, each in a line of its own.
			if release == "3.4.6" {
				reply, _, err := ask(within(t), defaultDial, s.opts.Servers[0], "wchc")
				if n := strings.Count(string(reply), "\t"); err != nil || n != 3 {
					t.Errorf("%d watches on data at the server, want 3: %q, %v", n, reply, err)
				}
			}
			for range 2 {
				write.notifications(10_000)
				h.expect(t, notificationsPath)
				settled(t, s)
				if again := h.all(); len(again) > 0 {
					t.Errorf("before the next reading %q was told", again)
				}
				readAll(t, s)
			}
			if err := c.ZooKeeper(0).Kill(); err != nil {
				t.Fatal(err)
			}
			h.expect(t, sessionNotice)
			if err := c.ZooKeeper(0).Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the return is told of", func() bool { return slices.Contains(h.all(), sessionNotice) })
			readAll(t, s)
			h.forget()
			write.create("/brokers/ids/2=" + broker28)
			h.expect(t, idsPath)
		})
	}
}

// writer changes a tree as Kafka does.
type writer struct {
	t    *testing.T
	conn *zk.Conn
}

// create makes znodes, written PATH or PATH=DATA. A connection that the server's
// restart has broken may fail once.
func (w writer) create(nodes ...string) {
	w.t.Helper()
	for _, node := range nodes {
		path, data, _ := strings.Cut(node, "=")
		eventually(w.t, "create "+path, func() bool {
			_, err := w.conn.Create(path, []byte(data), 0, zk.WorldACL(zk.PermAll))
			return err == nil
		})
	}
}

func (w writer) notifications(n int) {
	w.t.Helper()
	var ops []any
	for i := range n {
		ops = append(ops, &zk.CreateRequest{
			Path: "/isr_change_notification/isr_change_", Data: []byte("{}"),
			Acl: zk.WorldACL(zk.PermAll), Flags: zk.FlagSequence,
		})
		if len(ops) == 1000 || i == n-1 {
			if _, err := w.conn.Multi(ops...); err != nil {
				w.t.Fatal(fmt.Errorf("make notifications: %w", err))
			}
			ops = nil
		}
	}
}
