#!/bin/sh
# Runs every tier of the tests and closes with a line that counts them.
#   offline    needs nothing
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

tier offline -race ./...
tier cluster -tags cluster -p 1 -count 1 -timeout 20m ./testbed/... ./kafka ./zookeeper ./acceptance/...

echo "== known vulnerabilities"
if ! ./scripts/vuln.sh --test || ! ./scripts/vuln.sh; then failed=1; fi

echo "$(count pass) passed, $(count fail) failed, $(count skip) skipped"
exit $failed
