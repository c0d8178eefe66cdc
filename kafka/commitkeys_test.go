package kafka

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// fetched is an answer to Fetch about one partition of the topic with the commits.
func fetched(version int16, partition int32, code int16, end int64, set []byte) answer {
	m := new(message)
	if version >= 1 {
		m.int32(0)
	}
	return m.int32(1).str(offsetsTopic).int32(1).int32(partition).int16(code).int64(end).blob(set).answer()
}

func TestCommitKeys(t *testing.T) {
	set := slices.Concat(
		logged(0, 40, 0, commitKey(0, "billing", "orders", 3), committed),
		logged(0, 44, 0, commitKey(1, "audit", "orders", 0), nil),
	)
	for registration, version := range map[int]int16{1: 0, 2: 1, 3: 2} {
		f := newFake(t, func(r received) answer {
			if r.key == keyAPIVersions {
				return versions(map[int16]int16{keyFetch: 3, keyListOffsets: 1, keyOffsetFetch: 1})
			}
			return fetched(r.version, 7, 0, 45, set)
		})
		got, err := newTestClient(t).CommitKeys(within(t), f.node(registration), 7, cluster.OffsetAt(40))
		want := CommitKeys{
			Keys: []CommitKey{{Group: "billing", Topic: "orders", Partition: 3}, {Group: "audit", Topic: "orders", Gone: true}},
			Next: cluster.OffsetAt(45), AtEnd: true,
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("version %d: %+v, %v; want %+v", version, got, err, want)
		}
		// A consumer, no wait, no least size; one partition, where, and how much.
		body := new(message).int32(-1).int32(0).int32(0).int32(1).str(offsetsTopic).int32(1).int32(7).int64(40).int32(1 << 20).Bytes()
		if seen := f.seen(keyFetch); len(seen) != 1 || seen[0].version != version || !slices.Equal(seen[0].body, body) {
			t.Errorf("%+v were sent, want one request of version %d with body %v", seen, version, body)
		}
	}
}

// Where the log was cut off at either end, the caller is told where it begins.
func TestCommitKeysOutOfRange(t *testing.T) {
	const start = 12
	f := newFake(t, func(r received) answer {
		if r.key == keyListOffsets {
			m := new(message).int32(1).str(offsetsTopic).int32(1)
			offsetsV0(m, 7, 0, start)
			return m.answer()
		}
		return fetched(r.version, 7, 1, -1, nil)
	})
	c := newTestClient(t)
	for _, from := range []cluster.Offset{cluster.UnknownOffset, cluster.OffsetAt(0), cluster.OffsetAt(1000)} {
		got, err := c.CommitKeys(within(t), f.node(2), 7, from)
		if want := (CommitKeys{Next: cluster.OffsetAt(start)}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("from %d: %+v, %v; want %+v", from.Int(), got, err, want)
		}
	}
	if fetches, lists := len(f.seen(keyFetch)), len(f.seen(keyListOffsets)); fetches != 3 || lists != 3 {
		t.Errorf("%d and %d requests were sent, want three and three", fetches, lists)
	}
	// A broker that contradicts itself does not keep the caller going.
	if got, err := c.CommitKeys(within(t), f.node(2), 7, cluster.OffsetAt(start)); !isCode(err, sarama.ErrOffsetOutOfRange) || got.Next.Known() {
		t.Errorf("at the start: %+v, %v; want the error", got, err)
	}
}

func TestCommitKeysRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(version int16) answer
		want   error
	}{
		"not the leader":    {func(v int16) answer { return fetched(v, 7, 6, -1, nil) }, sarama.ErrNotLeaderForPartition},
		"not allowed":       {func(v int16) answer { return fetched(v, 7, 29, -1, nil) }, sarama.ErrTopicAuthorizationFailed},
		"another partition": {func(v int16) answer { return fetched(v, 8, 0, 50, nil) }, errNotFetched},
		"no message":        {func(v int16) answer { return fetched(v, 7, 0, 50, []byte("rubbish")) }, errNoMessage},
		"cut off": {func(v int16) answer {
			a := fetched(v, 7, 0, 50, []byte("rubbish"))
			a.body = a.body[:len(a.body)-1]
			return a
		}, errTruncated},
		"the start of the log is not told": {func(v int16) answer {
			if v == 0 { // ListOffsets
				return noTopics()
			}
			return fetched(v, 7, 1, -1, nil)
		}, errNoOffset},
	} {
		f := newFake(t, func(r received) answer { return tt.answer(r.version) })
		got, err := newTestClient(t).CommitKeys(within(t), f.node(2), 7, cluster.OffsetAt(40))
		if !errors.Is(err, tt.want) || !strings.HasPrefix(fmt.Sprint(err), f.node(2).String()+": ") || !reflect.DeepEqual(got, CommitKeys{}) {
			t.Errorf("%s: %+v, %v; want %v", name, got, err, tt.want)
		}
	}
}

// Releases that list all groups are spared: they would have to convert the log.
func TestCommitKeysAreNotAskedOfNewReleases(t *testing.T) {
	f := newFake(t, func(received) answer {
		return versions(map[int16]int16{keyFetch: 11, keyListOffsets: 5, keyOffsetFetch: 7})
	})
	var unknown *unknownError
	_, err := newTestClient(t).CommitKeys(within(t), f.node(5), 7, cluster.UnknownOffset)
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), "0.8.2 to 0.10.1") {
		t.Errorf("%v", err)
	}
	if seen := f.seen(keyFetch, keyListOffsets); len(seen) > 0 {
		t.Errorf("%+v were sent, want nothing", seen)
	}
}

func TestAllFormsOfFetch(t *testing.T) {
	set := logged(1, 40, 0, commitKey(1, "billing", "orders", 3), committed)
	for version := range int16(fetchForm + 1) {
		partition := func(id int32, set []byte) kmsg.FetchResponseTopicPartition {
			return kmsg.FetchResponseTopicPartition{Partition: id, HighWatermark: 50, RecordBatches: set}
		}
		response := &kmsg.FetchResponse{Version: version, ThrottleMillis: 5, Topics: []kmsg.FetchResponseTopic{
			{Topic: "orders", Partitions: []kmsg.FetchResponseTopicPartition{partition(7, []byte("rubbish"))}},
			{Topic: offsetsTopic, Partitions: []kmsg.FetchResponseTopicPartition{partition(6, []byte("rubbish")), partition(7, set)}},
		}}
		var got CommitKeys
		var refusal error
		wantWhole(t, response.AppendTo(nil), false, func(r *reader) { got, refusal = readCommitKeys(r, version, 7, 40) })
		want := CommitKeys{Keys: []CommitKey{{Group: "billing", Topic: "orders", Partition: 3}}, Next: cluster.OffsetAt(41)}
		if refusal != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("version %d: %+v, %v; want %+v", version, got, refusal, want)
		}
	}
}
