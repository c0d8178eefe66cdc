package kafka

import (
	"encoding/binary"
	"errors"

	"github.com/IBM/sarama"

	"github.com/evenkeel/evenkeel/security"
)

var (
	errTruncated = errors.New("it ends too early")
	errSurplus   = errors.New("it goes on behind its end")
)

// reader reads Kafka's primitive types. After the first error it yields zeros. What
// it yields of texts are the bytes of the answer, which do not outlive it.
type reader struct {
	rest     []byte
	flexible bool // lengths are of variable length, and tagged fields follow each structure
	err      error
	secrets  []string // which are not repeated, whatever the answer says
	spare    []int32  // for lists of numbers, which are too many and too small to be made one by one
}

// whole lets decode read everything that there is, to the last byte.
func (r *reader) whole(decode func(*reader)) error {
	decode(r)
	if r.err == nil && len(r.rest) > 0 {
		r.err = errSurplus
	}
	return r.err
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

// bool reads a truth value, which is false only for zero.
func (r *reader) bool() bool {
	b := r.take(1)
	return b != nil && b[0] != 0
}

func (r *reader) int8() int8 {
	if b := r.take(1); b != nil {
		return int8(b[0])
	}
	return 0
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

// text reads a string, nil for null.
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

// blob reads bytes, nil for null.
func (r *reader) blob() []byte {
	var n int
	if r.flexible {
		n = int(r.uvarint()) - 1
	} else {
		n = int(r.int32())
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

// ids reads a list of broker ids, nil for an empty one.
func (r *reader) ids() []int32 {
	n := r.array(4)
	if n == 0 {
		return nil
	}
	if n > len(r.spare) {
		r.spare = make([]int32, max(n, min(4096, len(r.rest)/4)))
	}
	list := r.spare[:n:n]
	r.spare = r.spare[n:]
	for i := range list {
		list[i] = r.int32()
	}
	return list
}

// refusal reads an error code and the broker's own words about it.
func (r *reader) refusal() error {
	code, words := sarama.KError(r.int16()), string(r.text())
	if words != "" {
		words = security.Conceal(words, r.secrets...)
	}
	return codeError(code, words)
}

// tags skips tagged fields.
func (r *reader) tags() { r.tagged(func(uint32, []byte) {}) }

// tagged lets read have the tagged fields, each by its number.
func (r *reader) tagged(read func(field uint32, value []byte)) {
	if !r.flexible {
		return
	}
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		field := r.uvarint()
		if value := r.take(int(r.uvarint())); r.err == nil {
			read(field, value)
		}
	}
}

// texts keeps each text of an answer once, however often it stands there.
type texts map[string]string

// of returns a text that outlives the answer.
func (t texts) of(text []byte) string {
	kept, known := t[string(text)]
	if !known {
		kept = string(text)
		t[kept] = kept
	}
	return kept
}
