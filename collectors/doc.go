// Package collectors polls one cluster and turns what it saw into metrics.
//
// A [Poller] reads everything once, in an order that makes the numbers right and
// within a deadline that holds whatever hangs, and yields one immutable
// cluster.Snapshot. A [Collector] is one concern (the ZooKeeper servers, the
// brokers, the ISR, leadership, lag) in one file: it names the sources that it
// stands on, declares its metrics, and emits them from a snapshot. It never talks
// to Kafka or ZooKeeper.
//
// A new collector is one new file, its golden file under testdata, and one line in
// [All].
package collectors
