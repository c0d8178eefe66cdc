// Package kafka asks brokers what they can tell: whether they answer, what they are,
// the cluster as they see it, which consumer groups they coordinate, what those groups
// committed, and where the logs that they lead begin and end.
//
// # What is asked
//
// To watch a cluster, these requests, and no other:
//
//   - ListOffsets with no topics is the probe. It needs no privilege, every
//     release answers it with a handful of bytes, and an answer is the only proof
//     of life there is: the kernel accepts connections for a frozen broker.
//   - ListOffsets for all partitions that a broker leads, once for the starts of
//     the logs, once for the ends, and where it is wanted once more for the last stable
//     offsets or for the first messages from some time on.
//   - Metadata for all topics or for none, never by name; DescribeCluster.
//   - ListPartitionReassignments for all topics, which only an active controller can
//     answer, and DescribeQuorum.
//   - DescribeConfigs for one setting of topics that exist, or of the broker itself.
//   - ListGroups, DescribeGroups and ConsumerGroupDescribe, at every broker: each
//     knows the groups that it coordinates.
//   - OffsetFetch, at the coordinator of the group.
//   - Fetch of __consumer_offsets, of Kafka 0.8.2 to 0.10.1, which do not list groups
//     without members. Only the keys of its messages are looked at.
//   - ApiVersions, SaslHandshake and SaslAuthenticate, when a connection is opened.
//
// Whoever wants the leaders changed calls [Client.ElectPreferred], which sends
// ElectLeaders for the partitions that it is given. It is the only write, and nothing
// else in the package calls it.
//
// # Why nothing else
//
// Some reads write, and some harm. Metadata that names an unknown topic creates
// it where auto.create.topics.enable is on, as it is by default. FindCoordinator
// creates __consumer_offsets; [CoordinatorPartition] computes its answer instead.
// sarama's Client, ClusterAdmin and Consumer, which send such requests by themselves,
// are not used: only its Broker, which is one connection.
//
// # Which release, without harm
//
// Nobody has to tell the release. ApiVersions tells what a broker knows, from which
// follow the form of every request and what the broker is ([Identity]). But
// ApiVersions makes a 0.9 broker lose the requests of other clients: the exception
// leaves the loop of its network thread. So it goes only to a broker whose
// registration in ZooKeeper is one of 0.10 or later, and else to one that answered
// Metadata for no topics in the form of 0.10. Kafka 0.8 and 0.9 answer that in the
// shape of the form before, without harm; the two are told apart by ListGroups, on
// which 0.8 hangs up. All this is asked anew with each connection, so that a broker
// which came back as another release is not harmed, and not misread.
//
// # What speaks the protocol
//
// sarama's Broker opens the connections, logs in, renews logins, and speaks the probe.
// The rest is encoded by kmsg, which has nothing but the messages, and sent over the
// same connection while nothing of sarama's is on its way: sarama cannot ask Metadata for
// no topics or ListPartitionReassignments for all, has no DescribeQuorum, and keeps to
// itself what ApiVersions told it. The answers are read by ourselves, straight into what
// is told of them: a map and several allocations for each partition, as libraries make
// them, would be most of what a poll costs, and what an answer makes believe to hold
// must cost nothing.
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
// is no failure and is not reported as one. Where somebody wants to know ([Options.Lost]),
// the probe's connection is read from while it is idle, so that the death of a process
// is noticed within milliseconds. A broker that timed out gets at most
// two seconds for each call until it answers again. One that refused a login is not
// dialled again for 15 seconds, then for twice as long each time, up to two minutes;
// calls return what it said until then.
package kafka
