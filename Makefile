# `make help` lists the targets. Everything but `check`, `peers`, `test-kube`, `leaks`, `look` and `oracle` needs nothing but Go.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# The main module, and the modules below test/ that keep heavy test dependencies out of it. Of those a level deeper, which
# pin programs, one has code of its own.
MODULES = . $(sort $(patsubst %/,%,$(dir $(wildcard test/*/go.mod))) test/peers/injector)

# Linters are built once for each Go release: one built by an older release cannot read a newer standard library.
BIN = $(CURDIR)/.cache/bin/$(shell go env GOVERSION)

BENCH ?= .
BENCHTIME ?= 1s
FUZZ ?= .
FUZZTIME ?= 60s

# How many tests of a package run at once: on bad days they wait most of the time, for clients that back off.
WAITING ?= 8

SEED ?= 0
COUNT ?= 20000
MUTATE ?= .

# $(call each,COMMAND) says what it runs in which module, and runs it there.
each = @for m in $(MODULES); do echo "($$m) $(notdir $(firstword $(1))) $(wordlist 2,99,$(1))"; (cd "$$m" && $(1)); done

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: ## the whole story on an embedded AWS: share, apply, verify, refuse a stranger
	go run ./cmd/pullpass demo

.PHONY: test
test: ## every test of the main module
	go test -parallel $(WAITING) ./...

.PHONY: check
check: format vet staticcheck errcheck errorlint exhaustive unparam tidy generated mutable race vuln ## all that a change must pass: the targets from here to vuln

.PHONY: format
format: ## gofmt has nothing to change
	@echo "gofmt -l ."; unformatted=$$(gofmt -l .); \
	if [ -n "$$unformatted" ]; then echo "not formatted, run gofmt -w on:" >&2; echo "$$unformatted" >&2; exit 1; fi

.PHONY: vet
vet: ## go vet
	$(call each,go vet ./...)

.PHONY: staticcheck
staticcheck: $(BIN)/staticcheck ## bugs, dead code and style (staticcheck.conf)
	$(call each,$< ./...)

.PHONY: errcheck
errcheck: $(BIN)/errcheck ## no error is dropped without saying so (tools/errcheck-excludes.txt)
	$(call each,$< -exclude $(CURDIR)/tools/errcheck-excludes.txt ./...)

.PHONY: errorlint
errorlint: $(BIN)/go-errorlint ## errors are wrapped with %w, compared with errors.Is and errors.As
	$(call each,$< -errorf ./...)

.PHONY: exhaustive
exhaustive: $(BIN)/exhaustive ## a switch over an enumeration names every member, or has a default
	$(call each,$< -d ./...)

.PHONY: unparam
unparam: $(BIN)/unparam ## no parameter or result is always the same
	$(call each,$< ./...)

.PHONY: tidy
tidy: ## go.mod and go.sum of every module are as go mod tidy makes them
	@for m in $(MODULES) test/kube/apiserver tools; do echo "($$m) go mod tidy -diff"; go mod -C "$$m" tidy -diff; done

.PHONY: generated
generated: ## generated files are as go generate makes them
	@tools/generated.sh

# -count=1: go test does not see that a file of another module has changed, and would answer from its cache.
.PHONY: mutable
mutable: ## the changes that `make mutate` makes are still there to be made
	go test -C test/mutation -count=1 ./...

.PHONY: race
race: ## every test of the main module under the race detector
	go test -race -parallel $(WAITING) ./...

.PHONY: vuln
vuln: $(BIN)/govulncheck ## no known vulnerability is reachable (where the vulnerability database is)
	@for m in $(MODULES); do tools/vuln.sh $< "$$m"; done

.PHONY: bench
bench: ## the benchmarks, one package after the other; beside moto_server where that is on PATH (BENCH=regexp, BENCHTIME=1s)
	@go test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem -p 1 $$(tools/packages-with.sh Benchmark)

.PHONY: soak
soak: ## 100,000 connections that come and go at the sandbox's ports, and what they leave
	go test -tags soak -run ComeAndGo -count=1 -v ./sandbox

.PHONY: storm
storm: ## 200 rotations of ten clusters' keys in the worst weather, while all that pulls there does
	go test -tags storm -run AFleetIsRotated -count=1 -v ./internal/cli

.PHONY: crash
crash: ## every command stopped at each of its effects, by one operator and by two, and run again
	go test -C test/crash -tags crash -run Stops -count=1 -timeout 60m -parallel $(WAITING)

.PHONY: fuzz
fuzz: ## each fuzz target in turn for FUZZTIME=60s (FUZZ=regexp narrows)
	@tools/fuzz.sh '$(FUZZ)' '$(FUZZTIME)'

.PHONY: mutate
mutate: ## one condition of the decision changed at a time: the corpus must notice each (MUTATE=regexp narrows)
	@go run -C test/mutation . -only '$(MUTATE)'

.PHONY: peers
peers: ## programs not written for the sandbox against it, permitted and refused (PEERS_WRITE=1 writes docs/compatibility.md)
	test/peers/run.sh

.PHONY: test-kube
test-kube: ## pullpass against Kubernetes's own API servers, which are built where they are missing
	test/kube/run.sh

.PHONY: handover
handover: ## what is handed over, taken by the code of those who receive it
	go test -C test/handover -count=1 ./...

.PHONY: leaks
leaks: ## every test of the main module, watched: nothing that it writes holds a secret, outside deliveries (root, Linux)
	go test -tags leaks -count=1 ./test/leaks
	go run ./test/leaks go test -v -count=1 -parallel $(WAITING) ./...

.PHONY: look
look: ## what explain draws, looked at in headless Chromium: light and dark, wide and narrow (LOOK_SHOTS=DIR keeps screenshots)
	test/look/run.sh

.PHONY: oracle
oracle: ## decisions held against an engine that was not written here: COUNT=20000 cases of SEED=0 (0 picks one)
	test/oracle/run.sh -seed $(SEED) -count $(COUNT)

$(BIN)/%: tools/go.mod tools/go.sum
	@echo "(tools) go build tool: the linters pinned in tools/go.mod"
	@mkdir -p $(BIN)
	@go build -C tools -o $(BIN)/ tool
	@touch $(BIN)/*
