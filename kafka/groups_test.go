package kafka

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestListGroups(t *testing.T) {
	for _, tt := range []struct {
		name         string
		registration int
		answer       answer
		want         []ListedGroup
		wantErr      error
	}{
		{
			"0.9", 2,
			new(message).int16(0).int32(3).str("b").str("consumer").str("a").str("").str("c").str("connect").answer(),
			[]ListedGroup{{Name: "a"}, {Name: "b", ProtocolType: "consumer"}, {Name: "c", ProtocolType: "connect"}},
			nil,
		},
		{"none", 2, new(message).int16(0).int32(0).answer(), nil, nil},
		{
			"still loading its groups: the list is not whole", 2,
			new(message).int16(14).int32(1).str("b").str("consumer").answer(),
			nil, sarama.ErrOffsetsLoadInProgress,
		},
		{
			"2.6, with states", 5,
			answer{body: slices.Concat(
				new(message).int8(0).int32(0).int16(0).int8(2).Bytes(), // header's tagged fields, throttle time, error, one group
				new(message).compact("a").compact("consumer").compact("Stable").int8(0).int8(0).Bytes(),
			)},
			[]ListedGroup{{Name: "a", ProtocolType: "consumer", State: "Stable"}}, nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t, func(r received) answer {
				if r.key == keyAPIVersions {
					return versions(map[int16]int16{keyListGroups: 4})
				}
				return tt.answer
			})
			got, err := newTestClient(t).ListGroups(within(t), f.node(tt.registration))
			if !slices.Equal(got, tt.want) || !errors.Is(err, tt.wantErr) {
				t.Errorf("ListGroups = %+v, %v; want %+v, %v", got, err, tt.want, tt.wantErr)
			}
		})
	}
}

func TestKafka08IsNotAskedForGroups(t *testing.T) {
	f := newFake(t, func(received) answer { return answer{hangUp: true} })
	c := newTestClient(t)
	var unknown *unknownError
	if _, err := c.ListGroups(within(t), f.node(1)); !errors.As(err, &unknown) {
		t.Errorf("ListGroups: %v, want it refused", err)
	}
	if _, err := c.DescribeGroups(within(t), f.node(1), []string{"a"}); !errors.As(err, &unknown) {
		t.Errorf("DescribeGroups: %v, want it refused", err)
	}
	if n := len(f.seen()); n != 0 {
		t.Errorf("%d requests were sent, want none", n)
	}
}

// group adds a group to an answer of version 0.
func group(m *message, code int16, name, state, protocolType string, members ...[2][]byte) {
	m.int16(code).str(name).str(state).str(protocolType).str("range").int32(int32(len(members)))
	for i, member := range members {
		m.str(strings.Repeat("m", i+1)).str("client").str("/127.0.0.1").blob(member[0]).blob(member[1])
	}
}

func TestDescribeGroups(t *testing.T) {
	f := newFake(t, func(received) answer {
		m := new(message).int32(13)
		group(m, 0, "active", "Stable", "consumer",
			[2][]byte{subscription(0, "orders", "bills"), assignment("orders")},
			[2][]byte{subscription(0, "orders"), assignment("returns")})
		group(m, 0, "rebalancing", "AwaitingSync", "consumer", [2][]byte{nil, nil})
		group(m, 0, "gone", "Dead", "")
		group(m, 0, "connect", "Stable", "connect", [2][]byte{[]byte("not ours"), nil})
		group(m, 16, "elsewhere", "", "")
		group(m, 0, "odd", "Stable", "consumer",
			[2][]byte{subscription(0, "orders"), nil}, [2][]byte{[]byte("rubbish"), nil})
		group(m, 0, "some idle", "Stable", "consumer",
			[2][]byte{subscription(0, "orders"), assignment("orders")},
			[2][]byte{subscription(0, "orders"), nil},
			[2][]byte{subscription(0, "orders"), new(message).int16(0).int32(1).str("orders").int32(0).Bytes()})
		group(m, 0, "empty", "Empty", "consumer")
		group(m, 0, "only commits", "Empty", "")
		group(m, 0, "empty connect", "Empty", "connect")
		group(m, 0, "odd assignment", "Stable", "consumer",
			[2][]byte{subscription(0, "orders"), []byte("rubbish")}, [2][]byte{subscription(0, "orders"), nil})
		group(m, 0, "all odd", "Stable", "consumer", slices.Repeat([][2][]byte{{nil, []byte("rubbish")}}, 2*mostFaults)...)
		group(m, 0, "not asked for", "Stable", "consumer")
		return m.answer()
	})
	ask := []string{
		"active", "some idle", "rebalancing", "empty", "only commits", "gone", "connect", "empty connect", "elsewhere", "odd", "odd assignment", "all odd", "forgotten",
	}
	described, err := newTestClient(t).DescribeGroups(within(t), f.node(2), ask)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, state   string
		members, idle int
		topics        []string
		faults        int
		err           error
	}{
		{"active", "Stable", 2, 0, []string{"bills", "orders", "returns"}, 0, nil},
		{"some idle", "Stable", 3, 2, []string{"orders"}, 0, nil},
		{"rebalancing", "AwaitingSync", 1, cluster.UnknownMembers, nil, 0, nil},
		{"empty", "Empty", 0, 0, nil, 0, nil},
		{"only commits", "Empty", 0, 0, nil, 0, nil},
		{"gone", "Dead", 0, 0, nil, 0, nil},
		{"connect", "Stable", 1, cluster.UnknownMembers, nil, 0, nil},
		{"empty connect", "Empty", 0, cluster.UnknownMembers, nil, 0, nil},
		{"elsewhere", "", cluster.UnknownMembers, cluster.UnknownMembers, nil, 0, sarama.ErrNotCoordinatorForConsumer},
		{"odd", "Stable", 2, 2, []string{"orders"}, 1, nil},
		{"odd assignment", "Stable", 2, cluster.UnknownMembers, []string{"orders"}, 1, nil},
		{"all odd", "Stable", 2 * mostFaults, cluster.UnknownMembers, nil, mostFaults, nil},
		{"forgotten", "", cluster.UnknownMembers, cluster.UnknownMembers, nil, 0, errNotAnswered},
	} {
		got, ok := described[tt.name]
		if !ok || got.State != tt.state || got.Members != tt.members || got.Idle != tt.idle || !slices.Equal(got.Topics, tt.topics) ||
			len(got.Faults) != tt.faults || !errors.Is(got.Err, tt.err) {
			t.Errorf("group %q = %+v, want %+v", tt.name, got, tt)
		}
	}
	if len(described) != len(ask) {
		t.Errorf("%d groups are described, want the %d that were asked for", len(described), len(ask))
	}
	if seen := f.seen(); len(seen) != 1 || seen[0].version != 0 {
		t.Errorf("%+v were sent, want one request of version 0", seen)
	}
}

func TestDescribeNoGroupsAsksNothing(t *testing.T) {
	f := newFake(t, func(received) answer { return answer{hangUp: true} })
	got, err := newTestClient(t).DescribeGroups(within(t), f.node(2), nil)
	if len(got) != 0 || err != nil || len(f.seen()) != 0 {
		t.Errorf("DescribeGroups of none = %v, %v after %d requests", got, err, len(f.seen()))
	}
}
