package kafka

import "math"

// Operation is something that a user may be allowed to do to a topic, a group or
// the cluster, by Kafka's number for it (AclOperation).
type Operation uint8

// The operations that reading and electing need.
const (
	OpRead            Operation = 3
	OpAlter           Operation = 7
	OpDescribe        Operation = 8
	OpDescribeConfigs Operation = 10
)

// Operations are the operations that the user is allowed, as the broker told them.
// The zero value was not told.
type Operations struct {
	bits uint32
	told bool
}

// operationsOf reads the bit field of an answer, in which the least number stands
// for nothing told.
func operationsOf(field int32) Operations {
	if field == math.MinInt32 {
		return Operations{}
	}
	return Operations{bits: uint32(field), told: true}
}

// OperationsOf returns these operations as if a broker had told them, for those who
// stand in for a Client.
func OperationsOf(allowed ...Operation) Operations {
	o := Operations{told: true}
	for _, op := range allowed {
		o.bits |= 1 << op
	}
	return o
}

// Told says whether the broker told the operations at all.
func (o Operations) Told() bool { return o.told }

// Has says whether the operation is allowed. It is false for all when nothing was
// told.
func (o Operations) Has(op Operation) bool { return o.bits&(1<<op) != 0 }
