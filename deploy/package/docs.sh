#!/bin/sh
# Writes the man page and the completions that packages carry, as evenkeel tells them itself.
#   docs.sh DIRECTORY [BINARY]; without a binary, it is run from its source
set -eu

out=$1
if [ $# -gt 1 ]; then evenkeel=$2; else evenkeel="go run ."; fi
mkdir -p "$out"
# shellcheck disable=SC2086 # "go run ." is three words
{
	$evenkeel --help-man >"$out/evenkeel.1"
	$evenkeel --completion-script-bash >"$out/evenkeel.bash"
	$evenkeel --completion-script-zsh >"$out/_evenkeel"
}
# Without name and time, the same text is the same file.
gzip -9 -n -f "$out/evenkeel.1"
