# RouteGuide: `make run` needs Go, Node and make; everything else it gets by itself.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: run demo build dist test test-go test-web test-e2e test-conformance test-faults gen lint bench fuzz picture setup clean help

TOOL := go tool -modfile=proto/tools.mod
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f -print | grep -vE '/(e2e|interop|test-results|public/basemap|\.cache)/')

run: build ## build everything and start RouteGuide on http://127.0.0.1:8080, gRPC on 127.0.0.1:50051
	bin/routeguide

demo: build ## the same with simulated travelers on their way; nothing is kept
	bin/routeguide -demo

build: static/dist/index.html ## build the page and the server into bin/routeguide
	go build -trimpath -o bin/routeguide ./server

VERSION = $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

dist: static/dist/index.html ## static programs for Linux, macOS and Windows with their checksums, in dist/
	rm -rf dist && mkdir dist
	for system in linux darwin windows; do for machine in amd64 arm64; do \
		suffix=$$(test $$system = windows && echo .exe); \
		CGO_ENABLED=0 GOOS=$$system GOARCH=$$machine go build -trimpath -ldflags "-s -w -X routeguide/server/app.version=$(VERSION)" \
			-o dist/routeguide-$$system-$$machine$$suffix ./server || exit 1; done; done
	echo $(VERSION) >dist/VERSION
	cd dist && { sha256sum routeguide-* 2>/dev/null || shasum -a 256 routeguide-*; } >SHA256SUMS

test: setup build test-go test-web test-e2e test-conformance ## every test: Go with -race, page units, browser journeys, interop

test-go: ## the Go tests, with -race
	go build -race ./...
	go test -race -timeout 60m -p 1 ./... # one package after the other: some start clusters, and none should wait for another

test-web: web/node_modules ## the page's unit tests
	npm --prefix web test

test-e2e: build ## the browser journeys in headless Chromium, and the web clients of other projects
	go build -o bin/faults ./server/lab/faults
	ROUTEGUIDE_BIN=$(CURDIR)/bin/routeguide ROUTEGUIDE_NODE_BIN=$(CURDIR)/bin/faults npm --prefix web run e2e

test-conformance: build ## the connectrpc conformance suite through the doors, beside a run without RouteGuide
	go -C server/lab/conformance vet ./...
	ROUTEGUIDE_BIN=$(CURDIR)/bin/routeguide go -C server/lab/conformance test -count=1 -timeout 20m ./...

test-faults: build ## kill, cut off and fill what RouteGuide stands on, and count what is lost; prints a table
	go build -o bin/faults ./server/lab/faults
	bin/faults

gen: web/node_modules ## generate code and documents from the contract
	web/node_modules/.bin/buf generate --template proto/buf.gen.yaml
	go run -modfile=proto/tools.mod ./openapi/gen.go
	web/node_modules/.bin/buf build proto --as-file-descriptor-set -o openapi/contract.binpb

lint: web/node_modules ## gofmt, vet, staticcheck, buf, the page's checks, and builds for other systems
	@test -z "$$(gofmt -l server openapi static proto)" || { gofmt -d server openapi static proto; exit 1; }
	go vet ./...
	$(TOOL) staticcheck -checks inherit,-SA1019 ./... # nhooyr.io/websocket is asked for by name; it says it has moved
	web/node_modules/.bin/buf lint proto
	for system in linux darwin windows; do CGO_ENABLED=0 GOOS=$$system go build -o /dev/null ./server || exit 1; done
	npm --prefix web run check

bench: build ## side by side with the official grpc-go example server
	go run ./server/lab/bench

fuzz: ## every fuzz target for 20 seconds
	@go list ./... | while read -r p; do \
		go test -list '^Fuzz' $$p | grep '^Fuzz' | while read -r f; do \
			echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime 20s $$p || exit 1; done || exit 1; done

picture: build ## take README's picture of the page
	ROUTEGUIDE_BIN=$(CURDIR)/bin/routeguide npm --prefix web run picture

setup: ## install what the tests need, through apt when root on Debian
	@.ci/setup

clean: ## remove what was built (not the data)
	rm -rf bin static/dist web/node_modules web/public/basemap web/.cache

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Not `npm ci`: it refuses a lock file without the binaries of other platforms, which not every registry carries.
web/node_modules: web/package-lock.json
	npm --prefix web install --no-save --no-audit --no-fund --fetch-retries=5
	@touch $@

static/dist/index.html: web/node_modules $(WEB_SOURCES)
	npm --prefix web run build
	@touch $@
