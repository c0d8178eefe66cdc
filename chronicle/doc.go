// Package chronicle keeps in memory what a person who is woken wants to know of the last
// hours of a cluster: how some figures went, what happened and when, how polls ended, and
// for each broker that was lost when that was, when it came back, and what it has not got
// back yet.
//
// It is filled from snapshots and read by the status page. What a snapshot does not know is
// not known here either.
package chronicle
