package kafka

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math"

	"github.com/evenkeel/evenkeel/cluster"
)

// mostInflated bounds what becomes of compressed messages: no message may become more,
// and once the messages of a piece have, it ends there.
const mostInflated = 4 << 20

// leastMessage is the size of an offset and a length, with which each message begins.
const leastMessage = 8 + 4

// The lowest three bits of a message's attributes say how it is compressed.
const (
	codecBits = 0b111
	codecGzip = 1
)

// The versions of keys in __consumer_offsets. Those of commits differ in nothing.
const (
	newestCommitKey = 1
	groupKey        = 2
)

// The errors of messages that no broker sends.
var (
	errNoMessage = errors.New("it holds no messages where some should be")
	errBackwards = errors.New("its messages lie before the offset that was asked for")
)

// keyScan reads the keys of commits out of a message set of the forms that Kafka had up
// to 0.10 (magic 0 and 1).
type keyScan struct {
	CommitKeys
	at       map[string]int // index in Keys, by the bytes of the key
	inflated int            // bytes that became of compressed messages
}

// scanKeys reads a message set that was asked for from an offset on, of a log that ends
// for consumers at end.
func scanKeys(set []byte, from, end int64) (CommitKeys, error) {
	if len(set) == 0 {
		return CommitKeys{Next: cluster.OffsetAt(from), AtEnd: true}, nil
	}
	s := keyScan{at: map[string]int{}}
	next, err := s.outer(set[:min(len(set), mostFetched)])
	if err == nil && next <= from {
		err = errBackwards // or the same would be read for ever
	}
	if err != nil {
		return CommitKeys{}, err
	}
	s.Next, s.AtEnd = cluster.OffsetAt(next), next >= end
	return s.CommitKeys, nil
}

// outer reads the messages of a log, and returns the offset behind the last of them.
// The set may end in the middle of a message, with which the next one will begin.
func (s *keyScan) outer(set []byte) (next int64, err error) {
	for rest := set; len(rest) > 0 && s.inflated < mostInflated; {
		m, ok := cutMessage(rest)
		switch first := len(rest) == len(set); {
		case first && !ok, ok && (m.offset < 0 || m.offset >= math.MaxInt64-1):
			return 0, errNoMessage
		case !first && !m.whole:
			return next, nil
		}
		// The first one may be larger than all that is read at once. What is wanted of
		// it, its key, stands at its beginning.
		s.message(m, false)
		next = max(next, m.offset+1)
		rest = rest[leastMessage+len(m.body):]
	}
	return next, nil
}

// inner reads the messages that are compressed in another, and returns whether they are
// there to the end.
func (s *keyScan) inner(set []byte) (whole bool) {
	for len(set) > 0 {
		m, _ := cutMessage(set)
		if !m.whole {
			return false
		}
		s.message(m, true)
		set = set[leastMessage+len(m.body):]
	}
	return true
}

// logMessage is a message as it stands in a log, or the beginning of it.
type logMessage struct {
	offset int64
	body   []byte
	whole  bool
}

// cutMessage returns the first message of a set. Ok is false where not even its length
// is there.
func cutMessage(set []byte) (m logMessage, ok bool) {
	r := reader{rest: set}
	offset, size := r.int64(), int(r.int32())
	if r.err != nil || size < 0 {
		return logMessage{}, false
	}
	return logMessage{offset: offset, body: r.rest[:min(size, len(r.rest))], whole: size <= len(r.rest)}, true
}

// message reads a message, whose value is looked at only where it is other messages.
func (s *keyScan) message(m logMessage, compressed bool) {
	r := reader{rest: m.body}
	r.int32() // its checksum
	magic, attributes := r.int8(), r.int8()
	if magic == 1 {
		r.int64() // its timestamp
	}
	key, size := r.blob(), int(r.int32())
	codec := attributes & codecBits
	switch {
	case r.err != nil || magic < 0 || magic > 1 || size < -1 || m.whole && max(size, 0) != len(r.rest):
		s.Unread++
	case codec == codecGzip && m.whole && !compressed:
		s.inflate(r.rest)
	case codec != 0:
		s.Unread++
	default:
		s.key(key, size < 0)
	}
}

// inflate reads the messages that a value is, as far as they are there.
func (s *keyScan) inflate(value []byte) {
	var set []byte
	z, err := gzip.NewReader(bytes.NewReader(value))
	if err == nil {
		set, err = io.ReadAll(io.LimitReader(z, mostInflated))
	}
	s.inflated += len(set)
	if !s.inner(set) || err != nil || len(set) == mostInflated {
		s.Unread++
	}
}

// key notes what a message is about.
func (s *keyScan) key(key []byte, gone bool) {
	if i, known := s.at[string(key)]; known {
		s.Keys[i].Gone = gone
		return
	}
	r := reader{rest: key}
	switch version := r.int16(); {
	case r.err == nil && version == groupKey:
		return // about the members of a group
	case version < 0 || version > newestCommitKey:
		s.Unread++
		return
	}
	var group, topic []byte
	var partition int32
	err := r.whole(func(r *reader) { group, topic, partition = r.text(), r.text(), r.int32() })
	if err != nil || !legalGroup(group) || !legalTopic(topic) || partition < 0 {
		s.Unread++
		return
	}
	s.at[string(key)] = len(s.Keys)
	s.Keys = append(s.Keys, CommitKey{Group: string(group), Topic: string(topic), Partition: partition, Gone: gone})
}
