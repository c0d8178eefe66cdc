// Package exporter is the running program: it polls every cluster of the
// configuration on its own schedule, publishes each snapshot at once to everybody
// who reads, and serves /metrics, the status page, the API and the health checks
// from what was published. No request that it serves reaches Kafka or ZooKeeper.
package exporter
