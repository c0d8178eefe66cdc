package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Whatever a broker answers to the largest requests, which we read ourselves, reading it
// neither panics nor hangs nor yields what was not there.
func FuzzLargeAnswers(f *testing.F) {
	f.Add(int16(1), new(message).int32(1).int32(1).str("k1").int32(9092).int16(-1).int32(1).int32(0).Bytes())
	f.Add(int16(12), []byte{0, 0, 0, 0, 2, 0x7f, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, version int16, body []byte) {
		form := (version%(metadataForm+1) + metadataForm + 1) % (metadataForm + 1)
		metadata := &kmsg.MetadataResponse{Version: form}
		r := reader{rest: body, flexible: metadata.IsFlexible()}
		if m := readMetadata(&r, form); r.err == nil && metadata.ReadFrom(body) == nil && len(m.Picture.Topics) != len(metadata.Topics) {
			t.Errorf("%d topics of %d", len(m.Picture.Topics), len(metadata.Topics))
		}
		for _, flexible := range []bool{false, true} {
			r = reader{rest: body, flexible: flexible}
			readOffsets(&r, min(form, listOffsetsForm), map[string][]int32{"orders": {0}})
			r = reader{rest: body, flexible: flexible}
			_, _ = readCommitsOfOne(&r, min(form, oneGroup), map[string][]int32{"orders": {0}})
			r = reader{rest: body, flexible: flexible}
			readCommitsOfSeveral(&r, Node{}, map[string]GroupCommits{"billing": {}})
		}
	})
}

// Whatever a broker answers, reading it neither panics nor yields what was not there.
func FuzzAnswers(f *testing.F) {
	f.Add(int16(1), new(message).int32(1).int32(1).str("k1").int32(9092).int16(-1).int32(1).int32(0).Bytes())
	f.Add(int16(8), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, version int16, body []byte) {
		quorum := &kmsg.DescribeQuorumResponse{Version: version % 3}
		if quorum.ReadFrom(body) == nil {
			if q, err := readQuorum(quorum); (q == nil) == (err == nil) {
				t.Errorf("readQuorum = %v, %v", q, err)
			}
		}
		groups := &kmsg.ConsumerGroupDescribeResponse{Version: version % 2}
		if groups.ReadFrom(body) == nil {
			for i := range groups.Groups {
				if g := readConsumerGroup(Node{}, &groups.Groups[i]); g.Err == nil && g.Members < 0 {
					t.Errorf("%+v", g)
				}
			}
		}
		if hasShape(body, 0) && hasShape(body, 1) {
			t.Errorf("% x has the shapes of both Kafka 0.9 and 0.10", body)
		}
		for _, flexible := range []int16{0, 9} {
			request := &kmsg.MetadataRequest{Version: flexible}
			if rest, err := bodyOf(body, request); err == nil && len(rest) > len(body) {
				t.Errorf("%d bytes of %d", len(rest), len(body))
			}
		}
	})
}
