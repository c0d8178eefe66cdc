//go:build cluster && !chaos

package acceptance

// everyFault is whether all faults are played, or only the quick ones.
const everyFault = false
