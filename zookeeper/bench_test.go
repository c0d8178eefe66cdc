package zookeeper

import (
	"fmt"
	"strings"
	"testing"

	"github.com/evenkeel/evenkeel/cluster"
)

// partitionList returns n partitions as a topic's znode has them.
func partitionList(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"%d":[%d,%d]`, i, i%2, 1-i%2)
	}
	return list
}

// BenchmarkRegistry reads 2,000 partitions in 100 topics, from a fake server in
// the same process, whose share of the time is included.
func BenchmarkRegistry(b *testing.B) {
	z, s := newKafka(b)
	z.remove("/kafka/brokers/topics/t")
	const topics, partitions = 100, 20
	for i := range topics {
		name := fmt.Sprintf("topic-%d", i)
		z.set("/kafka/brokers/topics/"+name, `{"version":1,"partitions":{`+strings.Join(partitionList(partitions), ",")+`}}`)
		for p := range partitions {
			z.set(statePath(name, p), state01)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		got := s.Registry(b.Context(), nil)
		if picture, ok := got.Picture.Get(); !ok || len(picture.Topics) != topics {
			b.Fatalf("%+v", got)
		}
	}
}

// BenchmarkParse decodes what one partition costs: its state, and its share of a
// topic of 20.
func BenchmarkParse(b *testing.B) {
	topic := []byte(`{"version":1,"partitions":{` + strings.Join(partitionList(20), ",") + `}}`)
	state := []byte(state01)
	for i := 0; b.Loop(); i++ {
		var p cluster.Partition
		if err := parseState(state, &p); err != nil {
			b.Fatal(err)
		}
		if i%20 == 0 {
			if _, _, err := parseTopic(topic); err != nil {
				b.Fatal(err)
			}
		}
	}
}
