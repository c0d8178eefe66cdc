package testbed

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// quorumLeader returns the active controller where there is no ZooKeeper: the
// one that answers for the quorum. Brokers are of no use here, they name any
// live broker as the controller.
func (c *Cluster) quorumLeader(ctx context.Context) (*Server, error) {
	var leader *Server
	err := waitFor(ctx, "find the active controller", func() error {
		last := errors.New("no controller runs")
		for _, s := range c.quorum() {
			if !s.proc.responsive() {
				continue
			}
			if last = leads(s); last == nil {
				leader = s
				return nil
			}
		}
		return last
	})
	return leader, err
}

// leads returns nil if a controller leads the quorum; no other one answers
// DescribeQuorum.
func leads(s *Server) error {
	topic := kmsg.NewDescribeQuorumRequestTopic()
	topic.Topic, topic.Partitions = "__cluster_metadata", []kmsg.DescribeQuorumRequestTopicPartition{{Partition: 0}}
	request := kmsg.NewPtrDescribeQuorumRequest()
	request.Topics = append(request.Topics, topic)
	response, err := askController(s.quorumAddr, request)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	code := response.ErrorCode
	for _, topic := range response.Topics {
		for _, p := range topic.Partitions {
			code = max(code, p.ErrorCode)
		}
	}
	if code == 0 && len(response.Topics) == 0 {
		return fmt.Errorf("%s: the answer has no quorum in it", s.name)
	}
	if code != 0 {
		return fmt.Errorf("%s: %w", s.name, sarama.KError(code))
	}
	return nil
}

// askController sends one request, version 0, over a connection of its own.
func askController(addr string, request *kmsg.DescribeQuorumRequest) (*kmsg.DescribeQuorumResponse, error) {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
	if _, err := conn.Write(kmsg.NewRequestFormatter(kmsg.FormatterClientID("testbed")).AppendRequest(nil, request, 1)); err != nil {
		return nil, err
	}
	var size int32
	if err := binary.Read(conn, binary.BigEndian, &size); err != nil {
		return nil, err
	}
	// The correlation id and the count of the header's tagged fields, of which
	// there are none, come before the answer.
	const header = 5
	if size < header || size > 1<<20 {
		return nil, fmt.Errorf("an answer of %d bytes", size)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(conn, body); err != nil {
		return nil, err
	}
	response := kmsg.NewPtrDescribeQuorumResponse()
	return response, response.ReadFrom(body[header:])
}
