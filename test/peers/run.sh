#!/usr/bin/env bash
# Runs programs that were not written for the sandbox against it: every AWS CLI of this machine (Debian's where there is
# none), Debian's containerd, the Go programs that go.mod and injector/go.mod pin, and the SDK that sdk/package-lock.json
# pins. What is missing is installed or built, and the run fails where it cannot be. All traffic stays on loopback but for
# that. Needs root: containerd does, and so does a /tmp of its own for the packages controller's code.
#
# Usage: test/peers/run.sh [FLAGS OF GO TEST], such as -v, or -run 'TestPeers/the_page'
#        PEERS_WRITE=1 test/peers/run.sh          writes docs/compatibility.md and docs/permissions.md
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")"

root=$(cd ../.. && pwd)
cache=$root/.cache/peers
work=$(mktemp -d)
building= # the process group of build_all, while it runs
trap 'leave' EXIT

leave() {
	[[ -z $building ]] || kill -- "-$building" 2>/dev/null || true
	rm -rf -- "$work"
}

fail() {
	echo "peers: $*" >&2
	exit 1
}

say() { echo "peers: $*" >&2; }

# debian installs a package of Debian's for a program that is not there.
debian() {
	local package=$1 program=$2
	command -v apt-get >/dev/null || fail "there is no $program on PATH and no apt-get to install it with"
	say "there is no $program on PATH: installing Debian's $package"
	{
		apt-get update &&
			DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$package"
	} >"$work/apt.log" 2>&1 || {
		cat "$work/apt.log" >&2
		fail "installing $package with apt-get failed"
	}
	hash -r
	command -v "$program" >/dev/null || fail "apt-get installed $package, but there is no $program"
}

# needs PACKAGE PROGRAM… makes sure that programs are on PATH.
needs() {
	local package=$1 program
	for program in "${@:2}"; do
		command -v "$program" >/dev/null || debian "$package" "$program"
	done
}

# aws_clis prints the path of each AWS CLI on PATH and of Debian's, each once however many names it has.
aws_clis() {
	{
		type -ap aws || true
		if [[ -x /usr/bin/aws ]]; then echo /usr/bin/aws; fi
	} | while read -r path; do
		printf '%s\t%s\n' "$(realpath -- "$path")" "$path"
	done | awk -F '\t' '!seen[$1]++ { print $2 }'
}

# key FILE… names what is made of these files by this Go or this Node.js.
key() { { go env GOVERSION && cat -- "$@"; } | sha256sum | cut -c 1-16; }

# build_tools builds the Go programs once, giving way to whatever else the machine does, into the directory that is named
# after what they are made of. They need no C compiler, and no tables for a debugger.
build_tools() {
	[[ -d $1 ]] && return
	say "building crane, oras, helm, the credential provider and the packages controller's injector"
	mkdir -p "$cache" "$work/bin"
	CGO_ENABLED=0 nice go build -trimpath -ldflags='-s -w' -o "$work/bin/" tool
	CGO_ENABLED=0 nice go build -C injector -trimpath -ldflags='-s -w' -o "$work/bin/" .
	put "$work/bin" "$1"
}

# build_all builds the Go programs, pullpass, and what the tests are made of.
build_all() {
	build_tools "$bin"
	go build -C "$root" -o "$work/pullpass" ./cmd/pullpass
	go test -run '^$' . >/dev/null
}

# install_sdk installs the pinned packages of the AWS SDK for JavaScript once. It prints where.
install_sdk() {
	local dir
	dir=$cache/sdk-$(key sdk/package-lock.json sdk/.npmrc)
	if [[ ! -d $dir ]]; then
		say "installing the AWS SDK for JavaScript"
		mkdir -p "$cache" "$work/npm"
		cp sdk/package.json sdk/package-lock.json sdk/.npmrc "$work/npm/"
		(cd "$work/npm" && npm ci >"$work/npm.log" 2>&1) || {
			cat "$work/npm.log" >&2
			fail "npm ci failed"
		}
		put "$work/npm" "$dir"
	fi
	echo "$dir"
}

# put moves a directory to its place at once, unless another run has put one there.
put() {
	local beside
	beside=$(mktemp -d "$cache/new-XXXXXX")
	mv -- "$1" "$beside/made"
	mv -T -- "$beside/made" "$2" 2>/dev/null || [[ -d $2 ]] || fail "putting $2 in place failed"
	rm -rf -- "$beside"
}

# compare holds what a document says of this run against the one that is checked in. Rows of programs that come from the
# machine may be of other versions; all else must be the same.
compare() {
	local name=$1 checked_in=$root/docs/$1 differs=0
	[[ -s $work/docs/$name ]] || return 0 # The run failed, and has said why, or was of a part.
	if [[ ${PEERS_WRITE:-} == 1 ]]; then
		cp -- "$work/docs/$name" "$checked_in"
	fi
	diff -u --label "docs/$name" --label "this run" "$checked_in" "$work/docs/$name" >"$work/diff" || differs=1
	[[ $differs == 0 ]] && return 0
	say "this run differs from docs/$name, which PEERS_WRITE=1 test/peers/run.sh writes:"
	cat "$work/diff" >&2
	cmp -s <(pinned "$checked_in") <(pinned "$work/docs/$name")
}

# pinned leaves out the rows of programs that are as the machine has them.
pinned() { grep -vE '^\| (aws-cli|containerd) \| [0-9]' -- "$1"; }

[[ $EUID == 0 ]] || fail "run it as root: containerd needs it, and so do mounts"
# Building takes the processors and installing the network: they go on side by side.
bin=$cache/bin-$(key go.mod go.sum injector/go.mod injector/go.sum injector/*.go)
set -m # A process group of its own ends with all that it has started.
build_all &
building=$!
set +m
[[ -n $(aws_clis) ]] || debian awscli aws
needs containerd containerd ctr
needs nodejs node
needs npm npm
needs util-linux unshare

modules=$(install_sdk)
mkdir "$work/tmp" "$work/docs" "$work/sdk"
cp sdk/peer.mjs "$work/sdk/"
ln -s "$modules/node_modules" "$work/sdk/node_modules"
wait "$building" || fail "building failed"
building=

status=0
PEERS_AWS=$(aws_clis | paste -sd :) PEERS_BIN=$bin PEERS_PULLPASS=$work/pullpass PEERS_SDK=$work/sdk \
	PEERS_NODE=$(command -v node) PEERS_CONTAINERD=$(command -v containerd) PEERS_CTR=$(command -v ctr) \
	PEERS_UNSHARE=$(command -v unshare) PEERS_REPORT=$work/report PEERS_DOCS=$work/docs TMPDIR=$work/tmp \
	go test -count=1 -timeout 40m "$@" . || status=$?

for document in compatibility.md permissions.md; do
	compare "$document" || status=1
done
if [[ -s $work/docs/compatibility.md ]]; then
	grep '^|' "$work/docs/compatibility.md"
fi
if [[ -s $work/report ]]; then
	cat "$work/report"
fi
# Flags may narrow the run. Without any, a run that passed has reported everything.
[[ $# -gt 0 || $status != 0 || -s $work/report && -s $work/docs/compatibility.md ]] || fail "the test ended without a report"
exit "$status"
