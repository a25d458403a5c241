# Outrigger. `make help` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help

node := node_modules/node/bin/node
jest := $(node) --experimental-vm-modules --no-warnings node_modules/jest/bin/jest.js

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

node_modules/.package-lock.json: package-lock.json
	@command -v npm >/dev/null || { echo 'npm is missing: install Node 20 or later with npm, such as from https://nodejs.org, and put both on the PATH' >&2; exit 1; }
	@tools/node-libraries.sh
	npm ci --no-audit --no-fund --loglevel=error --fetch-retries=5
	@touch $@

.PHONY: deps
deps: $(if $(wildcard node_modules/.package-lock.json),,node_modules/.package-lock.json) ## Install npm packages, the pinned Node among them

.PHONY: check
check: deps ## Types, lint, format, arrows, conventions, generated files, unit tests
	npx --no-install tsc -p .
	npx --no-install biome check --error-on-warnings .
	$(node) tools/arrows.ts
	$(node) tools/conventions.ts
	$(node) tools/fresh.ts
	$(jest) --silent

.PHONY: unit
unit: deps ## Unit tests
	$(jest)

.PHONY: fix
fix: deps ## Format and mend what the linter can
	npx --no-install biome check --write .

.PHONY: test
test: setup ## Every test: checks, units, real servers, the cluster; ends with `N passed, N failed`
	$(node) tools/test.ts

.PHONY: bench
bench: setup ## Measure the sidecar, beside Dapr's where PEER_DAPRD names its daprd; ARGS="--rounds=2 --settle=5" for a short run
	$(node) tools/bundle.ts
	$(node) --disable-warning=ExperimentalWarning bench/sidecar/main.ts $(ARGS)
	$(node) --disable-warning=ExperimentalWarning bench/pubsub/main.ts $(PUBSUB_ARGS)

.PHONY: bench-pubsub loss
bench-pubsub: setup ## Measure publishing and delivering on each broker; PUBSUB_ARGS="--only=redis,kafka --rounds=2" for less
	$(node) tools/bundle.ts
	$(node) --disable-warning=ExperimentalWarning bench/pubsub/main.ts $(PUBSUB_ARGS)
loss: setup ## Kill sidecar and broker under load and count what is lost; LOSS_ARGS="--broker=rabbitmq --messages=100000" for another run
	$(node) tools/bundle.ts
	$(node) --disable-warning=ExperimentalWarning bench/pubsub/loss.ts $(LOSS_ARGS)

.PHONY: bench-gate
bench-gate: setup ## Fail where the sidecar has become dearer, by ratios to bare servers of the same run (bench/gate.json)
	$(node) tools/bundle.ts
	$(node) --disable-warning=ExperimentalWarning bench/sidecar/main.ts --only=ceilings --gate $(ARGS)

.PHONY: mixed-mesh
mixed-mesh: setup ## Call apps between our sidecar and Dapr's, which PEER_DAPRD names, either way round
	$(node) --disable-warning=ExperimentalWarning e2e/mixed-mesh/main.ts

.PHONY: programs
programs: setup ## Build or fetch, once, the programs that the tests run on; make test does so itself
	@$(node) e2e/programs.ts

.PHONY: setup setup-cluster
setup: deps ## Install the Debian packages that the tests need, if missing (root)
	@$(node) e2e/setup.ts
setup-cluster: deps ## Install those of them that the cluster and the demo need
	@$(node) e2e/setup.ts cluster

.PHONY: cluster-up cluster-down cluster-status
cluster-up: setup-cluster ## Start the test cluster, or find it running
	@$(node) e2e/cluster/main.ts up
cluster-down: deps ## Stop the test cluster and delete what it had
	@$(node) e2e/cluster/main.ts down
cluster-status: deps ## Tell whether the test cluster is up, and its kubeconfig
	@$(node) e2e/cluster/main.ts status

.PHONY: demo demo-down
demo: setup-cluster ## Show the main job: a real Kubernetes, the chart, an annotated app, a Component
	@$(node) demo/main.ts up
demo-down: deps ## Remove all that the demo made
	@$(node) demo/main.ts down
