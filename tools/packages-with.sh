#!/usr/bin/env bash
# Usage: packages-with.sh KIND
# Prints the packages of the main module whose tests declare a function KINDSomething: Benchmark or Fuzz.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

go list -f '{{$p := .}}{{range .TestGoFiles}}{{$p.ImportPath}} {{$p.Dir}}/{{.}}
{{end}}{{range .XTestGoFiles}}{{$p.ImportPath}} {{$p.Dir}}/{{.}}
{{end}}' ./... |
	while read -r package file; do
		[ -z "$file" ] || ! grep --quiet "^func $1[A-Z]" "$file" || echo "$package"
	done | sort --unique
