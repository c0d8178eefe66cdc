package kafka

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// wantWhole checks that an answer is read well, and that neither a part of it nor more
// than it is taken for an answer.
func wantWhole(t *testing.T, body []byte, flexible bool, decode func(*reader)) {
	t.Helper()
	for length := range body {
		if err := (&reader{rest: body[:length], flexible: flexible}).whole(decode); !errors.Is(err, errTruncated) {
			t.Fatalf("the first %d of %d bytes: %v, want %v", length, len(body), err, errTruncated)
		}
	}
	if err := (&reader{rest: append(body[:len(body):len(body)], 0), flexible: flexible}).whole(decode); !errors.Is(err, errSurplus) {
		t.Errorf("one byte more: %v, want %v", err, errSurplus)
	}
	if err := (&reader{rest: body, flexible: flexible}).whole(decode); err != nil {
		t.Error(err)
	}
}

func TestAllFormsOfListOffsets(t *testing.T) {
	for version := range int16(listOffsetsForm + 1) {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			partition := func(id int32, code int16, offset int64) kmsg.ListOffsetsResponseTopicPartition {
				p := kmsg.NewListOffsetsResponseTopicPartition()
				p.Partition, p.ErrorCode, p.Offset, p.LeaderEpoch, p.OldStyleOffsets, p.Timestamp = id, code, offset, 7, []int64{offset}, 1000
				return p
			}
			response := &kmsg.ListOffsetsResponse{Version: version, ThrottleMillis: 5, Topics: []kmsg.ListOffsetsResponseTopic{
				{Topic: "orders", Partitions: []kmsg.ListOffsetsResponseTopicPartition{partition(2, 0, 20), partition(0, 0, 0), partition(1, 6, -1)}},
				{Topic: "unasked", Partitions: []kmsg.ListOffsetsResponseTopicPartition{partition(0, 0, 1)}},
			}}
			var got Offsets
			wantWhole(t, response.AppendTo(nil), response.IsFlexible(), func(r *reader) {
				got = readOffsets(r, version, map[string][]int32{"orders": {0, 1, 2}})
			})
			want := map[string][]offsetOrCode{"orders": {
				{partition: 0, offset: cluster.OffsetAt(0), millis: 1000},
				{partition: 1, code: sarama.ErrNotLeaderForPartition, offset: cluster.UnknownOffset, millis: 1000},
				{partition: 2, offset: cluster.OffsetAt(20), millis: 1000},
			}}
			if version == 0 { // which has no timestamps
				for i := range want["orders"] {
					want["orders"][i].millis = -1
				}
			}
			if !reflect.DeepEqual(got.topics, want) {
				t.Errorf("read %+v, want %+v", got.topics, want)
			}
		})
	}
}

// fetchedTopic is what an answer to OffsetFetch tells of a topic.
func fetchedTopic(topic string) kmsg.OffsetFetchResponseTopic {
	t := kmsg.OffsetFetchResponseTopic{Topic: topic}
	for _, p := range []struct {
		id     int32
		offset int64
		code   int16
	}{{3, 30, 0}, {1, -1, 0}, {0, 5, 0}, {2, -1, 3}} {
		t.Partitions = append(t.Partitions, kmsg.OffsetFetchResponseTopicPartition{
			Partition: p.id, Offset: p.offset, LeaderEpoch: 7, Metadata: new(string), ErrorCode: p.code,
		})
	}
	return t
}

// wantFetched is what is to be read of that.
func wantFetched(topic string) cluster.GroupOffsets {
	return cluster.GroupOffsets{Topic: topic, Commits: []cluster.Commit{
		{Partition: 0, Offset: cluster.OffsetAt(5)}, {Partition: 2, Offset: cluster.UnknownOffset}, {Partition: 3, Offset: cluster.OffsetAt(30)},
	}}
}

func TestAllFormsOfOffsetFetch(t *testing.T) {
	for version := int16(1); version <= oneGroup; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			response := &kmsg.OffsetFetchResponse{Version: version, ThrottleMillis: 5, Topics: []kmsg.OffsetFetchResponseTopic{
				fetchedTopic("orders"), {Topic: "never"}, fetchedTopic("bills"),
			}}
			for _, code := range []int16{0, 16} {
				response.ErrorCode = code
				if version < 2 {
					response.Topics[0].Partitions[1].ErrorCode = code
				}
				var got []cluster.GroupOffsets
				var gotCode sarama.KError
				wantWhole(t, response.AppendTo(nil), response.IsFlexible(), func(r *reader) { got, gotCode = readCommitsOfOne(r, version, nil) })
				if want := []cluster.GroupOffsets{wantFetched("bills"), wantFetched("orders")}; code == 0 && !reflect.DeepEqual(got, want) {
					t.Errorf("read %+v, want %+v", got, want)
				}
				if gotCode != sarama.KError(code) {
					t.Errorf("the group's error is %d, want %d", gotCode, code)
				}
			}
		})
	}
}

