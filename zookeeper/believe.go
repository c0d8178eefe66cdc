package zookeeper

import (
	"encoding/binary"
	"fmt"
)

const (
	// counted is the part of an answer up to the first number of its body.
	counted = minFrame + 4
	// statFrame is the length of an answer that has a stat for a body, which begins
	// with the epoch of a leader and no length.
	statFrame, maxEpoch = 84, 1 << 20
)

// checkCount refuses an answer that is about to come when it announces more than it
// has: the library allocates what is announced before it looks. A list of children
// begins with their number, data with their length, which is -1 where there are none.
func (s *socket) checkCount(size int) error {
	if size < counted {
		if begin, err := s.in.Peek(min(size, 4)); err == nil && len(begin) == 4 {
			s.out.lists(int32(binary.BigEndian.Uint32(begin))) // an error answers that, too
		}
		return nil
	}
	begin, err := s.in.Peek(counted)
	if err != nil {
		return err
	}
	count := binary.BigEndian.Uint32(begin[minFrame:])
	limit := uint32(size - counted)
	switch xid := int32(binary.BigEndian.Uint32(begin)); {
	case xid < 0 || binary.BigEndian.Uint32(begin[12:]) != 0: // a notice, or an error
		return nil
	case s.out.lists(xid):
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
