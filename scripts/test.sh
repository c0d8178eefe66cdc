#!/bin/sh
# Runs every tier of the tests and closes with a line that counts them.
#   offline    needs nothing
#   grafana    the dashboards against the types of Grafana's schemas, in a module of its own
#   deploy     image, package, unit, compose, manifests and the rendered chart, likewise
#   model      the rebalancer against a model of clusters, a million steps, and mutants of the
#              alert rules: without the race detector, which would take ten times as long
#   cluster    real ZooKeeper and Kafka processes, and the built binary as a user runs it
# What is called of known vulnerabilities fails the run, too (scripts/vuln.sh).
set -u

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
gotestsum="go run gotest.tools/gotestsum@v1.13.0"
failed=0

tier() { # NAME, then the arguments of go test
	name=$1
	shift
	echo "== $name"
	begun=$(date +%s)
	$gotestsum --format pkgname --format-hide-empty-pkg --jsonfile "$results/$name.json" -- "$@" || failed=1
	echo "== $name took $(($(date +%s) - begun)) s"
}

count() { # ACTION; a test that runs in two tiers counts once
	cat "$results"/*.json | grep "\"Action\":\"$1\"" | grep '"Test":' |
		sed 's/.*"Package":"\([^"]*\)","Test":"\([^"]*\)".*/\1 \2/' | sort -u | wc -l
}

# Says once more, in a few lines, why tests failed: what they print of real processes is
# long.
reasons() {
	grep -h '"Action":"fail"' "$results"/*.json | sed -n 's/.*"Test":"\([^"]*\)".*/\1/p' | sort -u | while read -r test; do
		echo "== $test"
		grep -hF "\"Test\":\"$test\"" "$results"/*.json | grep '"Action":"output"' |
			grep -E '_test\.go:[0-9]+: |panic: |fatal error: |DATA RACE' | sed 's/.*"Output":"//; s/\\n"}$//' | cut -c 1-600 | head -n 20
	done
}

tier offline -race ./...
cd dashboards/schema || exit 1
tier grafana -count 1 ./...
cd ../../deploy/test || exit 1
tier deploy -count 1 . ./manifest
cd ../.. || exit 1
tier model -count 1 ./rebalance ./alerts/evaluate
tier cluster -tags cluster -p 1 -count 1 -timeout 35m ./alerts ./testbed/... ./kafka ./zookeeper ./acceptance/...

echo "== known vulnerabilities"
if ! ./scripts/vuln.sh --test || ! ./scripts/vuln.sh; then failed=1; fi

[ $failed = 0 ] || reasons
echo "$(count pass) passed, $(count fail) failed, $(count skip) skipped"
exit $failed
