#!/usr/bin/env bash
# Runs the tests of this module: pullpass against API servers that are Kubernetes's own. What they need is built where it
# is missing, and the run fails where that cannot be. All traffic stays on loopback but for the Go module proxy.
#
# Usage: test/kube/run.sh [FLAGS OF GO TEST], such as -v, or -run TestLab
#        KUBE_ASSETS=DIR test/kube/run.sh     uses the etcd, kube-apiserver, kubectl and helm of DIR
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")"

root=$(cd ../.. && pwd)
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# The chart and its CRDs are those of the module whose injector test/peers runs.
packages=github.com/aws/eks-anywhere-packages
(cd ../peers/injector && go mod download "$packages")
chart=$(go list -C ../peers/injector -m -f '{{.Dir}}' "$packages")/charts/eks-anywhere-packages

KUBE_ASSETS=$(./build.sh)
export KUBE_ASSETS
go build -C "$root" -o "$work/pullpass" ./cmd/pullpass
mkdir "$work/tmp"

status=0
KUBE_PULLPASS=$work/pullpass KUBE_CHART=$chart KUBE_REPORT=$work/report TMPDIR=$work/tmp \
	go test -count=1 -timeout 15m "$@" ./... || status=$?
if [[ -s $work/report ]]; then
	cat "$work/report"
fi
exit "$status"
