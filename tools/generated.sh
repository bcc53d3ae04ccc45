#!/usr/bin/env bash
# Runs go generate on a copy of the tree and compares: a generated file that was edited by hand, or whose source
# changed, is shown as a diff. The tree itself is never touched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard |
	while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
	tar --create --null --files-from - | tar --extract --directory "$copy"
cp -R "$copy" "$copy.made"
trap 'rm -rf "$copy" "$copy.made"' EXIT

echo "go generate ./... (on a copy)"
(cd "$copy.made" && go generate ./...)
if ! diff --recursive --unified "$copy" "$copy.made"; then
	echo "generated files are out of date: run go generate ./... and commit what it changes" >&2
	exit 1
fi
