//go:build unix

package kafka

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// One of three brokers of a large cluster: 399 topics of 50 partitions, of which it
// leads a third, and 1,000 groups that each committed in 35 partitions of two topics,
// of which it coordinates a third.
const (
	benchTopics     = 399
	benchPartitions = 50
	benchGroups     = 333
	benchMembers    = 3
	benchCommits    = 35
	benchBrokers    = 3
)

func benchTopic(i int) string { return fmt.Sprintf("shop.eu-west.order-events-%d", i%benchTopics) }
func benchGroup(i int) string { return fmt.Sprintf("shop.eu-west.consumer-%d", i) }

// benchAsk names the partitions that the broker leads.
func benchAsk() (ask map[string][]int32, partitions int) {
	ask = make(map[string][]int32, benchTopics)
	for i := range benchTopics {
		for p := range int32(benchPartitions) {
			if (i+int(p))%benchBrokers == 0 {
				ask[benchTopic(i)] = append(ask[benchTopic(i)], p)
				partitions++
			}
		}
	}
	return ask, partitions
}

func benchListOffsets() kmsg.Response {
	response := &kmsg.ListOffsetsResponse{Version: listOffsetsForm}
	ask, _ := benchAsk()
	for topic, partitions := range ask {
		t := kmsg.ListOffsetsResponseTopic{Topic: topic}
		for _, p := range partitions {
			t.Partitions = append(t.Partitions, kmsg.ListOffsetsResponseTopicPartition{
				Partition: p, Timestamp: -1, Offset: int64(p) << 30, LeaderEpoch: 7,
			})
		}
		response.Topics = append(response.Topics, t)
	}
	return response
}

func benchOffsetFetch() kmsg.Response {
	response := &kmsg.OffsetFetchResponse{Version: severalGroups}
	for g := range benchGroups {
		group := kmsg.OffsetFetchResponseGroup{Group: benchGroup(g)}
		for i := range 2 {
			t := kmsg.OffsetFetchResponseGroupTopic{Topic: benchTopic(g + i)}
			for p := range int32(benchCommits) {
				t.Partitions = append(t.Partitions, kmsg.OffsetFetchResponseGroupTopicPartition{
					Partition: (p*11 + int32(g)) % benchCommits, Offset: int64(p) << 30, LeaderEpoch: 7, Metadata: new(string),
				})
			}
			group.Topics = append(group.Topics, t)
		}
		response.Groups = append(response.Groups, group)
	}
	return response
}

func benchDescribeGroups() kmsg.Response {
	response := &kmsg.DescribeGroupsResponse{Version: 5}
	for g := range benchGroups {
		group := kmsg.DescribeGroupsResponseGroup{
			Group: benchGroup(g), State: "Stable", ProtocolType: consumerProtocol, Protocol: "range", AuthorizedOperations: 328,
		}
		for m := range benchMembers {
			assigned := new(message).int16(1).int32(2)
			for i := range 2 {
				assigned.str(benchTopic(g + i)).int32(benchCommits / benchMembers)
				for p := range int32(benchCommits / benchMembers) {
					assigned.int32(p*benchMembers + int32(m))
				}
			}
			assigned.int32(-1) // no user data
			group.Members = append(group.Members, kmsg.DescribeGroupsResponseGroupMember{
				MemberID: fmt.Sprintf("consumer-%d-8f14e45f-ceea-467f-a8c3-1f0c3d6b2a11", m), ClientID: "consumer", ClientHost: "/10.0.0.1",
				ProtocolMetadata: subscription(1, benchTopic(g), benchTopic(g+1)), MemberAssignment: assigned.Bytes(),
			})
		}
		response.Groups = append(response.Groups, group)
	}
	return response
}

func benchListGroups() kmsg.Response {
	response := &kmsg.ListGroupsResponse{Version: 5}
	for g := range benchGroups {
		response.Groups = append(response.Groups, kmsg.ListGroupsResponseGroup{
			Group: benchGroup(g), ProtocolType: consumerProtocol, GroupState: "Stable", GroupType: "classic",
		})
	}
	return response
}

func benchMetadata() kmsg.Response {
	response := &kmsg.MetadataResponse{Version: metadataForm, ClusterID: new(string)}
	for id := range int32(benchBrokers) {
		response.Brokers = append(response.Brokers, kmsg.MetadataResponseBroker{NodeID: id, Host: "k1.example.org", Port: 9092})
	}
	for i := range benchTopics {
		name := benchTopic(i)
		t := kmsg.MetadataResponseTopic{Topic: &name, TopicID: [16]byte{1, byte(i), byte(i >> 8)}, AuthorizedOperations: 328}
		for p := range int32(benchPartitions) {
			order := []int32{p % benchBrokers, (p + 1) % benchBrokers, (p + 2) % benchBrokers}
			t.Partitions = append(t.Partitions, kmsg.MetadataResponseTopicPartition{
				Partition: p, Leader: order[0], LeaderEpoch: 7, Replicas: order, ISR: order,
			})
		}
		response.Topics = append(response.Topics, t)
	}
	return response
}

