#!/usr/bin/env bash
# Looks at what pullpass draws, in headless Chromium. Where there is no Chromium, Debian's is installed; the run fails where
# it cannot be. The browser resolves no names: nothing leaves this machine but that.
#
# Usage: test/look/run.sh [FLAGS OF GO TEST], such as -v, or -run TestPicturesAreReadable
#        LOOK_SHOTS=DIR test/look/run.sh          keeps a screenshot of each picture in DIR
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() {
	echo "look: $*" >&2
	exit 1
}

# install installs Debian's Chromium with a monospaced font, whose letters are what the pictures are measured for.
install() {
	command -v apt-get >/dev/null || fail "there is no chromium on PATH and no apt-get to install it with"
	echo "look: there is no chromium on PATH: installing Debian's" >&2
	{
		apt-get update &&
			DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 chromium fonts-dejavu-core
	} >"$log" 2>&1 || {
		cat "$log" >&2
		fail "installing chromium with apt-get failed"
	}
	hash -r
}

log=$(mktemp)
trap 'rm -f -- "$log"' EXIT
command -v chromium >/dev/null || install
LOOK_CHROMIUM=$(command -v chromium) || fail "apt-get installed chromium, but there is none on PATH"
export LOOK_CHROMIUM
go test -count=1 -timeout 10m "$@" .
