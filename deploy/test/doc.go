// Package test holds what deploy/ has: the chart, the manifests, the image, the package and
// the unit are rendered, built, validated against their schemas, and where that is possible
// run. `go test -run TestCopies -update` writes the copies of rules and dashboards anew.
package test
