#!/usr/bin/env bash
# Usage: fuzz.sh REGEXP TIME
# Runs every fuzz target whose name matches REGEXP for TIME, one after the other; the first finding ends the run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
pattern=$1 time=$2

packages=$(tools/packages-with.sh Fuzz)
[ -n "$packages" ] || { echo "no fuzz targets" >&2; exit 1; }
for package in $packages; do
	targets=$(go test -list '^Fuzz' "$package" | grep '^Fuzz') || { echo "cannot list the fuzz targets of $package" >&2; exit 1; }
	for target in $targets; do
		[[ $target =~ $pattern ]] || continue
		echo "$package $target for $time"
		# Minimizing an input is cut off at the deadline, which the fuzzer reports as a failure; 2s bounds it.
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 2s "$package"
	done
done
