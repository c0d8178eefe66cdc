package zookeeper

import (
	"encoding/binary"
	"fmt"
	"io"
)

const (
	// counted is the part of an answer up to the first number of its body.
	counted = minFrame + 4
	// statFrame is the length of an answer that has a stat for a body, which begins
	// with the epoch of a leader and no length.
	statFrame, maxEpoch = 84, 1 << 20
)

// checkAnswer refuses an answer that is about to come when it announces more than it
// has: the library allocates what is announced before it looks. A list of children
// begins with their number, data with their length, which is -1 where there are none.
func (s *socket) checkAnswer(size int) error {
	begin, err := s.in.Peek(min(size, counted))
	if err != nil {
		return err
	}
	xid, code := int32(binary.BigEndian.Uint32(begin)), binary.BigEndian.Uint32(begin[12:])
	if xid < 0 { // a notice, or an answer to a ping
		return nil
	}
	op := s.out.answered(xid)
	switch {
	case code != 0: // an error has no body
		return nil
	case op == multiOp:
		return s.holdMulti(size)
	case size < counted:
		return nil
	}
	count, limit := binary.BigEndian.Uint32(begin[minFrame:]), uint32(size-counted)
	switch {
	case op == getChildrenOp:
		limit /= 4 // what a name takes at least
	case int32(count) == -1:
		return nil
	case size == statFrame:
		limit = maxEpoch
	}
	if count > limit {
		return fmt.Errorf("%w: an answer of %d bytes announces %d", errBadReply, size, count)
	}
	return nil
}

// holdMulti reads the answer to a transaction as a whole, because what is wrong with it
// may be anywhere in it.
func (s *socket) holdMulti(size int) error {
	if size > maxWritten {
		return fmt.Errorf("%w: an answer of %d bytes to a transaction", errBadReply, size)
	}
	frame := make([]byte, size)
	if _, err := io.ReadFull(s.in, frame); err != nil {
		return err
	}
	if err := checkMulti(frame[minFrame:]); err != nil {
		return err
	}
	s.held = frame
	return nil
}
