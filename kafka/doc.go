// Package kafka asks brokers what only they can tell: whether they answer, which
// consumer groups they coordinate, what those groups committed, and where the
// logs that they lead begin and end.
//
// # What is asked
//
// Four requests, and no other:
//
//   - ListOffsets with no topics is the probe. It needs no privilege, every
//     release answers it with a handful of bytes, and an answer is the only proof
//     of life there is: the kernel accepts connections for a frozen broker.
//   - ListOffsets for all partitions that a broker leads, once for the starts of
//     the logs and once for the ends.
//   - ListGroups and DescribeGroups, at every broker: each knows the groups that
//     it coordinates.
//   - OffsetFetch, at the coordinator of the group.
//
// A fifth, ApiVersions, is sent by the client library when a connection is opened
// to a broker that is known to bear it.
//
// # Why nothing else
//
// Some reads write, and some harm. Metadata that names an unknown topic creates
// it where auto.create.topics.enable is on, as it is by default. FindCoordinator
// creates __consumer_offsets; [CoordinatorPartition] computes its answer instead.
// ApiVersions makes a 0.9 broker lose the requests of other clients: the
// exception leaves the loop of its network thread. So ApiVersions goes to no
// broker that may be that old, which [Node] decides by the version of the broker's
// registration, and sarama's Client, ClusterAdmin and Consumer, which send such
// requests by themselves, are not used: only its Broker, which is one connection.
//
// No answer about the assignment, the leaders or the ISR is asked for here. Up to
// Kafka 2.4 brokers tell these late, or without the replicas that are dead.
//
// # How a hanging broker is borne
//
// Every call returns by the deadline of its context, whatever hangs: giving up
// closes the socket, which ends sarama's goroutines. Should that once not help,
// the call is abandoned 200 ms later, and nothing more is sent over its connection
// until it comes back ([ErrAbandoned]). A broker has two connections,
// one for the probe alone, because sarama lets only one request at a time through
// a connection. They are kept between polls and opened again when they break;
// that a broker closes an idle connection (connections.max.idle.ms, ten minutes)
// is no failure and is not reported as one. A broker that timed out gets at most
// two seconds for each call until it answers again.
package kafka
