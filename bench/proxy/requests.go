package proxy

import "encoding/binary"

const (
	// A request begins with its length, which counts what follows, the API's key
	// and the API's version: https://kafka.apache.org/protocol#protocol_messages
	lengthBytes = 4
	headerBytes = lengthBytes + 2 + 2
	// No broker takes more: socket.request.max.bytes.
	longestRequest = 100 << 20
)

// requests finds the requests in what a client sends, however TCP has cut it
// into pieces.
type requests struct {
	seen   func(key int16) // is called for each
	header [headerBytes]byte
	have   int // bytes of the header so far
	rest   int // bytes of the present request still to come
	lost   bool
}

// add takes the next bytes that were sent. It is false, then and for ever after,
// when they cannot be requests.
func (r *requests) add(data []byte) bool {
	for len(data) > 0 && !r.lost {
		if r.rest > 0 {
			n := min(r.rest, len(data))
			r.rest -= n
			data = data[n:]
			continue
		}
		n := copy(r.header[r.have:], data)
		r.have += n
		data = data[n:]
		if r.have == headerBytes {
			r.begin()
		}
	}
	return !r.lost
}

// begin takes a header that is whole.
func (r *requests) begin() {
	length := int(int32(binary.BigEndian.Uint32(r.header[:])))
	if length < headerBytes-lengthBytes || length > longestRequest {
		r.lost = true
		return
	}
	r.have, r.rest = 0, length-(headerBytes-lengthBytes)
	r.seen(int16(binary.BigEndian.Uint16(r.header[lengthBytes:])))
}
