package kafka

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

func TestAllFormsOfDescribeConfigs(t *testing.T) {
	two, words := "2", "not yours"
	for version := range int16(configsForm + 1) {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			config := func(name string, value *string) kmsg.DescribeConfigsResponseResourceConfig {
				return kmsg.DescribeConfigsResponseResourceConfig{
					Name: name, Value: value, ReadOnly: true, IsDefault: true, Source: kmsg.ConfigSourceDefaultConfig, IsSensitive: true,
					ConfigType: kmsg.ConfigTypeInt, Documentation: &words, UnknownTags: newer(),
					ConfigSynonyms: []kmsg.DescribeConfigsResponseResourceConfigConfigSynonym{
						{Name: name, Value: value, Source: kmsg.ConfigSourceDefaultConfig, UnknownTags: newer()}, {Name: "min.insync.replicas", Value: &words},
					},
				}
			}
			resource := func(name string, code int16, configs ...kmsg.DescribeConfigsResponseResourceConfig) kmsg.DescribeConfigsResponseResource {
				r := kmsg.DescribeConfigsResponseResource{
					ResourceType: kmsg.ConfigResourceTypeTopic, ResourceName: name, ErrorCode: code, Configs: configs, UnknownTags: newer(),
				}
				if code != 0 {
					r.ErrorMessage = &words
				}
				return r
			}
			response := &kmsg.DescribeConfigsResponse{Version: version, ThrottleMillis: 5, UnknownTags: newer(), Resources: []kmsg.DescribeConfigsResponseResource{
				resource("orders", 0, config("retention.ms", &words), config("min.insync.replicas", &two), config("cleanup.policy", nil)),
				resource("unasked", 0, config("min.insync.replicas", &two)),
				resource("hidden", 29), resource("secret", 0, config("min.insync.replicas", nil)), resource("bare", 0),
			}}
			var got settings
			wantWhole(t, response.AppendTo(nil), response.IsFlexible(), func(r *reader) {
				got = readSettings(r, version, []string{"orders", "hidden", "secret", "bare", "silent"}, "min.insync.replicas")
			})
			if want := map[string]string{"orders": "2"}; !reflect.DeepEqual(got.told, want) {
				t.Errorf("told %v, want %v", got.told, want)
			}
			refused := map[string]string{}
			for name, err := range got.refused {
				refused[name] = err.Error()
			}
			none := "min.insync.replicas: " + errNoSetting.Error()
			want := map[string]string{
				"hidden": "min.insync.replicas: " + sarama.ErrTopicAuthorizationFailed.Error() + ` ("not yours")`, "secret": none, "bare": none, "silent": none,
			}
			if !reflect.DeepEqual(refused, want) {
				t.Errorf("refused %v, want %v", refused, want)
			}
		})
	}
}

func TestAllFormsOfConsumerGroupDescribe(t *testing.T) {
	words := "no such group"
	for version := range int16(consumerGroupsForm + 1) {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			assignment := func(topics ...string) (a kmsg.Assignment) {
				for _, topic := range topics {
					a.TopicPartitions = append(a.TopicPartitions, kmsg.AssignmentTopicPartition{
						TopicID: [16]byte{3}, Topic: topic, Partitions: []int32{0, 1, 2}, UnknownTags: newer(),
					})
				}
				a.UnknownTags = newer()
				return a
			}
			response := &kmsg.ConsumerGroupDescribeResponse{Version: version, ThrottleMillis: 5, UnknownTags: newer(), Groups: []kmsg.ConsumerGroupDescribeResponseGroup{
				{Group: "billing", State: "Stable", Epoch: 3, AssignmentEpoch: 3, AssignorName: "uniform", AuthorizedOperations: 1 << OpRead, UnknownTags: newer(),
					Members: []kmsg.ConsumerGroupDescribeResponseGroupMember{
						{MemberID: "m1", InstanceID: &words, RackID: &words, MemberEpoch: 3, ClientID: "c", ClientHost: "/10.0.0.1", MemberType: 1, UnknownTags: newer(),
							SubscribedTopics: []string{"orders", "bills"}, SubscribedTopicRegex: &words, Assignment: assignment("orders", "left"), TargetAssignment: assignment("coming")},
						{MemberID: "m2", SubscribedTopics: []string{"orders"}},
					}},
				{Group: "moving", State: "Reconciling", Members: make([]kmsg.ConsumerGroupDescribeResponseGroupMember, 1), AuthorizedOperations: -1 << 31},
				{Group: "gone", ErrorCode: 69, ErrorMessage: &words, AuthorizedOperations: -1 << 31},
				{Group: "unasked", State: "Empty", Members: []kmsg.ConsumerGroupDescribeResponseGroupMember{{SubscribedTopics: []string{"others"}}}},
				{Group: "idle", State: "Empty", AuthorizedOperations: -1 << 31},
			}}
			var got map[string]DescribedGroup
			wantWhole(t, response.AppendTo(nil), true, func(r *reader) {
				got = readConsumerGroups(r, version, Node{}, []string{"billing", "moving", "gone", "idle", "silent"})
			})
			for name, want := range map[string]DescribedGroup{
				"billing": {State: "Stable", ProtocolType: consumerProtocol, Members: 2, Idle: 1, Operations: OperationsOf(OpRead), Topics: []string{"bills", "coming", "left", "orders"}},
				"idle":    {State: "Empty", ProtocolType: consumerProtocol},
				"moving":  {State: "Reconciling", ProtocolType: consumerProtocol, Members: 1, Idle: cluster.UnknownMembers},
				"gone":    {Members: cluster.UnknownMembers, Idle: cluster.UnknownMembers, Err: &groupError{Node{}, "gone", codeError(sarama.ErrGroupIDNotFound, words)}},
				"silent":  {Members: cluster.UnknownMembers, Idle: cluster.UnknownMembers, Err: &groupError{Node{}, "silent", errNotAnswered}},
			} {
				if !reflect.DeepEqual(got[name], want) {
					t.Errorf("%s: %+v, want %+v", name, got[name], want)
				}
			}
			if len(got) != 5 {
				t.Errorf("read %v", got)
			}
		})
	}
}

