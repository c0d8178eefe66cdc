// Package load makes Kafka clusters with many partitions and consumer groups,
// with a counting proxy before each broker, for measurements.
package load

import (
	"fmt"
	"strings"
)

// Brokers is how many each cluster has.
const Brokers = 3

// Release is the Kafka release of the clusters; ZooKeeper is of the release that
// the testbed pairs with it.
const Release = "3.9.2"

// Size says how much there is in a cluster. Each group has committed for all
// partitions of one topic.
type Size struct {
	Name                       string
	Topics, PartitionsPerTopic int
	Groups                     int
}

// Sizes are those that there are, the smallest first.
func Sizes() []Size {
	return []Size{
		{Name: "S", Topics: 4, PartitionsPerTopic: 50, Groups: 20},
		{Name: "M", Topics: 102, PartitionsPerTopic: 50, Groups: 200},
		{Name: "L", Topics: 285, PartitionsPerTopic: 70, Groups: 1000},
	}
}

// ParseSizes returns the sizes of a list of names such as "S,M", in the order of
// Sizes.
func ParseSizes(list string) ([]Size, error) {
	asked := make(map[string]bool)
	for name := range strings.SplitSeq(list, ",") {
		asked[strings.TrimSpace(name)] = true
	}
	var out []Size
	for _, size := range Sizes() {
		if asked[size.Name] {
			out = append(out, size)
			delete(asked, size.Name)
		}
	}
	for name := range asked {
		return nil, fmt.Errorf("no size %q in %q; there are S, M and L", name, list)
	}
	return out, nil
}

// Partitions is their number in all topics together, Kafka's own aside.
func (s Size) Partitions() int { return s.Topics * s.PartitionsPerTopic }

func (s Size) String() string {
	return fmt.Sprintf("%s: %d partitions in %d topics, %d groups of %d partitions", s.Name, s.Partitions(), s.Topics, s.Groups, s.PartitionsPerTopic)
}

func topicName(i int) string { return fmt.Sprintf("shop.eu-west.order-events-%03d", i) }
func groupName(i int) string { return fmt.Sprintf("shop.eu-west.consumer-%04d", i) }

// assignment puts each partition on one broker, so that every broker leads a
// third of each topic.
func (s Size) assignment(topic int) map[int32][]int32 {
	out := make(map[int32][]int32, s.PartitionsPerTopic)
	for p := range int32(s.PartitionsPerTopic) {
		out[p] = []int32{(int32(topic) + p) % Brokers}
	}
	return out
}
