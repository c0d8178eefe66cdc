// Package rebalance decides when preferred leaders are to be elected, has it done, checks
// that it was, and keeps the journal of it.
//
// # Deciding
//
// [Decide] is pure: a snapshot, a policy, what is remembered, and the time go in; a plan,
// or every reason not to have one, comes out. What a series of snapshots tells, [Watch]
// remembers. What outlives a process is [Kept].
//
// # Doing
//
// A run works a plan off in batches. Before each of them a fresh snapshot is taken and
// Decide is asked again; after each of them the leaders are read back from the cluster:
// neither the answer to an election nor the vanishing of its znode proves anything.
package rebalance
