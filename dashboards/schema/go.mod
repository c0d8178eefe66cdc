// A module of its own, so that evenkeel's does not depend on Grafana's types.
module github.com/evenkeel/evenkeel/dashboards/schema

go 1.26.7

require github.com/grafana/grafana-foundation-sdk/go v0.0.12
