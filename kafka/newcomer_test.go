package kafka

import (
	"bytes"
	"encoding/binary"
)

// introduce answers what every new connection to a broker of unknown release begins
// with, as the fake's kind of broker does: Metadata for no topics in the form of 0.10,
// and ListGroups, which a 0.8 does not know. It is not recorded. Asked is false for
// everything else.
func (f *fake) introduce(r received) (a answer, asked bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	greeted := f.greeted[r.conn]
	delete(f.greeted, r.conn)
	switch {
	case f.newcomer != nil && r.key == keyMetadata && r.version == 1 && bytes.Equal(r.body, new(message).int32(0).Bytes()):
		f.greeted[r.conn] = true
		return f.newcomer(), true
	case f.since09 && greeted && r.key == keyListGroups:
		return new(message).int16(0).int32(0).answer(), true
	default:
		return answer{}, false
	}
}

// as09 answers Metadata in the shape that Kafka 0.9 has for it, whatever it is asked.
func as09() answer {
	return new(message).int32(2).int32(0).str("127.0.0.1").int32(9092).int32(1).str("127.0.0.1").int32(9093).int32(0).answer()
}

// as010 answers it in that of Kafka 0.10.
func as010() answer {
	m := new(message).int32(2).int32(0).str("127.0.0.1").int32(9092).int16(-1).int32(1).str("127.0.0.1").int32(9093).str("rack")
	return m.int32(1).int32(0).answer()
}

// fetchesCommits says whether a Fetch request asks for one partition of the topic with
// the commits, at once, and as a consumer.
func (r received) fetchesCommits() bool {
	// As a consumer, without waiting, for no least size; one topic, one partition.
	begin := new(message).int32(-1).int32(0).int32(0).int32(1).str(offsetsTopic).int32(1).Bytes()
	return r.version <= fetchForm && bytes.HasPrefix(r.body, begin) && len(r.body) == len(begin)+4+8+4
}

// namesTopic says whether a Metadata request asks for anything but all topics or
// none, in any form up to 12.
func (r received) namesTopic() bool {
	if r.version >= 9 { // tagged fields of the header, then a compact array
		return r.body[0] != 0 || r.body[1] > 1
	}
	n := int32(binary.BigEndian.Uint32(r.body))
	return n > 0
}
