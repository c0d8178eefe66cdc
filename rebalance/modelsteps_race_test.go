//go:build race

package rebalance

const modelSteps = 50_000 // the race detector makes each of them many times as long
