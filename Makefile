# muster: one command for each thing that a person or CI wants of it. `make help` lists them.

GO      ?= go
OUT     ?= runs
SEED    ?= 1
SEEDS   ?= 1
JOBS    ?=
# The baseline that `make regress` holds the current tree against, of how many seeds it is, and how many are run against it.
BASELINE       := reports/testdata/baseline.json
BASELINE_SEEDS := 5
REGRESS_SEEDS  := 5

# Whatever simulates is built with a wazero that leaves out bounds checks, which doubles its speed; build/fast.mod names it
# (sim/machine/unchecked). CHECKED=1 does without, and finds the same.
ifeq ($(CHECKED),)
fast := build/fast.mod
build/muster test conformance bench examples fuzz: export GOFLAGS += -tags=unchecked '-modfile=$(CURDIR)/build/fast.mod'
endif

SIMULATE_FLAGS := --seed $(SEED) --seeds $(SEEDS) --out $(OUT) $(if $(JOBS),--jobs $(JOBS))

.DEFAULT_GOAL := help

# sim is a folder, too: without a rule, make would say that there is nothing to be done for it.
.PHONY: simulate sim
sim: simulate
simulate: build/muster ## run the catalog's scenarios (SCENARIO=leader-isolated SEED=7 SEEDS=20 JOBS=2 OUT=runs)
	build/muster simulate $(SCENARIO) $(SIMULATE_FLAGS)

.PHONY: scenarios
scenarios: build/muster ## list the catalog, one sentence each
	@build/muster scenarios

.PHONY: timings
timings: build/muster ## time what a cluster does, beside what a real Nacos took (EXPERIMENT=kill-leader SEEDS=8); runs/timings/timings.html
	build/muster timings $(EXPERIMENT) --seed $(SEED) --seeds $(if $(filter 1,$(SEEDS)),8,$(SEEDS)) --out $(OUT)/timings $(if $(JOBS),--jobs $(JOBS))

.PHONY: timings-table
timings-table: timings ## make docs/timings.md, the table of all experiments with eight seeds, anew
	cp $(OUT)/timings/timings.md docs/timings.md

.PHONY: test
test: $(fast) ## run all tests, the conformance suite (go test ./scenarios/...) included
	$(GO) test -timeout 15m ./...

.PHONY: verify
verify: build/muster ## run every scenario twice and compare the traces record by record
	build/muster simulate $(SCENARIO) $(SIMULATE_FLAGS) --verify

.PHONY: live
live: build/muster build/registry build/workload ## run a scenario on real processes (SCENARIO=leader-killed)
	build/muster live $(or $(SCENARIO),calm) --out $(OUT)

.PHONY: conformance
conformance: $(fast) ## hold the node against recordings of real clusters, simulated and natively; any other with TARGET=ip:port,ip:port,ip:port
	$(GO) test -count=1 -timeout 15m -v ./conformance $(if $(TARGET),-run TestTarget -target $(TARGET),-run 'TestSimulated|TestNative' -native)

.PHONY: regress
regress: build/muster ## run the catalog and hold it against the committed baseline; fails on a regression
	rm -rf build/regress
	build/muster simulate --seed 1 --seeds $(REGRESS_SEEDS) --out build/regress
	build/muster compare $(BASELINE) build/regress

.PHONY: baseline
baseline: build/muster ## make the committed baseline anew (do it when a change of behaviour is meant)
	rm -rf build/baseline
	build/muster simulate --seed 1 --seeds $(BASELINE_SEEDS) --out build/baseline
	build/muster compare --write $(BASELINE) build/baseline

.PHONY: bench
bench: $(fast) ## measure how fast worlds run: a table, and build/bench.json
	@mkdir -p build
	$(GO) test -timeout 15m -run '^$$' -bench . -benchtime 1x ./scenarios/bench -figures $(CURDIR)/build/bench.json

.PHONY: bench-node
bench-node: build/registry ## measure what a native node costs: processor time an operation, memory; a table, and build/bench-node.json (ONLY=push)
	$(GO) run ./cmd/benchnode --registry build/registry --figures build/bench-node.json $(if $(ONLY),--only $(ONLY))

.PHONY: picture
picture: build/muster ## draw the README's pictures anew, with a headless chromium
	build/muster simulate leader-isolated --seed 7 --out build/picture
	@mkdir -p docs
	chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync \
	  --user-data-dir=$$(mktemp -d) --hide-scrollbars --window-size=1100,1190 --screenshot=$(CURDIR)/docs/leader-isolated.png \
	  file://$(CURDIR)/build/picture/leader-isolated-seed7/report.html
	for plot in latency leaders; do cp build/picture/leader-isolated-seed7/plots/$$plot.svg docs/leader-isolated-$$plot.svg; done

.PHONY: mysql
mysql: ## hold the MySQL health check against a MySQL server in the test's own process, and a real one where one is installed; a module of its own, which fetches that server
	cd nodes/probe/mysqltest && GOFLAGS= $(GO) test -count=1 -v ./...

.PHONY: examples
examples: $(fast) ## run programs that are not ours on simulated machines, each twice (examples/README.md)
	$(GO) test -count=1 -timeout 15m -run TestExamples -v ./cmd/muster -examples

.PHONY: fuzz
fuzz: $(fast) ## fuzz every decoder for a minute each
	@for package in $$(grep -rl --include='*_test.go' 'func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for target in $$(grep -rhoE --include='*_test.go' 'func Fuzz[A-Za-z0-9]+' $$package/*_test.go | sed 's/func //' | sort -u); do \
	    echo "== $$package $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(or $(FUZZTIME),60s) $$package || exit 1; \
	  done; done

.PHONY: generate
generate: ## make all generated files anew
	$(GO) generate ./...

.PHONY: lint
lint: ## gofmt, go vet (native and as a guest), staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "gofmt would change: $$unformatted"; exit 1; }
	$(GO) vet ./...
	GOOS=wasip1 GOARCH=wasm $(GO) vet ./model/... ./nodes/... ./cmd/registry ./cmd/workload
	$(GO) tool staticcheck ./...

.PHONY: build
build: build/muster build/registry build/workload ## build the three programs into build/

.PHONY: build/muster build/registry build/workload
build/muster: $(fast)
build/muster build/registry build/workload:
	@mkdir -p build
	$(GO) build -o $@ ./cmd/$(@F)

build/fast.mod: go.mod go.sum $(wildcard sim/machine/unchecked/*)
	GOFLAGS= $(GO) run ./sim/machine/unchecked

.PHONY: clean
clean: ## remove what was built and run (caches of compiled guests stay in the user's cache folder)
	rm -rf build runs

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'