// replay starts a broker that answers with the same bytes over and over, so that it
// costs hardly more than the kernel's copying.
func replay(b *testing.B) Node {
	b.Helper()
	answers := map[int16][]byte{keyAPIVersions: versions(map[int16]int16{
		keyListOffsets: 6, keyMetadata: 12, keyOffsetFetch: 8, keyDescribeGroups: 5, keyListGroups: 5,
	}).body}
	for _, r := range []kmsg.Response{benchListOffsets(), benchOffsetFetch(), benchDescribeGroups(), benchListGroups(), benchMetadata()} {
		answers[r.Key()] = r.AppendTo([]byte{0}) // the header's tagged fields
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { replayOn(conn, answers) })
		}
	})
	b.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	return Node{ID: 1, Addr: listener.Addr().String(), Registration: 5}
}

func replayOn(conn net.Conn, answers map[int16][]byte) {
	defer func() { _ = conn.Close() }()
	var frame []byte
	head := make([]byte, 8)
	for {
		if _, err := io.ReadFull(conn, head[:4]); err != nil {
			return
		}
		length := int(binary.BigEndian.Uint32(head))
		frame = append(frame[:0], make([]byte, length)...)
		if _, err := io.ReadFull(conn, frame); err != nil {
			return
		}
		body := answers[int16(binary.BigEndian.Uint16(frame))]
		if length < 32 && frame[1] == keyListOffsets { // the probe
			body = make([]byte, 7)
		}
		binary.BigEndian.PutUint32(head, uint32(len(body)+4))
		copy(head[4:], frame[4:8])
		answer := net.Buffers{head, body}
		if _, err := answer.WriteTo(conn); err != nil {
			return
		}
	}
}

// cpu returns the time that the process has computed for.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkAnswers asks for the largest answers of a poll, and reads them. What the
// kernel and the answering side take of it is what "nothing but bytes" takes.
func BenchmarkAnswers(b *testing.B) {
	groups := make([]string, benchGroups)
	for i := range groups {
		groups[i] = benchGroup(i)
	}
	ask, partitions := benchAsk()
	ctx := context.Background()
	for _, bench := range []struct {
		name string
		ask  func(*Client, Node) (got int, err error)
		want int
	}{
		{"ListOffsets", func(c *Client, n Node) (int, error) {
			offsets, err := c.ListOffsets(ctx, n, Latest, ask)
			return countOffsets(offsets, ask), err
		}, partitions},
		{"OffsetFetch", func(c *Client, n Node) (int, error) {
			commits, err := c.CommittedOffsetsOf(ctx, n, groups)
			return countCommits(commits), err
		}, benchGroups * 2 * benchCommits},
		{"DescribeGroups", func(c *Client, n Node) (members int, err error) {
			described, err := c.DescribeGroups(ctx, n, groups)
			for _, g := range described {
				members += g.Members
			}
			return members, err
		}, benchGroups * benchMembers},
		{"ListGroups", func(c *Client, n Node) (int, error) {
			listed, err := c.ListGroups(ctx, n)
			return len(listed), err
		}, benchGroups},
		{"Metadata", func(c *Client, n Node) (int, error) {
			m, err := c.Metadata(ctx, n)
			if err != nil {
				return 0, err
			}
			return len(m.Picture.Topics), nil
		}, benchTopics},
		{"Probe", func(c *Client, n Node) (int, error) {
			_, err := c.Probe(ctx, n)
			return 0, err
		}, 0},
	} {
		b.Run(bench.name, func(b *testing.B) {
			c, n := NewClient(Options{}), replay(b)
			b.Cleanup(c.Close)
			if got, err := bench.ask(c, n); got != bench.want || err != nil {
				b.Fatalf("got %d, %v; want %d", got, err, bench.want)
			}
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				if _, err := bench.ask(c, n); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

func countOffsets(offsets Offsets, ask map[string][]int32) (known int) {
	for topic, partitions := range ask {
		for _, id := range partitions {
			if offset, err := offsets.At(topic, id); err == nil && offset.Known() {
				known++
			}
		}
	}
	return known
}

func countCommits(commits map[string]GroupCommits) (known int) {
	for _, g := range commits {
		for _, t := range g.Topics {
			known += len(t.Commits)
		}
	}
	return known
}

// BenchmarkBytes moves answers of the same sizes without reading them.
func BenchmarkBytes(b *testing.B) {
	offsets, _ := positionRequest(Latest, map[string][]int32{"orders": {0}})
	offsets.Version = listOffsetsForm
	for name, request := range map[string]kmsg.Request{
		"ListOffsets":    offsets,
		"OffsetFetch":    &kmsg.OffsetFetchRequest{Version: severalGroups},
		"DescribeGroups": &kmsg.DescribeGroupsRequest{Version: 5},
		"ListGroups":     &kmsg.ListGroupsRequest{Version: 5},
		"Metadata":       &kmsg.MetadataRequest{Version: metadataForm},
	} {
		b.Run(name, func(b *testing.B) {
			conn, err := net.Dial("tcp", replay(b).Addr)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			frame := kmsg.NewRequestFormatter().AppendRequest(nil, request, 1)
			head, answer := make([]byte, 4), make([]byte, 4<<20)
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				if _, err := conn.Write(frame); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(conn, head); err != nil {
					b.Fatal(err)
				}
				length := int(binary.BigEndian.Uint32(head))
				if _, err := io.ReadFull(conn, answer[:length]); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(length))
			}
			b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}
