// Package cluster holds the picture of one Kafka cluster and of the ZooKeeper
// ensemble under it, as one poll saw them, and everything that follows from the
// picture by arithmetic alone: which partitions are offline, who the preferred
// leader is, how far a group lags, what changed since the poll before.
//
// It is plain data and pure functions. It imports no client and no metrics
// library, so that every rule in it can be tested with a literal and a table.
//
// One rule runs through the package: what could not be read is unknown, and
// unknown is carried as such to the very end. Nothing here turns it into a zero,
// a minus one or the value of the poll before. A part of the picture that can
// fail as a whole is a [Reading]; a single value that can be missing is an
// [Offset], or comes with a second result that says whether it is known.
package cluster
