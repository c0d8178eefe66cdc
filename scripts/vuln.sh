#!/bin/sh
# Says whether this code calls anything with a known vulnerability. Where the list of
# them (vuln.go.dev) cannot be reached, as on a machine that has package registries
# alone, it says so in one line and passes: nothing was looked at. Anything else that
# goes wrong fails.
#   vuln.sh          runs govulncheck
#   vuln.sh --test   holds the decision against recorded outputs of it
set -u

# The mirror of the list, where there is one: GOVULNDB=https://... or file:///...
database=${GOVULNDB:-https://vuln.go.dev}
govulncheck="go run golang.org/x/vuln/cmd/govulncheck@v1.9.0"

# judge STATUS OUTPUT says what a run means: its last line, and the status to exit
# with. `go run` turns every failure into status 1 and ends stderr with the one of
# the program: 3 is govulncheck's for findings, 1 for what kept it from looking.
judge() {
	if [ "$1" = 0 ]; then
		if grep -q '^No vulnerabilities found' "$2"; then
			echo "govulncheck: nothing known"
			return 0
		fi
		# It says of what is imported, or required, and never called.
		grep -q '^Your code is affected by 0 vulnerabilities' "$2" && echo "govulncheck: nothing that is called" && return 0
		cat "$2"
		echo "govulncheck: it passed, but did not say that it looked"
		return 1
	fi
	if grep -q '^exit status 1$' "$2" && grep -Eq "$unreachable" "$2" && ! grep -q '^Vulnerability #' "$2"; then
		echo "govulncheck: NOT LOOKED: the list of vulnerabilities cannot be reached ($database)"
		return 0
	fi
	cat "$2"
	echo "govulncheck: failed"
	return 1
}

# What net and net/http say where there is no way to the host. A host that answers
# with an error is no such case.
unreachable='^govulncheck: fetching vulnerabilities: .*(: no such host|: connection refused|: network is unreachable|: no route to host|: i/o timeout|server misbehaving|Temporary failure in name resolution|proxyconnect tcp|Client\.Timeout exceeded)'

# expect STATUS JUDGEMENT TEXT: govulncheck ending so must be judged so.
expect() {
	printf '%b\n' "$3" >"$output"
	judge "$1" "$output" >"$output.said"
	got=$?
	if [ "$got" != "$2" ]; then
		echo "vuln.sh: judged $got, want $2, of status $1 and: $3" >&2
		wrong=1
	fi
}

output=$(mktemp)
trap 'rm -f "$output" "$output.said"' EXIT

if [ "${1:-}" = --test ]; then
	wrong=0
	found='=== Symbol Results ===\n\nVulnerability #1: GO-2022-0969\n    Denial of service in net/http\n\nYour code is affected by 1 vulnerability from 1 module.'
	ask='govulncheck: fetching vulnerabilities: Get "https://vuln.go.dev/index/modules.json.gz": '
	expect 0 0 'No vulnerabilities found.'
	expect 0 0 '=== Symbol Results ===\n\nNo vulnerabilities found.\n\nYour code is affected by 0 vulnerabilities.'
	expect 0 0 'Your code is affected by 0 vulnerabilities.\nThis scan also found 1 vulnerability in packages you import.'
	expect 0 1 ''
	expect 1 1 "$found\nexit status 3"
	expect 3 1 "$found"
	expect 1 1 "$found\n${ask}dial tcp: lookup vuln.go.dev: no such host\nexit status 1"
	expect 1 0 "${ask}dial tcp: lookup vuln.go.dev on 192.0.2.1:53: no such host\nexit status 1"
	expect 1 0 "${ask}dial tcp 192.0.2.7:443: connect: connection refused\nexit status 1"
	expect 1 0 "${ask}dial tcp 192.0.2.7:443: i/o timeout\nexit status 1"
	expect 1 1 "${ask}404 Not Found\nexit status 1"
	expect 1 1 'govulncheck: loading packages: \nThere are errors with the provided package patterns:\n\nno such host\nexit status 1'
	expect 1 1 'go: golang.org/x/vuln@v1.9.0: no such host'
	expect 2 1 ''
	[ "$wrong" = 0 ] && echo "vuln.sh: judges as it should"
	exit "$wrong"
fi

$govulncheck -db "$database" -tags "${TAGS:-}" ./... >"$output" 2>&1
judge $? "$output"
