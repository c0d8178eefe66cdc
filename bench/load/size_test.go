package load

import (
	"strings"
	"testing"
)

func TestParseSizes(t *testing.T) {
	for list, want := range map[string]string{"S": "S", "L, S": "SL", "S,M,L": "SML"} {
		sizes, err := ParseSizes(list)
		var got string
		for _, s := range sizes {
			got += s.Name
		}
		if err != nil || got != want {
			t.Errorf("%s: %s, %v", list, got, err)
		}
	}
	for _, list := range []string{"", "S,XL", "s"} {
		if sizes, err := ParseSizes(list); err == nil || !strings.Contains(err.Error(), list) {
			t.Errorf("%q: %v, %v", list, sizes, err)
		}
	}
}

func TestAssignmentIsEven(t *testing.T) {
	for _, size := range Sizes() {
		led := make(map[int32]int)
		for topic := range size.Topics {
			for _, replicas := range size.assignment(topic) {
				led[replicas[0]]++
			}
		}
		third := size.Partitions() / Brokers
		for id := range int32(Brokers) {
			if led[id] < third-size.Topics || led[id] > third+size.Topics {
				t.Errorf("%v: broker %d leads %d", size, id, led[id])
			}
		}
	}
}
