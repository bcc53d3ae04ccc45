#!/usr/bin/env bash
# Builds the Kubernetes programs of the tests once: etcd, kube-apiserver and kubectl from apiserver/go.mod, Helm from the
# module of test/peers. They stay in a cache folder outside the work tree, one folder for each go.sum and Go release, so
# that a fresh checkout builds nothing. It prints that folder; what it does it says on stderr.
#
# Usage: test/kube/build.sh             The first time takes 5 to 10 minutes, 600 MB of modules, 3 GB of Go's build cache.
#        KUBE_ASSETS=DIR …/build.sh     uses the programs in DIR, which must all be there, and builds nothing
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")"

programs=(etcd kube-apiserver kubectl helm)
tools=(go.etcd.io/etcd/server/v3 k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kubectl)
helm=helm.sh/helm/v3/cmd/helm

say() { echo "kube: $*" >&2; }

fail() {
	say "$*"
	exit 1
}

# complete DIR tells whether every program is there; otherwise it says which is not.
complete() {
	local program
	for program in "${programs[@]}"; do
		[[ -x $1/$program ]] || {
			say "there is no $1/$program"
			return 1
		}
	done
}

# version_flags stamps the version that kube-apiserver and kubectl report, as Kubernetes's own build does.
version_flags() {
	local version major minor package=k8s.io/component-base/version
	version=$(go list -C apiserver -m -f '{{.Version}}' k8s.io/kubernetes)
	IFS=. read -r major minor _ <<<"${version#v}"
	echo "-s -w -X $package.gitVersion=$version -X $package.gitMajor=$major -X $package.gitMinor=$minor" \
		"-X $package.gitTreeState=clean"
}

# count reads what go build -v prints and says every 15 seconds how far it is. Anything but names of packages and of
# modules passes through: that is an error of the compiler's.
count() {
	local line modules=0 packages=0 next=$((SECONDS + 15))
	while IFS= read -r line; do
		case $line in
		"go: downloading "*) modules=$((modules + 1)) ;;
		*[[:space:]]* | "#"*) echo "$line" >&2 ;;
		*) packages=$((packages + 1)) ;;
		esac
		if ((SECONDS >= next)); then
			say "$modules modules downloaded, $packages of about 1800 packages compiled, after $SECONDS s"
			next=$((SECONDS + 15))
		fi
	done
}

# build puts the programs into a folder, giving way to whatever else the machine does.
build() {
	local into=$1 flags
	flags=$(version_flags)
	CGO_ENABLED=0 nice go build -C apiserver -v -trimpath -ldflags "$flags" -o "$into/" "${tools[@]}" 2>&1 | count
	CGO_ENABLED=0 nice go build -C ../peers -v -trimpath -ldflags "-s -w" -o "$into/" "$helm" 2>&1 | count
	mv -- "$into/server" "$into/etcd"
}

if [[ -n ${KUBE_ASSETS:-} ]]; then
	complete "$KUBE_ASSETS" || fail "KUBE_ASSETS must name a folder with ${programs[*]}"
	echo "$KUBE_ASSETS"
	exit
fi

cache=${XDG_CACHE_HOME:-$HOME/.cache}/pullpass/kube-assets
key=$({
	go env GOVERSION GOOS GOARCH
	cat apiserver/go.mod apiserver/go.sum ../peers/go.mod ../peers/go.sum
} | sha256sum | cut -c 1-16)
assets=$cache/$key

mkdir -p "$cache"
exec 9>"$cache/lock"
flock --nonblock 9 || {
	say "waiting for another build to end"
	flock 9
}
if [[ ! -d $assets ]]; then
	say "building ${programs[*]} into $assets; the first time takes 5 to 10 minutes"
	# The lock makes every new-* a leftover of a build that was ended.
	rm -rf -- "$cache"/new-*
	new=$(mktemp -d "$cache/new-XXXXXX")
	build "$new"
	complete "$new" || fail "go build made other programs"
	mv -T -- "$new" "$assets"
	say "built in $SECONDS s"
fi
complete "$assets" || fail "remove $assets to build it again"
echo "$assets"