func TestOffsetFetchOfSeveralGroups(t *testing.T) {
	group := func(name string, code int16, topics ...string) kmsg.OffsetFetchResponseGroup {
		g := kmsg.OffsetFetchResponseGroup{Group: name, ErrorCode: code}
		for _, topic := range topics {
			g.Topics = append(g.Topics, groupTopic(fetchedTopic(topic)))
		}
		return g
	}
	response := &kmsg.OffsetFetchResponse{Version: severalGroups, Groups: []kmsg.OffsetFetchResponseGroup{
		group("billing", 0, "orders", "bills"), group("loading", 14), group("unasked", 0, "orders"), group("idle", 0), group("twice", 0, "orders", "orders"),
	}}
	var got map[string]GroupCommits
	wantWhole(t, response.AppendTo(nil), true, func(r *reader) {
		got = map[string]GroupCommits{"billing": {}, "loading": {}, "idle": {}, "twice": {}, "silent": {Err: errNotAnswered}}
		readCommitsOfSeveral(r, Node{}, got)
	})
	if want := []cluster.GroupOffsets{wantFetched("bills"), wantFetched("orders")}; !reflect.DeepEqual(got["billing"].Topics, want) {
		t.Errorf("billing: %+v, want %+v", got["billing"], want)
	}
	if want := []cluster.GroupOffsets{wantFetched("orders")}; !reflect.DeepEqual(got["twice"].Topics, want) {
		t.Errorf("a topic that is told twice: %+v, want %+v", got["twice"].Topics, want)
	}
	if idle := got["idle"]; len(idle.Topics) != 0 || idle.Err != nil {
		t.Errorf("idle: %+v, want nothing", idle)
	}
	if !isCode(got["loading"].Err, sarama.ErrOffsetsLoadInProgress) || !errors.Is(got["silent"].Err, errNotAnswered) || len(got) != 5 {
		t.Errorf("read %+v", got)
	}
}

// groupTopic is the same in the form for several groups.
func groupTopic(of kmsg.OffsetFetchResponseTopic) kmsg.OffsetFetchResponseGroupTopic {
	t := kmsg.OffsetFetchResponseGroupTopic{Topic: of.Topic}
	for _, p := range of.Partitions {
		t.Partitions = append(t.Partitions, kmsg.OffsetFetchResponseGroupTopicPartition(p))
	}
	return t
}

func TestAllFormsOfMetadata(t *testing.T) {
	rack, name, id := "a", "orders", [16]byte{1}
	for version := range int16(metadataForm + 1) {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			response := &kmsg.MetadataResponse{
				Version: version, ThrottleMillis: 5, ClusterID: &name, ControllerID: 2, AuthorizedOperations: 1 << OpAlter,
				Brokers: []kmsg.MetadataResponseBroker{{NodeID: 2, Host: "k2", Port: 9092, Rack: &rack}, {NodeID: 1, Host: "k1", Port: 9093}},
				Topics: []kmsg.MetadataResponseTopic{{
					Topic: &name, TopicID: id, IsInternal: true, AuthorizedOperations: 1 << OpDescribe,
					Partitions: []kmsg.MetadataResponseTopicPartition{{
						Partition: 0, Leader: 2, LeaderEpoch: 7, Replicas: []int32{1, 2}, ISR: []int32{2}, OfflineReplicas: []int32{1},
					}},
				}},
			}
			var got *Metadata
			wantWhole(t, response.AppendTo(nil), response.IsFlexible(), func(r *reader) { got = readMetadata(r, version) })
			p := got.Picture.Topics[0].Partitions[0]
			if p.Leader != 2 || !reflect.DeepEqual(p.Replicas, []int32{1, 2}) || !reflect.DeepEqual(p.ISR, []int32{2}) {
				t.Errorf("partition %+v", p)
			}
			for what, told := range map[string]struct {
				since, until int16
				got          bool
			}{
				"rack":                    {1, metadataForm, got.Brokers[2].Rack == "a"},
				"no rack":                 {0, metadataForm, got.Brokers[1].Rack == "" && got.Brokers[1].Endpoints[0].Port == 9093},
				"controller":              {1, metadataForm, got.Controller == 2},
				"cluster":                 {2, metadataForm, got.ClusterID == "orders"},
				"offline":                 {5, metadataForm, reflect.DeepEqual(p.Offline, []int32{1})},
				"epoch":                   {7, metadataForm, p.LeaderEpoch == 7},
				"operations of the topic": {8, metadataForm, got.TopicOperations["orders"] == OperationsOf(OpDescribe)},
				"of the cluster":          {8, 10, got.ClusterOperations == OperationsOf(OpAlter)},
				"topic's id":              {10, metadataForm, got.Picture.Topics[0].ID == "AQAAAAAAAAAAAAAAAAAAAA"},
			} {
				if want := told.since <= version && version <= told.until; told.got != want {
					t.Errorf("%s told: %v, want %v", what, told.got, want)
				}
			}
		})
	}
}

// Lists of replicas lie side by side in memory, and must not run into each other.
func TestListsOfReplicasAreApart(t *testing.T) {
	body := new(message).int32(1).int32(7).int32(1).int32(8).Bytes()
	r := metadataReader{reader: &reader{rest: body}}
	first, second := r.ids(), r.ids()
	_ = append(first, 9)
	if len(second) != 1 || second[0] != 8 {
		t.Errorf("the second list is %v after the first has grown, want [8]", second)
	}
}
