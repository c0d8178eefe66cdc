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

// newer are tagged fields of a release that is newer than we are.
func newer() (tags kmsg.Tags) {
	tags.Set(1000, []byte("what we do not know"))
	tags.Set(1001, nil)
	return tags
}

func TestAllFormsOfApiVersions(t *testing.T) {
	for _, version := range []int16{0, 1, 2, 3} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			for _, code := range []int16{0, 42} {
				response := kmsg.NewPtrApiVersionsResponse()
				response.Version, response.ErrorCode, response.ThrottleMillis, response.UnknownTags = version, code, 5, newer()
				response.FinalizedFeaturesEpoch, response.ZkMigrationReady = 7, true
				response.ApiKeys = []kmsg.ApiVersionsResponseApiKey{
					{ApiKey: keyMetadata, MinVersion: 1, MaxVersion: 13, UnknownTags: newer()}, {ApiKey: keyListOffsets, MaxVersion: 2},
				}
				response.SupportedFeatures = []kmsg.ApiVersionsResponseSupportedFeature{
					{Name: "group.version", MaxVersion: 1}, {Name: metadataVersion, MinVersion: 7, MaxVersion: 29, UnknownTags: newer()}, {Name: "kraft.version"},
				}
				response.FinalizedFeatures = []kmsg.ApiVersionsResponseFinalizedFeature{{Name: metadataVersion, MaxVersionLevel: 20, MinVersionLevel: 20}}
				var known spans
				var level int16
				var refusal error
				wantWhole(t, response.AppendTo(nil), response.IsFlexible(), func(r *reader) { known, level, refusal = readVersions(r, version) })
				if want := (spans{keyMetadata: {1, 13}, keyListOffsets: {0, 2}}); !reflect.DeepEqual(known, want) {
					t.Errorf("read %v, want %v", known, want)
				}
				if told := level == 29; told != (version == 3) {
					t.Errorf("metadata.version %d", level)
				}
				if (refusal == nil) != (code == 0) || code != 0 && !isCode(refusal, sarama.KError(code)) {
					t.Errorf("refused with %v, want %d", refusal, code)
				}
			}
		})
	}
}

// A field that holds less or more than features is as wrong as a whole answer would be.
func TestBrokenFeatures(t *testing.T) {
	for field, want := range map[string]error{
		"\x02\x02a\x00\x01\x00\x01":             errTruncated,
		"\x01\x00":                              errSurplus,
		"\xff\xff\xff\xff\x07\x02a\x00\x01\x00": errTruncated,
	} {
		m := new(message).int16(0).int8(1).int32(0).int8(1).int8(supportedFeatures).int8(int8(len(field)))
		m.WriteString(field)
		err := (&reader{rest: m.Bytes(), flexible: true}).whole(func(r *reader) { _, _, _ = readVersions(r, 3) })
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", field, err, want)
		}
	}
}

func TestAllFormsOfDescribeCluster(t *testing.T) {
	rack, words := "a", "not now"
	for version := range int16(describeClusterForm + 1) {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			response := &kmsg.DescribeClusterResponse{
				Version: version, ThrottleMillis: 5, EndpointType: brokersOnly, ClusterID: "c1", ControllerID: 2,
				ClusterAuthorizedOperations: 1 << OpDescribe, UnknownTags: newer(),
				Brokers: []kmsg.DescribeClusterResponseBroker{
					{NodeID: 1, Host: "k1", Port: 9092, Rack: &rack, UnknownTags: newer()}, {NodeID: 2, Host: "k2", Port: 9093, IsFenced: true},
				},
			}
			var got *ClusterDescription
			var refusal error
			read := func(r *reader) { got, refusal = readClusterDescription(r, version) }
			wantWhole(t, response.AppendTo(nil), true, read)
			want := &ClusterDescription{ClusterID: "c1", Operations: OperationsOf(OpDescribe), Brokers: map[int32]*cluster.Registration{
				1: {ID: 1, Rack: "a", Endpoints: []cluster.Endpoint{{Host: "k1", Port: 9092}}},
				2: {ID: 2, Endpoints: []cluster.Endpoint{{Host: "k2", Port: 9093}}, Fenced: version >= 2},
			}}
			if refusal != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("read %+v, %v; want %+v", got, refusal, want)
			}
			response.Brokers = nil
			if wantWhole(t, response.AppendTo(nil), true, read); !errors.Is(refusal, ErrNotIntegrated) {
				t.Errorf("without brokers: %v", refusal)
			}
			response.ErrorCode, response.ErrorMessage = 31, &words
			if wantWhole(t, response.AppendTo(nil), true, read); !isPermission(refusal) || refusal.Error() != sarama.ErrClusterAuthorizationFailed.Error()+` ("not now")` {
				t.Errorf("refused with %v", refusal)
			}
		})
	}
}

func TestAllFormsOfReassignments(t *testing.T) {
	words := "no"
	response := &kmsg.ListPartitionReassignmentsResponse{ThrottleMillis: 5, UnknownTags: newer(), Topics: []kmsg.ListPartitionReassignmentsResponseTopic{
		{Topic: "orders", UnknownTags: newer(), Partitions: []kmsg.ListPartitionReassignmentsResponseTopicPartition{
			{Partition: 3, Replicas: []int32{1, 2, 3}, AddingReplicas: []int32{3}, RemovingReplicas: []int32{1}, UnknownTags: newer()}, {Partition: 4},
		}},
		{Topic: "bills", Partitions: []kmsg.ListPartitionReassignmentsResponseTopicPartition{{Partition: 0, Replicas: []int32{7}}}},
	}}
	var got Moves
	var refusal error
	read := func(r *reader) { got, refusal = readMoves(r, reassignmentsForm) }
	wantWhole(t, response.AppendTo(nil), true, read)
	want := Moves{"orders": {3: {Replicas: []int32{1, 2, 3}, Adding: []int32{3}, Removing: []int32{1}}, 4: {}}, "bills": {0: {Replicas: []int32{7}}}}
	if refusal != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, %v; want %+v", got, refusal, want)
	}
	response.ErrorCode, response.ErrorMessage = 41, &words
	if wantWhole(t, response.AppendTo(nil), true, read); !IsNotController(refusal) {
		t.Errorf("refused with %v", refusal)
	}
}

