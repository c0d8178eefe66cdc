package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// The buffer of a socket grows from the least, and is kept up to the most: the largest
// answer of a broker that leads 6,650 partitions, its Metadata of 19,950, has 800 KiB.
const (
	leastBuffer = 64 << 10
	mostBuffer  = 1 << 20
)

// errCorrelation is the error of an answer to something else than was asked.
var errCorrelation = errors.New("the answer bears another number than the request")

// ask asks a broker, over its connection for everything but the probe, in the newest
// form of the request that it knows, up to ours. Read reads what the answer tells, or
// the error that it tells instead.
func ask[T any](ctx context.Context, c *Client, n Node, request kmsg.Request, ours int16, read func(r *reader, version int16) (T, error)) (T, error) {
	type result struct {
		told    T
		refusal error
	}
	answer, err := work(ctx, c, n, nameOf(request), func(l *link) (answer result, err error) {
		version, err := l.known.pick(request.Key(), ours)
		if err != nil {
			return answer, err
		}
		request.SetVersion(version)
		err = l.read(request, func(r *reader) { answer.told, answer.refusal = read(r, version) })
		return answer, err
	})
	if err == nil && answer.refusal != nil {
		err = fmt.Errorf("%s: %s: %w", n, nameOf(request), answer.refusal)
	}
	if err != nil {
		var none T
		return none, err
	}
	return answer.told, nil
}

// nameOf returns Kafka's own name of a request.
func nameOf(request kmsg.Request) string { return kmsg.NameForKey(request.Key()) }

// read sends a request, and lets decode read the whole answer.
func (l *link) read(request kmsg.Request, decode func(*reader)) error {
	if err := l.renew(); err != nil {
		return err
	}
	body, err := l.socket.exchange(l.to.clientID, request)
	if err != nil {
		return err
	}
	return misread((&reader{rest: body, flexible: request.IsFlexible(), secrets: secretsOf(l.conf)}).whole(decode))
}

// misread says that what was read was an answer.
func misread(err error) error {
	if err != nil {
		return fmt.Errorf("the answer cannot be understood: %w", err)
	}
	return nil
}

// exchange sends a request past sarama, and returns the body of the answer, which holds
// until the next request. Nothing of sarama's may be on its way: sarama reads from the
// socket only while it waits for an answer, and reads no further than that.
func (s *socket) exchange(clientID string, request kmsg.Request) ([]byte, error) {
	if err := s.SetDeadline(time.Now().Add(netTimeout)); err != nil {
		return nil, err
	}
	s.correlation++
	formatter := kmsg.NewRequestFormatter(kmsg.FormatterClientID(clientID))
	sent := formatter.AppendRequest(s.buffer[:0], request, s.correlation)
	if _, err := s.Write(sent); err != nil {
		return nil, err
	}
	s.keep(sent)
	frame, err := s.readFrame()
	if err != nil {
		return nil, err
	}
	if int32(binary.BigEndian.Uint32(frame)) != s.correlation {
		return nil, errCorrelation
	}
	return bodyOf(frame[4:], request)
}

// readFrame reads an answer of at least a correlation id into the buffer. It takes no
// more memory than twice what has arrived, whatever length is announced.
func (s *socket) readFrame() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(s, head[:]); err != nil {
		return nil, err
	}
	length := int(binary.BigEndian.Uint32(head[:])) // Read has looked at it
	frame := s.buffer[:0]
	for len(frame) < length {
		if len(frame) == cap(frame) {
			frame = slices.Grow(frame, min(length-len(frame), max(len(frame), leastBuffer)))
		}
		n, err := io.ReadFull(s, frame[len(frame):min(length, cap(frame))])
		frame = frame[:len(frame)+n]
		if err != nil {
			return nil, err
		}
	}
	s.keep(frame)
	return frame, nil
}

// keep keeps a buffer for the next request or answer, unless it is so large that
// it is better given back.
func (s *socket) keep(buffer []byte) {
	s.buffer = nil
	if cap(buffer) <= mostBuffer {
		s.buffer = buffer
	}
}

// bodyOf cuts the rest of the header off: flexible forms end it with tagged fields,
// but for the answer to ApiVersions, which must be readable in any form.
func bodyOf(rest []byte, request kmsg.Request) ([]byte, error) {
	if !request.IsFlexible() || request.Key() == kmsg.ApiVersions.Int16() {
		return rest, nil
	}
	r := reader{rest: rest, flexible: true}
	r.tags()
	return r.rest, r.err
}

// codeError returns the error of an answer's error code, with the broker's own words
// about it if there are any.
func codeError(code sarama.KError, words string) error {
	switch {
	case code == sarama.ErrNoError:
		return nil
	case words != "" && !strings.Contains(code.Error(), strings.Trim(words, ".")):
		return fmt.Errorf("%w (%.200q)", code, words)
	default:
		return code
	}
}
