package kafka

import (
	"bytes"
	"encoding/binary"
	"maps"
)

// message builds what brokers send, by hand: the tests must not take sarama's word
// for the protocol.
type message struct{ bytes.Buffer }

func (m *message) int8(v int8) *message {
	m.WriteByte(byte(v))
	return m
}

func (m *message) int16(v int16) *message {
	m.Write(binary.BigEndian.AppendUint16(nil, uint16(v)))
	return m
}

func (m *message) int32(v int32) *message {
	m.Write(binary.BigEndian.AppendUint32(nil, uint32(v)))
	return m
}

func (m *message) int64(v int64) *message {
	m.Write(binary.BigEndian.AppendUint64(nil, uint64(v)))
	return m
}

func (m *message) str(v string) *message {
	m.int16(int16(len(v))).WriteString(v)
	return m
}

func (m *message) blob(v []byte) *message {
	m.int32(int32(len(v))).Write(v)
	return m
}

// compact writes a string as flexible versions have it; lengths below 127 only.
func (m *message) compact(v string) *message {
	m.int8(int8(len(v) + 1)).WriteString(v)
	return m
}

func (m *message) answer() answer { return answer{body: m.Bytes()} }

// noTopics is the answer to the probe, in the versions 0 and 1.
func noTopics() answer { return new(message).int32(0).answer() }

// versions answers an ApiVersions request of version 3 with these keys and their
// greatest versions, and ApiVersions itself.
func versions(greatest map[int16]int16) answer {
	all := maps.Clone(greatest)
	all[keyAPIVersions] = 3
	m := new(message).int16(0).int8(int8(len(all) + 1))
	for key, version := range all {
		m.int16(key).int16(0).int16(version).int8(0)
	}
	return m.int32(0).int8(0).answer() // throttle time, tagged fields
}
