// Package zookeeper asks the ensemble under a Kafka cluster what it knows. It creates,
// changes or deletes a znode in two places alone, which nothing else here calls:
// [Session.ElectPreferred], which writes an election for Kafka's controller and nothing
// else of Kafka's, and [Lock], by which several processes agree who does that, below a
// path of its own.
//
// Two questions are asked, on two ways.
//
// How the servers are: [Ensemble] sends every configured server the four-letter
// word srvr over a connection of its own, and mntr where the server allows it.
// Of all words srvr is the one to ask. ruok proves nothing: a server that has
// lost its quorum goes on answering imok. stat lists every client, which is slow
// on a busy server, and from ZooKeeper 3.5 only srvr is answered without being
// allowed first (4lw.commands.whitelist). srvr tells the mode, which a server has
// only while it belongs to a quorum. Where mntr is not allowed, the AdminServer may
// be asked for the same numbers (/commands/monitor, from 3.5), which no whitelist
// closes; that there is none is no fault. All releases' numbers come under the names
// that mntr has for them. Those with labels in their names are left out.
//
// What Kafka wrote down: [Session.Registry] reads the registered brokers, the
// controller, and for every partition the assignment, the leader and the ISR,
// through one long-lived client session. Up to Kafka 2.4 this is the only true
// source: the brokers' own metadata leaves dead replicas out and lags behind by
// seconds. Of later releases the caller may take the partitions from elsewhere, in
// the same pass. [Session.Members] reads who belongs to the ensemble itself, and
// [Session.TopicConfigs] what topics override.
//
// A client is served by any one server, and a follower may lag behind the leader.
// Every reading therefore begins with a sync, after which the server has seen all
// that the leader had committed. It is no write, it needs no privilege, and only
// a serving quorum answers it: a picture that was read is the ensemble's, not one
// that a cut-off server still remembers. A server in read-only mode never gets the
// session: it serves only who says that this will do, and here nobody does.
//
// With Changed in [SessionOptions] the session tells at once that something of what was
// read has changed, by ZooKeeper's watches, and reads the states of partitions anew
// only where a watch has fired. [Ensemble.Look] asks the servers for srvr alone.
//
// A request that writes may have been heard although its answer was lost. So what became
// of it is read back, and what cannot be known is said to be unknown. Nothing is done
// twice that would not be the same as once.
//
// With Auth in [SessionOptions] every connection is authenticated before anything is
// asked on it, with the credentials as they are then. Without TLS a digest's password
// travels in plain text; that is ZooKeeper's protocol.
//
// Names are resolved anew with each connection, so a server that changes its
// address, or whose name does not resolve for a while, costs one attempt and
// nothing else. Whatever hangs, calls return by their context's deadline.
package zookeeper
