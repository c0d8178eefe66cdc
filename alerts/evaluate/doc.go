// Package evaluate runs the alerting rules of Prometheus' rule files without a Prometheus
// server: the same expressions through the same engine and the same templates, on the
// samples of each poll, at the poll's time.
//
// What differs from a server is what is done when nothing is known. A series that is not
// among the samples of a poll has ended at once, and its alert is resolved. But where what
// a rule names could not be read, the rule is frozen: its alerts neither advance nor
// resolve, and the time does not count. Only rules that tell of reachability itself go on.
package evaluate
