package zookeeper

import (
	"encoding/binary"
	"fmt"
)

// Operations of the protocol that transactions are made of.
const (
	createOp = 1
	checkOp  = 13
	multiOp  = 14
)

const (
	// multiHeader is what goes before each result of a transaction, and behind the
	// last: an operation, -1 for an error, whether it is the end, and an error code.
	multiHeader = 4 + 1 + 4
	failedOp    = -1
)

// checkMulti refuses the body of an answer to a transaction that is not made of results
// of checks, of created znodes and of errors, to the last byte: the library panics where
// one breaks off within a header.
func checkMulti(body []byte) error {
	for rest := body; len(rest) >= multiHeader; {
		op, end := int32(binary.BigEndian.Uint32(rest)), rest[4] != 0
		rest = rest[multiHeader:]
		if end && len(rest) == 0 {
			return nil
		}
		size := 0
		switch {
		case end:
			size = -1
		case op == checkOp:
		case op == failedOp:
			size = 4
		case op == createOp && len(rest) >= 4:
			size = 4 + int(int32(binary.BigEndian.Uint32(rest)))
		default:
			size = -1
		}
		if size < 0 || size > len(rest) || op == createOp && size < 4 {
			break
		}
		rest = rest[size:]
	}
	return fmt.Errorf("%w: an answer to a transaction that is none, of %d bytes", errBadReply, len(body))
}
