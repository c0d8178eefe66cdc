// Package testbed starts real ZooKeeper ensembles and Kafka clusters on
// loopback, of any release in its table, breaks them on demand and leaves
// nothing behind.
//
// A cluster is described by a [Spec], whose zero value is the one that
// evenkeel was made for: Kafka 0.9.0.1 with two brokers, on ZooKeeper 3.4.6
// with three servers.
//
//	c := testbed.StartT(t, testbed.Spec{})           // a test: stopped at its end
//	err := c.CreateTopic(ctx, "test", [][]int32{{0, 1}, {1, 0}})
//	err = c.Broker(0).Kill()                         // SIGKILL, reaped
//	err = c.Broker(0).Start(ctx)                     // same port, same data
//	err = c.ElectPreferred(ctx, "test")              // somebody else elects
//
// # What it needs
//
// A JDK and Maven in PATH. The jars of each release come through Maven, from
// the poms in poms/, and are checked against the SHA-256 sums beside them;
// they are kept in the user's cache folder (or EVENKEEL_TESTBED_CACHE), so
// only the first run fetches. See [Fetch]. Logins with GSSAPI need the servers of
// MIT Kerberos, see [StartKDC], and TLS with Kafka before 2.7 needs openssl.
//
// # Logins
//
// [Spec] can give the brokers further listeners, of every protocol and mechanism,
// see [Listener]; the cluster then brings a certificate authority, a token
// endpoint and a Kerberos server along, as far as the listeners need them. The
// plain listener stays, for the testbed and for the brokers among themselves,
// and through it everything is allowed. Start returns when every user of
// Spec.Users can log in at every broker.
//
// # Faults
//
// A process is killed, terminated or frozen by its [Server]. What else can go
// wrong is to be asked for in the [Spec], where it costs something, and then
// happens on demand:
//
//	c.Wire(0).Cut()                       // Spec.Wires: clients, not brokers, lose broker 0
//	c.ZooKeeperWire(2).Delay(time.Second) // Spec.ZooKeeperWires: clients alone
//	c.ZooKeeperWiresOf(0)[2].Cut()        // Spec.ZooKeeperWires: broker 0 alone
//	err = c.Broker(0).FillDisk(0)         // Spec.LogDirBytes: no space left
//	err = c.Broker(0).FailDisk(1)         // Spec.LogDirs: a disk is gone
//	err = c.Broker(0).MoveClock(-time.Hour) // Spec.MovableClocks
//	later, err := c.TakeID(ctx, 0)        // another broker with the same id
//	err = c.SetPassword(ctx, "alice", "new")
//	cert, key, err := c.PKI().ClientCert("alice", 10*time.Second)
//
// A [Wire] is a network of one hop, and is of use before other servers as well.
// It can cut, refuse, reset, delay and trickle. It accepts before it asks its
// target: behind a wire a broker that is down resets connections instead of
// refusing them; call Refuse as well to have it look like a port without a
// listener. How the brokers are reached without their wires differs by release,
// see [Cluster.Wire].
//
// A disk with a size is mounted nowhere: it is there as long as this program is,
// even if that is killed. Its folder is a link that other programs can follow
// only meanwhile.
//
// # Groups and offsets
//
// Consumers of every kind fall behind when they are frozen, a [Blast] tells when
// it wrote which offset, and the release's own tool gives a second opinion:
//
//	consumer, err := c.StartReader(ctx, testbed.ReaderSpec{Group: "readers", Topics: []string{"test"}})
//	consumer, err = c.StartAssigned(ctx, "loners", "test", 0) // no member of its group
//	consumer, err = c.StartOldConsumer(ctx, "olds", "zookeeper", "test")
//	blast, err := c.StartBlast(ctx, "test", 0)
//	err = consumer.Freeze()
//	lags, err := c.ToolLags(ctx, "readers")
//	transactions, err := c.StartTransactions(ctx, "writer") // then Begin, Send, Abandon
//
// # What is true when a call returns
//
// [Start] returns when the ensemble has a leader, every broker is registered,
// has finished its start and knows the others, and there is a controller. This
// is more than "the port is open": a broker registers and listens before it is
// done, and one that is frozen or killed in that gap may never come back.
// CreateTopic returns with a leader and a full ISR for every partition, Kill
// when the process is reaped, Server.Start and Upgrade when the server serves
// again, StartReassignment when the move is under way.
//
// Every wait ends with its context; a context without a deadline gets one of
// two minutes, so that a cluster that was broken on purpose cannot hang a
// test for ever. The error then says what was waited for and what was seen.
//
// # Times to reckon with
//
// ZooKeeper's tick is 500 ms and the sessions of brokers and consumers last
// 3 s: a killed or frozen broker is out of the registry after about 3 s. That
// is also why starting a killed broker takes up to 3 s: releases before 2.2 refuse
// to start while their old registration is there, so Server.Start waits for it
// to go.
//
// # Processes
//
// The JVMs die with the program that started them, even if it is killed with
// SIGKILL (on Linux, by a parent-death signal). The signal is bound to the
// thread that forks, so one goroutine, locked to its thread, forks them all
// and lives as long as the program; a test that hunts leaked goroutines
// ignores [SpawnerFunction].
package testbed
