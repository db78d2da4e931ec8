# make demo    run the sample site behind chatproxy
# make test    all tests, with real browsers and a real XMPP server
# make check   generated files, format, vet, staticcheck, govulncheck, types
# make fuzz    fuzz every parser for FUZZTIME each
# make soak    10,000 reloads of the policy under load; 10,000 sessions for 10 minutes
# make bench   measure the whole proxy and the rewriter beside their peers
#
# Each installs what it needs: Debian packages through scripts/apt-install, npm
# packages by the lockfile.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build
.PHONY: build generate demo test check fuzz soak bench clean

GO ?= go
FUZZTIME ?= 60s
CHATPROXY_CORPUS ?= ../shared/corpus
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

CLIENT := chat/converse/converse.min.js
VENDOR := demo/site/vendor/posthog.js demo/site/vendor/rrweb.js
INDEXEDDB := browser/dist/indexeddb.js

build: bin/chatproxy

bin/chatproxy: $(CLIENT) $(VENDOR) $(INDEXEDDB) FORCE
	$(GO) build -o $@ ./cmd/chatproxy
FORCE:

# npm writes this file when the packages stand as the lockfile says.
node_modules/.package-lock.json: package.json package-lock.json
	npm ci
	touch $@

# The chat client goes into the program without source maps and without the
# builds that are not minified.
$(CLIENT): node_modules/.package-lock.json
	find chat/converse -mindepth 1 ! -name README.md -delete
	cp -r node_modules/converse.js/dist/. chat/converse/
	rm -f chat/converse/*.map chat/converse/converse.{js,css} chat/converse/website*
	find chat/converse -name '*.map' -delete
	touch $@

demo/site/vendor/posthog.js: node_modules/.package-lock.json
	cp node_modules/posthog-js/dist/array.full.no-external.js $@
demo/site/vendor/rrweb.js: node_modules/.package-lock.json
	cp node_modules/rrweb/umd/rrweb.min.js $@

# The databases of compartments; it has fake-indexeddb in it.
$(INDEXEDDB): node_modules/.package-lock.json $(wildcard browser/indexeddb/*.ts browser/compartment/indexeddb.ts)
	$(GO) generate ./browser

generate: $(CLIENT) $(VENDOR)
	$(GO) generate ./...

demo: bin/chatproxy
	scripts/apt-install prosody || true # the demo says how to do without
	bin/chatproxy demo

test: bin/chatproxy
	scripts/apt-install prosody ejabberd g++ libgloox-dev python3-nbxmpp chromium chromium-driver firefox-esr webkit2gtk-driver xvfb xauth
	$(GO) test -race -timeout 20m $$($(GO) list ./... | grep -v /integration)
	$(GO) test -run Allocates ./bench/... ./policies/... # the race detector allocates
	$(GO) test -race -timeout 45m -p 1 ./integration/... # browsers want the machine to themselves

check: generate
	test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) mod tidy -diff
	$(GO) run $(STATICCHECK) ./...
	scripts/govulncheck $(GOVULNCHECK)
	node_modules/.bin/tsc -p browser
	git diff --exit-code

soak: $(CLIENT) $(VENDOR)
	$(GO) test -count 1 -timeout 60m -v -run ReloadsUnderLoad ./cmd/chatproxy -reloads 10000
	$(GO) test -count 1 -timeout 60m -v -run '^TestBridgeSoak$$' ./bosh -soak 30m
	$(GO) build -o bin/chatproxy ./cmd/chatproxy
	$(GO) run ./bench/bridge -only hold -sessions 10000 -hold 10m

fuzz: $(CLIENT) $(VENDOR)
	scripts/fuzz $(FUZZTIME)

bench: bin/chatproxy
	scripts/apt-install wrk nginx caddy prosody ejabberd tsung chromium chromium-driver xvfb xauth
	$(GO) test -run '^$$' -bench . -count 5 ./bench/rewriter
	$(GO) test -run '^$$' -bench Hostile -benchtime 1x ./proxy/rewrite
	node bench/wasm/rewrite.mjs $(CHATPROXY_CORPUS)/pages
	node bench/filters/compare.mjs $(CHATPROXY_CORPUS)
	$(GO) run ./bench/proxies
	$(GO) run ./bench/bridge
	$(GO) test -count 1 -timeout 30m -run '^$$' -bench Cost -benchtime 1x ./bench/compartments

clean:
	rm -rf bin node_modules
	find chat/converse demo/site/vendor -mindepth 1 ! -name README.md -delete
