package kafka

import (
	"encoding/binary"
	"errors"
)

var (
	errTruncated = errors.New("it ends too early")
	errSurplus   = errors.New("it goes on behind its end")
)

// reader reads Kafka's primitive types. After the first error it yields zeros.
type reader struct {
	rest     []byte
	flexible bool // lengths are of variable length, and tagged fields follow each structure
	err      error
}

// take returns the next n bytes, nil if there are not as many.
func (r *reader) take(n int) []byte {
	if r.err == nil && (n < 0 || n > len(r.rest)) {
		r.err = errTruncated
	}
	if r.err != nil {
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) int16() int16 {
	if b := r.take(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (r *reader) int32() int32 {
	if b := r.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (r *reader) int64() int64 {
	if b := r.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
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

// text reads a string, nil for null. Its bytes are those of the answer.
func (r *reader) text() []byte {
	var n int
	if r.flexible {
		n = int(r.uvarint()) - 1
	} else {
		n = int(r.int16())
	}
	if n == -1 {
		return nil
	}
	return r.take(n)
}

// array reads how many elements an array has, 0 for null, of which each takes least
// bytes or more: what cannot be there needs no memory.
func (r *reader) array(least int) int {
	var n int
	if r.flexible {
		n = int(r.uvarint()) - 1
	} else {
		n = int(r.int32())
	}
	if n < -1 || n > len(r.rest)/least {
		r.err = errTruncated
	}
	if r.err != nil {
		return 0
	}
	return max(n, 0)
}

// tags skips tagged fields.
func (r *reader) tags() {
	if !r.flexible {
		return
	}
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		r.uvarint() // which field
		r.take(int(r.uvarint()))
	}
}
