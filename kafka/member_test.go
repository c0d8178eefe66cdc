package kafka

import (
	"errors"
	"maps"
	"slices"
	"testing"
)

// subscription builds what a consumer sends when it joins: version, topics, user
// data.
func subscription(version int16, topics ...string) []byte {
	m := new(message).int16(version).int32(int32(len(topics)))
	for _, topic := range topics {
		m.str(topic)
	}
	return m.blob(nil).Bytes()
}

// assignment builds what a consumer is assigned: two partitions of each topic.
func assignment(topics ...string) []byte {
	m := new(message).int16(0).int32(int32(len(topics)))
	for _, topic := range topics {
		m.str(topic).int32(2).int32(0).int32(1)
	}
	return m.blob([]byte("user data")).Bytes()
}

func TestMemberTopics(t *testing.T) {
	whole := assignment("orders")
	for _, tt := range []struct {
		name                     string
		subscription, assignment []byte
		want                     []string
		partitions               int
		odd                      bool // the assignment is
		wantErr                  error
	}{
		{"rebalancing", nil, nil, nil, 0, false, nil},
		{"subscribed only", subscription(0, "orders", "bills"), nil, []string{"bills", "orders"}, 0, false, nil},
		{"assigned what it did not subscribe", subscription(0, "a"), assignment("b"), []string{"a", "b"}, 2, false, nil},
		{"subscribed to nothing", subscription(0), assignment(), nil, 0, false, nil},
		{"a null list", new(message).int16(0).int32(-1).Bytes(), nil, nil, 0, false, nil},
		{"owned partitions of version 1", append(subscription(1, "a"), 0, 0, 0, 0), nil, []string{"a"}, 0, false, nil},
		{"a version to come", append(subscription(99, "a"), "what will be there"...), nil, []string{"a"}, 0, false, nil},
		{"no user data", new(message).int16(0).int32(1).str("a").Bytes(), nil, []string{"a"}, 0, false, nil},
		{"cut off in the partitions", nil, whole[:len(whole)-16], nil, 0, true, errTruncated},
		{"one of two broken", []byte{0}, assignment("b"), []string{"b"}, 2, false, errTruncated},
		{"more topics announced than there are", new(message).int16(0).int32(1 << 30).str("a").Bytes(), nil, nil, 0, false, errTruncated},
		{"negative length of a name", new(message).int16(0).int32(1).int16(-1).Bytes(), nil, nil, 0, false, errTruncated},
		{"negative number of partitions", nil, new(message).int16(0).int32(1).str("a").int32(-1).Bytes(), nil, 0, true, errTruncated},
		{"an empty name", subscription(0, ""), nil, nil, 0, false, errTopicName},
		{"a name that is none", subscription(0, "a\xff\xfe"), nil, nil, 0, false, errTopicName},
		{"JSON", []byte(`{"topics":["a"]}`), nil, nil, 0, false, errTruncated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			topics := map[string]bool{}
			partitions, understood, err := memberTopics(tt.subscription, tt.assignment, topics)
			got := slices.Sorted(maps.Keys(topics))
			if !slices.Equal(got, tt.want) || !errors.Is(err, tt.wantErr) || partitions != tt.partitions || understood == tt.odd {
				t.Errorf("memberTopics = %q, %d, %v, %v; want %+v", got, partitions, understood, err, tt)
			}
		})
	}
}

func FuzzMemberTopics(f *testing.F) {
	f.Add(subscription(3, "orders"), assignment("orders"))
	f.Add([]byte(nil), []byte{0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0})
	f.Fuzz(func(t *testing.T, subscription, assignment []byte) {
		topics := map[string]bool{}
		partitions, understood, err := memberTopics(subscription, assignment, topics)
		for topic := range topics {
			if !legalTopic([]byte(topic)) {
				t.Errorf("%q is no topic", topic)
			}
		}
		if partitions < 0 || partitions*4 > len(assignment) || !understood && err == nil {
			t.Errorf("%d partitions in %d bytes, understood %v, %v", partitions, len(assignment), understood, err)
		}
	})
}
