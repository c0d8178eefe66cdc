//go:build cluster

package bench

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/evenkeel/evenkeel/testbed"
	"github.com/evenkeel/evenkeel/zookeeper"
)

// BenchmarkRegistry reads the registry of a large cluster from a real ZooKeeper
// 3.4.6: all of it, as after a start, and once more while nothing has changed, as
// from poll to poll. There are no brokers: what they and the controller write is
// written by the benchmark.
func BenchmarkRegistry(b *testing.B) {
	for _, partitions := range []int{2_000, 20_000} {
		c := testbed.StartT(b, testbed.Spec{ZooKeeperOnly: true, ZooKeepers: 1})
		writeRegistry(b, c.ZK(), partitions)
		servers := strings.Split(c.ZooKeeperConnect(), ",")
		for name, changed := range map[string]func(string){"all": nil, "unchanged": func(string) {}} {
			b.Run(fmt.Sprintf("%d partitions/%s", partitions, name), func(b *testing.B) {
				session := zookeeper.NewSession(zookeeper.SessionOptions{Servers: servers, Changed: changed})
				defer session.Close()
				benchmarkRegistry(b, session, partitions)
			})
		}
	}
}

func benchmarkRegistry(b *testing.B, session *zookeeper.Session, partitions int) {
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
	defer cancel()
	session.Registry(ctx, nil) // opens the session, and sets the watches where there are any
	b.ReportAllocs()
	begun := cpuTime(b)
	for b.Loop() {
		registry := session.Registry(ctx, nil)
		picture, ok := registry.Picture.Get()
		if !ok || len(picture.Topics) != partitions/100 || len(picture.Topics[0].Partitions) != 100 {
			b.Fatalf("not read: %v", registry.Picture.Err())
		}
	}
	b.ReportMetric(float64((cpuTime(b)-begun).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// writeRegistry writes two brokers and topics of 100 partitions each.
func writeRegistry(b *testing.B, conn *zk.Conn, partitions int) {
	const perTopic = 100
	var ops []any
	flush := func(limit int) {
		if len(ops) < limit {
			return
		}
		if _, err := conn.Multi(ops...); err != nil {
			b.Fatal(err)
		}
		ops = ops[:0]
	}
	add := func(path, data string) {
		ops = append(ops, &zk.CreateRequest{Path: path, Data: []byte(data), Acl: zk.WorldACL(zk.PermAll)})
		flush(500)
	}
	for _, path := range []string{"/brokers", "/brokers/ids", "/brokers/topics", "/admin", "/admin/delete_topics"} {
		add(path, "")
	}
	for id := range 2 {
		add(fmt.Sprintf("/brokers/ids/%d", id), `{"jmx_port":-1,"timestamp":"1","endpoints":["PLAINTEXT://127.0.0.1:9092"],"host":"127.0.0.1","version":2,"port":9092}`)
	}
	add("/controller", `{"version":1,"brokerid":0,"timestamp":"1"}`)
	var list []string
	for p := range perTopic {
		list = append(list, fmt.Sprintf(`"%d":[%d,%d]`, p, p%2, 1-p%2))
	}
	for t := range partitions / perTopic {
		topic := fmt.Sprintf("/brokers/topics/topic-%04d", t)
		add(topic, `{"version":1,"partitions":{`+strings.Join(list, ",")+`}}`)
		add(topic+"/partitions", "")
		for p := range perTopic {
			add(fmt.Sprintf("%s/partitions/%d", topic, p), "")
			add(fmt.Sprintf("%s/partitions/%d/state", topic, p), fmt.Sprintf(`{"controller_epoch":1,"leader":%d,"version":1,"leader_epoch":0,"isr":[%d,%d]}`, p%2, p%2, 1-p%2))
		}
	}
	flush(1)
}
