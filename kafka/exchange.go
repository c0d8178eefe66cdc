package kafka

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// errCorrelation is the error of an answer to something else than was asked.
var errCorrelation = errors.New("the answer bears another number than the request")

// ask asks a broker, over its connection for everything but the probe, for what is
// sent without sarama: in the newest form that it knows, up to ours.
func ask[R kmsg.Response](ctx context.Context, c *Client, n Node, request kmsg.Request, ours int16) (R, error) {
	return work(ctx, c, n, nameOf(request), func(l *link) (response R, err error) {
		version, err := l.known.pick(request.Key(), ours)
		if err != nil {
			return response, err
		}
		request.SetVersion(version)
		answer, err := l.ask(request)
		if err != nil {
			return response, err
		}
		response, _ = answer.(R) // the kind that belongs to the request
		return response, nil
	})
}

// nameOf returns Kafka's own name of a request.
func nameOf(request kmsg.Request) string { return kmsg.NameForKey(request.Key()) }

// ask sends a request and reads the answer.
func (l *link) ask(request kmsg.Request) (kmsg.Response, error) {
	body, err := l.socket.exchange(l.to.clientID, request)
	if err != nil {
		return nil, err
	}
	response := request.ResponseKind()
	if err := response.ReadFrom(body); err != nil {
		return nil, fmt.Errorf("the answer cannot be understood: %w", err)
	}
	return response, nil
}

// exchange sends a request past sarama, and returns the body of the answer. Nothing
// of sarama's may be on its way: sarama reads from the socket only while it waits
// for an answer, and reads no further than that.
func (s *socket) exchange(clientID string, request kmsg.Request) ([]byte, error) {
	if err := s.SetDeadline(time.Now().Add(netTimeout)); err != nil {
		return nil, err
	}
	s.correlation++
	formatter := kmsg.NewRequestFormatter(kmsg.FormatterClientID(clientID))
	if _, err := s.Write(formatter.AppendRequest(nil, request, s.correlation)); err != nil {
		return nil, err
	}
	frame, err := s.readFrame()
	if err != nil {
		return nil, err
	}
	if int32(binary.BigEndian.Uint32(frame)) != s.correlation {
		return nil, errCorrelation
	}
	return bodyOf(frame[4:], request)
}

// readFrame reads an answer of at least a correlation id. It takes no more memory
// than there is answer, whatever length that announces.
func (s *socket) readFrame() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(s, head[:]); err != nil {
		return nil, err
	}
	length := int64(binary.BigEndian.Uint32(head[:])) // Read has looked at it
	var frame bytes.Buffer
	if _, err := io.CopyN(&frame, s, length); err != nil {
		return nil, err
	}
	return frame.Bytes(), nil
}

// bodyOf cuts the rest of the header off: flexible forms end it with tagged fields,
// but for the answer to ApiVersions, which must be readable in any form.
func bodyOf(rest []byte, request kmsg.Request) ([]byte, error) {
	if !request.IsFlexible() || request.Key() == kmsg.ApiVersions.Int16() {
		return rest, nil
	}
	r := reader{rest: rest}
	for tags := r.uvarint(); tags > 0 && r.err == nil; tags-- {
		r.uvarint() // which field
		r.take(int(r.uvarint()))
	}
	return r.rest, r.err
}

// uvarint reads an unsigned number of variable length, which fits into 31 bits.
func (r *reader) uvarint() uint32 {
	n, size := binary.Uvarint(r.rest)
	if r.err == nil && (size <= 0 || n > 1<<31-1) {
		r.err = errTruncated
	}
	r.take(size)
	if r.err != nil {
		return 0
	}
	return uint32(n)
}

// codeError returns the error of an answer's error code, with the broker's own words
// about it if there are any.
func codeError(code int16, message *string) error {
	err := sarama.KError(code)
	switch {
	case err == sarama.ErrNoError:
		return nil
	case message != nil && *message != "" && !strings.Contains(err.Error(), strings.Trim(*message, ".")):
		return fmt.Errorf("%w (%.200q)", err, *message)
	default:
		return err
	}
}
