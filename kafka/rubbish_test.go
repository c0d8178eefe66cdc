package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/evenkeel/evenkeel/cluster"
)

// Whatever a broker answers to the largest requests, which we read ourselves, reading it
// neither panics nor hangs nor yields what was not there.
func FuzzLargeAnswers(f *testing.F) {
	f.Add(int16(1), new(message).int32(1).int32(1).str("k1").int32(9092).int16(-1).int32(1).int32(0).Bytes())
	f.Add(int16(12), []byte{0, 0, 0, 0, 2, 0x7f, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, version int16, body []byte) {
		defer watchdog(t.Name()).Stop()
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
			r = reader{rest: body, flexible: flexible}
			groups := readGroups(&r, min(form, describeGroupsForm), Node{}, []string{"", "billing"})
			for name, g := range groups {
				if len(groups) != 2 || (g.Err == nil) == (g.Members < 0) || g.Members > len(body) || g.Idle > g.Members || len(g.Topics) > len(body) || len(g.Faults) > mostFaults {
					t.Errorf("DescribeGroups: %q of %d: %+v", name, len(groups), g)
				}
			}
			r = reader{rest: body, flexible: flexible}
			if groups, refusal := readListedGroups(&r, min(form, listGroupsForm)); len(groups) > len(body) || refusal != nil && groups != nil {
				t.Errorf("ListGroups: %d groups, %v", len(groups), refusal)
			}
		}
	})
}

// Whatever a broker answers to the smaller requests, reading it neither panics nor hangs
// nor yields what was not there.
func FuzzAnswers(f *testing.F) {
	f.Add(int16(1), new(message).int32(1).int32(1).str("k1").int32(9092).int16(-1).int32(1).int32(0).Bytes())
	f.Add(int16(8), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add(int16(3), append(make([]byte, 6), 0xff, 0xff, 0xff, 0xff, 0x07)) // two billion tagged fields
	f.Fuzz(func(t *testing.T, number int16, body []byte) {
		defer watchdog(t.Name()).Stop()
		version := func(ours int16) int16 { return int16(uint16(number) % uint16(ours+1)) }
		read := func(flexible bool, decode func(*reader)) (understood bool) {
			return (&reader{rest: body, flexible: flexible}).whole(decode) == nil
		}
		most := len(body) // of anything, each of which takes a byte or more

		v := version(3)
		var known spans
		if read(v >= 3, func(r *reader) { known, _, _ = readVersions(r, v) }) && len(known) > most {
			t.Errorf("ApiVersions: %d requests", len(known))
		}
		var told settings
		v = version(configsForm)
		read(v >= 4, func(r *reader) { told = readSettings(r, v, []string{"orders", "bills"}, "retention.ms") })
		if len(told.told)+len(told.refused) != 2 {
			t.Errorf("DescribeConfigs: %+v of two", told)
		}
		var moves Moves
		if read(true, func(r *reader) { moves, _ = readMoves(r, reassignmentsForm) }) && len(moves) > most {
			t.Errorf("ListPartitionReassignments: %d topics", len(moves))
		}
		var d *ClusterDescription
		var err error
		if read(true, func(r *reader) { d, err = readClusterDescription(r, version(describeClusterForm)) }) && err == nil && (len(d.Brokers) == 0 || len(d.Brokers) > most) {
			t.Errorf("DescribeCluster: %d brokers", len(d.Brokers))
		}
		var quorum *cluster.Quorum
		if read(true, func(r *reader) { quorum, err = readQuorum(r, version(quorumForm)) }) && (quorum == nil) == (err == nil) {
			t.Errorf("DescribeQuorum: %v, %v", quorum, err)
		}
		var groups map[string]DescribedGroup
		read(true, func(r *reader) {
			groups = readConsumerGroups(r, version(consumerGroupsForm), Node{}, []string{"", "billing"})
		})
		for name, g := range groups {
			if len(groups) != 2 || (g.Err == nil) == (g.Members < 0) || g.Members > most || g.Idle > g.Members || len(g.Topics) > most {
				t.Errorf("ConsumerGroupDescribe: %q of %d: %+v", name, len(groups), g)
			}
		}
		for _, form := range []int16{0, 9} {
			request := &kmsg.MetadataRequest{Version: form}
			if rest, err := bodyOf(body, request); err == nil && len(rest) > len(body) {
				t.Errorf("%d bytes of %d", len(rest), len(body))
			}
			hasShape(body, form%2)
		}
	})
}

// watchdog ends the process when an answer is read for so long.
func watchdog(what string) *time.Timer {
	return time.AfterFunc(10*time.Second, func() { panic(what + ": an answer is read for ten seconds") })
}