func TestAllFormsOfListGroups(t *testing.T) {
	for version := range int16(listGroupsForm + 1) {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			response := &kmsg.ListGroupsResponse{Version: version, ThrottleMillis: 5, UnknownTags: newer(), Groups: []kmsg.ListGroupsResponseGroup{
				{Group: "orders", ProtocolType: "consumer", GroupState: "Stable", GroupType: "consumer", UnknownTags: newer()},
				{Group: "billing", GroupState: "Empty", GroupType: "classic"},
			}}
			for _, code := range []int16{0, 14} {
				response.ErrorCode = code
				var got []ListedGroup
				var refusal error
				wantWhole(t, response.AppendTo(nil), response.IsFlexible(), func(r *reader) { got, refusal = readListedGroups(r, version) })
				want := []ListedGroup{{Name: "billing", State: "Empty", Type: "classic"}, {Name: "orders", ProtocolType: "consumer", State: "Stable", Type: "consumer"}}
				for i := range want {
					if version < 4 {
						want[i].State = ""
					}
					if version < 5 {
						want[i].Type = ""
					}
				}
				if code != 0 {
					want = nil
				}
				if !reflect.DeepEqual(got, want) || isCode(refusal, sarama.ErrOffsetsLoadInProgress) != (code != 0) {
					t.Errorf("read %+v, %v; want %+v", got, refusal, want)
				}
			}
		})
	}
}

func TestAllFormsOfDescribeGroups(t *testing.T) {
	words := "i-1"
	member := func(id string, topics ...string) kmsg.DescribeGroupsResponseGroupMember {
		m := kmsg.DescribeGroupsResponseGroupMember{
			MemberID: id, InstanceID: &words, ClientID: "c", ClientHost: "/10.0.0.1", ProtocolMetadata: subscription(1, "orders"), UnknownTags: newer(),
		}
		if len(topics) > 0 {
			m.MemberAssignment = assignment(topics...)
		}
		return m
	}
	for version := range int16(describeGroupsForm + 1) {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			response := &kmsg.DescribeGroupsResponse{Version: version, ThrottleMillis: 5, UnknownTags: newer(), Groups: []kmsg.DescribeGroupsResponseGroup{
				{Group: "billing", State: "Stable", ProtocolType: "consumer", Protocol: "range", AuthorizedOperations: 1 << OpRead, UnknownTags: newer(),
					Members: []kmsg.DescribeGroupsResponseGroupMember{member("m1", "orders", "left"), member("m2")}},
				{Group: "moved", ErrorCode: 16, AuthorizedOperations: -1 << 31},
				{Group: "unasked", State: "Stable", ProtocolType: "consumer", Members: []kmsg.DescribeGroupsResponseGroupMember{member("m3", "others")}},
				{Group: "gone", State: "Dead", AuthorizedOperations: -1 << 31},
			}}
			var got map[string]DescribedGroup
			wantWhole(t, response.AppendTo(nil), response.IsFlexible(), func(r *reader) {
				got = readGroups(r, version, Node{}, []string{"billing", "moved", "gone", "silent"})
			})
			billing := DescribedGroup{State: "Stable", ProtocolType: "consumer", Members: 2, Idle: 1, Topics: []string{"left", "orders"}}
			if version >= 3 {
				billing.Operations = OperationsOf(OpRead)
			}
			want := map[string]DescribedGroup{
				"billing": billing,
				"gone":    {State: "Dead"},
				"moved":   failed(&groupError{Node{}, "moved", sarama.ErrNotCoordinatorForConsumer}),
				"silent":  failed(&groupError{Node{}, "silent", errNotAnswered}),
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("read %+v, want %+v", got, want)
			}
		})
	}
}
