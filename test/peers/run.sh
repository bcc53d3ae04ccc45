#!/usr/bin/env bash
# Follows AWS's page with programs that were not written for the sandbox: every AWS CLI of this machine (Debian's where
# there is none), and crane at the version that go.mod pins. All traffic stays on loopback but for installing these.
#
# Usage: test/peers/run.sh [FLAGS OF GO TEST], such as -v, or -run 'TestPeers/the_page'
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

fail() {
	echo "peers: $*" >&2
	exit 1
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

install_aws_cli() {
	command -v apt-get >/dev/null || fail "there is no aws on PATH and no apt-get to install it with: install the AWS CLI"
	echo "peers: there is no aws on PATH: installing Debian's awscli" >&2
	export DEBIAN_FRONTEND=noninteractive
	{ apt-get update && apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 awscli; } >"$work/apt.log" 2>&1 || {
		cat "$work/apt.log" >&2
		fail "installing awscli with apt-get failed"
	}
	[[ -n $(aws_clis) ]] || fail "apt-get installed awscli, but there is no aws"
}

[[ -n $(aws_clis) ]] || install_aws_cli

go build -o "$work/crane" github.com/google/go-containerregistry/cmd/crane
go build -C ../.. -o "$work/pullpass" ./cmd/pullpass

mkdir "$work/tmp"
status=0
PEERS_AWS=$(aws_clis | paste -sd :) PEERS_CRANE=$work/crane PEERS_PULLPASS=$work/pullpass \
	PEERS_REPORT=$work/report TMPDIR=$work/tmp go test -count=1 -timeout 15m "$@" . || status=$?

[[ -s $work/report ]] || fail "the test ended without a report"
cat "$work/report"
exit "$status"
