#!/bin/sh
# Sees to it that what the tests and the demo need is there: Go, a C compiler, a JDK, Maven,
# openssl, MIT Kerberos's servers, Prometheus, Alertmanager, Chromium and systemd's tools.
# On Debian, as root, what is missing is installed; elsewhere it is named.
set -eu

missing=""
command -v go >/dev/null 2>&1 || { echo "Go is missing: install the release that go.mod names, see https://go.dev/doc/install" >&2; exit 1; }
command -v gcc >/dev/null 2>&1 || missing="$missing gcc libc6-dev" # go test -race links with it
command -v javac >/dev/null 2>&1 || missing="$missing default-jdk-headless"
command -v mvn >/dev/null 2>&1 || missing="$missing maven"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
command -v systemd-analyze >/dev/null 2>&1 || missing="$missing systemd" # judges the unit
# Both lie in /usr/sbin, where only root's PATH leads on Debian.
PATH="$PATH:/usr/sbin"
command -v krb5kdc >/dev/null 2>&1 || missing="$missing krb5-kdc"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium fonts-dejavu-core" # looks at the page
command -v kadmin.local >/dev/null 2>&1 || missing="$missing krb5-admin-server"
services=""
for service in prometheus prometheus-alertmanager; do
	command -v $service >/dev/null 2>&1 || services="$services $service"
done
missing="$missing$services"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing:$missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# shellcheck disable=SC2086 # a list of words
	apt-get install -y -qq --no-install-recommends $missing >/dev/null
	# Their packages start them as services, which nobody asked for.
	for service in $services; do
		systemctl disable --now "$service" >/dev/null 2>&1 || true
	done
	exit 0
fi
echo "Please install:$missing (on Debian, as root: apt-get install --no-install-recommends$missing)" >&2
exit 1
