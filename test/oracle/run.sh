#!/usr/bin/env bash
# Holds package authz against iam-simulate on cases made up from a seed (docs/oracle.md). Installs
# iam-simulate with npm at the version that package-lock.json pins, and Debian's node and npm where there are none.
#
# Usage: test/oracle/run.sh [-seed N] [-count N] [-processes N]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

fail() {
	echo "oracle: $*" >&2
	exit 1
}

# logged CMD... runs a command whose output is worth reading only when it fails.
logged() {
	"$@" >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		return 1
	}
}

install_node() {
	command -v apt-get >/dev/null || fail "there is no node or no npm on PATH, and no apt-get to install them with: install Node.js 18 or newer"
	echo "oracle: there is no node or no npm on PATH: installing Debian's" >&2
	export DEBIAN_FRONTEND=noninteractive
	logged apt-get update && logged apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 nodejs npm ||
		fail "installing nodejs and npm with apt-get failed"
}

{ command -v node && command -v npm; } >/dev/null || install_node
[[ $(node --version | tr -d v | cut -d. -f1) -ge 18 ]] || fail "node $(node --version) is too old for iam-simulate: install 18 or newer"

logged npm ci || fail "npm ci failed"
logged go test ./... || fail "the comparison does not find what it must"
go build -o "$work/oracle" .
"$work/oracle" "$@"
