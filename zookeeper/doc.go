// Package zookeeper asks the ensemble under a Kafka cluster what it knows. It
// only reads: nothing in it creates, changes or deletes a znode.
//
// Two questions are asked, on two ways.
//
// How the servers are: [Ensemble] sends every configured server the four-letter
// word srvr over a connection of its own, and mntr where the server allows it.
// Of all words srvr is the one to ask. ruok proves nothing: a server that has
// lost its quorum goes on answering imok. stat lists every client, which is slow
// on a busy server, and from ZooKeeper 3.5 only srvr is answered without being
// allowed first (4lw.commands.whitelist). srvr tells the mode, which a server has
// only while it belongs to a quorum.
//
// What Kafka wrote down: [Session.Registry] reads the registered brokers, the
// controller, and for every partition the assignment, the leader and the ISR,
// through one long-lived client session. Up to Kafka 2.4 this is the only true
// source: the brokers' own metadata leaves dead replicas out and lags behind by
// seconds.
//
// A client is served by any one server, and a follower may lag behind the leader.
// Every reading therefore begins with a sync, after which the server has seen all
// that the leader had committed. It is no write, it needs no privilege, and only
// a serving quorum answers it: a picture that was read is the ensemble's, not one
// that a cut-off server still remembers.
//
// Names are resolved anew with each connection, so a server that changes its
// address, or whose name does not resolve for a while, costs one attempt and
// nothing else. Whatever hangs, calls return by their context's deadline.
package zookeeper