func TestAllFormsOfDescribeQuorum(t *testing.T) {
	words := "no"
	for version := range int16(quorumForm + 1) {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			replica := func(id int32, end int64) kmsg.DescribeQuorumResponseTopicPartitionReplicaState {
				return kmsg.DescribeQuorumResponseTopicPartitionReplicaState{
					ReplicaID: id, LogEndOffset: end, LastFetchTimestamp: 11, LastCaughtUpTimestamp: 12, ReplicaDirectoryID: [16]byte{9}, UnknownTags: newer(),
				}
			}
			partition := kmsg.DescribeQuorumResponseTopicPartition{
				LeaderID: 2, LeaderEpoch: 5, HighWatermark: 40, UnknownTags: newer(),
				CurrentVoters: []kmsg.DescribeQuorumResponseTopicPartitionReplicaState{replica(1, 39), replica(2, 41)},
				Observers:     []kmsg.DescribeQuorumResponseTopicPartitionReplicaState{replica(7, -1)},
			}
			topic := kmsg.DescribeQuorumResponseTopic{Topic: metadataTopic, Partitions: []kmsg.DescribeQuorumResponseTopicPartition{partition}, UnknownTags: newer()}
			response := &kmsg.DescribeQuorumResponse{
				Version: version, Topics: []kmsg.DescribeQuorumResponseTopic{topic}, UnknownTags: newer(),
				Nodes: []kmsg.DescribeQuorumResponseNode{{NodeID: 1, UnknownTags: newer(), Listeners: []kmsg.DescribeQuorumResponseNodeListener{
					{Name: "CONTROLLER", Host: "k1", Port: 9093, UnknownTags: newer()},
				}}, {NodeID: 2}},
			}
			var got *cluster.Quorum
			var refusal error
			read := func(r *reader) { got, refusal = readQuorum(r, version) }
			wantWhole(t, response.AppendTo(nil), true, read)
			want := &cluster.Quorum{
				Leader: 2, Epoch: 5, HighWatermark: 40, Observers: []cluster.QuorumReplica{{ID: 7, LogEnd: cluster.UnknownOffset}},
				Voters: []cluster.QuorumReplica{{ID: 1, LogEnd: cluster.OffsetAt(39)}, {ID: 2, LogEnd: cluster.OffsetAt(41)}},
			}
			if refusal != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("read %+v, %v; want %+v", got, refusal, want)
			}
			for what, change := range map[string]func(){
				"two partitions": func() { response.Topics = append(response.Topics, topic) },
				"none":           func() { response.Topics = nil },
				"its refusal": func() {
					refused := topic
					refused.Partitions = []kmsg.DescribeQuorumResponseTopicPartition{{ErrorCode: 6, ErrorMessage: &words}}
					response.Topics = []kmsg.DescribeQuorumResponseTopic{refused}
				},
				"that of the whole": func() { response.ErrorCode, response.ErrorMessage = 31, &words },
			} {
				before := *response
				change()
				wantWhole(t, response.AppendTo(nil), true, read)
				*response = before
				if got != nil || refusal == nil || errors.Is(refusal, errNoQuorum) != (what == "none" || what == "two partitions") {
					t.Errorf("%s: %v, %v", what, got, refusal)
				}
			}
		})
	}
}

// An answer may announce two billion tagged fields and hold none.
func TestTaggedFieldsThatAreNotThere(t *testing.T) {
	for _, tt := range []struct {
		response kmsg.Response
		version  int16
		decode   func(*reader)
	}{
		{kmsg.NewPtrApiVersionsResponse(), 3, func(r *reader) { _, _, _ = readVersions(r, 3) }},
		{kmsg.NewPtrDescribeClusterResponse(), describeClusterForm, func(r *reader) { _, _ = readClusterDescription(r, describeClusterForm) }},
		{kmsg.NewPtrListPartitionReassignmentsResponse(), reassignmentsForm, func(r *reader) { _, _ = readMoves(r, reassignmentsForm) }},
		{kmsg.NewPtrDescribeQuorumResponse(), quorumForm, func(r *reader) { _, _ = readQuorum(r, quorumForm) }},
		{kmsg.NewPtrDescribeConfigsResponse(), configsForm, func(r *reader) { readSettings(r, configsForm, nil, "") }},
		{kmsg.NewPtrConsumerGroupDescribeResponse(), consumerGroupsForm, func(r *reader) { readConsumerGroups(r, consumerGroupsForm, Node{}, nil) }},
		{kmsg.NewPtrMetadataResponse(), metadataForm, func(r *reader) { readMetadata(r, metadataForm) }},
	} {
		tt.response.SetVersion(tt.version)
		body := tt.response.AppendTo(nil)
		wantWhole(t, body, true, tt.decode)
		body = append(body[:len(body)-1], 0xff, 0xff, 0xff, 0xff, 0x07) // in place of none
		if err := (&reader{rest: body, flexible: true}).whole(tt.decode); !errors.Is(err, errTruncated) {
			t.Errorf("%s: %v, want %v", kmsg.NameForKey(tt.response.Key()), err, errTruncated)
		}
	}
}
