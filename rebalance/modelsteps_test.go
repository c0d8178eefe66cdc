//go:build !race

package rebalance

const modelSteps = 1_000_000
