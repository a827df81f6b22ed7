# Everything a developer runs. `make` alone says what there is.
#
# The tests need Go, a C compiler (the race detector), and from Debian what
# `install-deps` names. Nothing is installed outside of this folder otherwise.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS   += --no-print-directory

BIN         := $(CURDIR)/.bin
STATICCHECK := $(BIN)/staticcheck-v0.8.2

SEEDS    ?= 10000
# A number of inputs, not a time: a deadline that strikes while an input runs
# is reported by `go test -fuzz` as a failure.
FUZZTIME ?= 1000x

.PHONY: help
help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -t -s $$'\t'

.PHONY: build
build: ## Build the one binary, .bin/navette
	go build -trimpath -o $(BIN)/navette ./cmd/navette

.PHONY: fmt
fmt: ## Format the code
	gofmt -s -w $$(git ls-files '*.go')

# ---- release ----------------------------------------------------------------

VERSION    := $(shell sed -n 's/^const Version = "\(.*\)"/\1/p' node/doc.go)
ARCHES     := amd64 arm64
RELEASE    := $(BIN)/release
NFPM       := $(BIN)/nfpm-v2.43.0
SBOM       := $(BIN)/cyclonedx-gomod-v1.10.0

# The same commit gives the same bytes, on any machine with the same Go: no paths,
# no time but the commit's, nothing of the C library.
.PHONY: release
release: $(NFPM) $(SBOM) ## Static binaries, Debian packages, their contents and checksums, in .bin/release
	rm -rf $(RELEASE) && mkdir -p $(RELEASE)
	@mtime=$$(TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd); \
	export CGO_ENABLED=0 GOOS=linux GOFLAGS=-trimpath; \
	go build -o $(RELEASE)/.host ./cmd/navette; \
	for arch in $(ARCHES); do \
	  echo "navette $(VERSION) for $$arch"; \
	  stage=$(RELEASE)/.$$arch; mkdir -p $$stage/fr; \
	  GOARCH=$$arch go build -buildvcs=false -ldflags '-s -w -buildid=' -o $$stage/navette ./cmd/navette; \
	  sed 's|/usr/local/bin/|/usr/bin/|' configs/navette.service > $$stage/navette.service; \
	  $(RELEASE)/.host man --lang en | gzip -9n > $$stage/navette.1.gz; \
	  $(RELEASE)/.host man --lang fr | gzip -9n > $$stage/fr/navette.1.gz; \
	  $(RELEASE)/.host completion bash > $$stage/navette.bash; \
	  $(RELEASE)/.host completion zsh > $$stage/_navette; \
	  $(RELEASE)/.host completion fish > $$stage/navette.fish; \
	  sed "s|\$${ARCH}|$$arch|; s|\$${VERSION}|$(VERSION)|; s|\$${STAGE}|$$stage|; s|\$${MTIME}|$$mtime|" configs/package/nfpm.yaml > $$stage/nfpm.yaml; \
	  SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(NFPM) package --config $$stage/nfpm.yaml --packager deb --target $(RELEASE)/navette_$(VERSION)_$$arch.deb >/dev/null; \
	  cp $$stage/navette $(RELEASE)/navette_$(VERSION)_linux_$$arch; \
	  $(SBOM) bin -json -noserial -notimestamp -output $(RELEASE)/navette_$(VERSION)_$$arch.cdx.json $$stage/navette 2>/dev/null; \
	done
	rm -rf $(RELEASE)/.host $(ARCHES:%=$(RELEASE)/.%)
	cd $(RELEASE) && sha256sum navette_* > SHA256SUMS && cat SHA256SUMS

.PHONY: packages
packages: release ## Install, upgrade, roll back and purge the Debian package in a folder of its own (as root)
	cmd/navette/testdata/packages/test.sh $(RELEASE) $(VERSION)

.PHONY: packages-arm64
packages-arm64: release ## The arm64 package's program in the two-places script, under qemu-user (as root)
	cmd/navette/testdata/packages/arm64.sh $(RELEASE)/navette_$(VERSION)_arm64.deb

# Pinned, and out of go.mod, as staticcheck is.
$(NFPM):
	GOBIN=$(BIN)/tmp go install github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.0
	mv $(BIN)/tmp/nfpm $@

$(SBOM):
	GOBIN=$(BIN)/tmp go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
	mv $(BIN)/tmp/cyclonedx-gomod $@

# ---- tests ------------------------------------------------------------------

# Cheap ones first; a failing step doesn't stop the others.
STEPS := lint models race web netns sim fuzz

.PHONY: test
test: install-deps ## Everything a change must pass; installs what it needs
	@failed=(); lines=(); total=$$SECONDS; \
	for step in $(STEPS); do \
	  printf '\n== %s\n' "$$step"; \
	  start=$$SECONDS; result=passed; \
	  $(MAKE) "$$step" || { result=FAILED; failed+=("$$step"); }; \
	  line=$$(printf '%-6s %-6s %4d s' "$$step" "$$result" $$((SECONDS - start))); \
	  lines+=("$$line"); echo "== $$line"; \
	done; \
	printf '\n'; printf '%s\n' "$${lines[@]}"; \
	printf 'total         %4d s\n' $$((SECONDS - total)); \
	if [ "$${#failed[@]}" -gt 0 ]; then echo "failed: $${failed[*]}"; exit 1; fi; \
	echo 'all passed'

.PHONY: unit
unit: ## The tests that need neither root nor network, without the race detector
	go test ./...

.PHONY: race
race: ## All tests, with the race detector
	go test -race -timeout 15m ./...

# Each of these test programs moves into namespaces of its own before it makes
# any network, so neither this machine's network nor its name service notices.
.PHONY: netns
netns: ## Real daemons and real mDNS in network namespaces
	NAVETTE_RACE=1 go test -count=1 -timeout 15m -tags netns \
	  $$(grep -rlE '^//go:build .*\bnetns\b' --include='*_test.go' . | xargs -r -n1 dirname | sort -u)

.PHONY: editor
editor: ## Build the editor of pages, node/web/static/editor.js, with npm
	node/web/editor/build.sh node/web/static/editor.js

# Pictures of all screens are left in .web, for people to look at.
.PHONY: web
web: ## The pages, in a real browser, as everybody sees them
	grep -rlE '^//go:build chromium' --include='*_test.go' . | xargs -r -n1 dirname | sort -u | while read -r dir; do \
	  tests=$$(grep -lE '^//go:build chromium' "$$dir"/*_test.go | xargs grep -ohE '^func Test[A-Za-z0-9]*' | sed 's/^func //' | paste -sd '|'); \
	  go test -count=1 -timeout 15m -tags chromium -run "^($$tests)\$$" "$$dir" || exit 1; \
	done

# What `make netns` runs a share of. A figure is a line of it; the rest is in
# .faults.log.
.PHONY: faults
faults: ## All of the faults: 500 kills, 180 damages, 100 000 changes to catch up on
	NAVETTE_KILLS=$${NAVETTE_KILLS:-500} NAVETTE_DAMAGES=$${NAVETTE_DAMAGES:-10} NAVETTE_ROWS=$${NAVETTE_ROWS:-100000} NAVETTE_MEMORY=$${NAVETTE_MEMORY:-480} NAVETTE_FILES=$${NAVETTE_FILES:-200} NAVETTE_IDLE=$${NAVETTE_IDLE:-600} NAVETTE_DIALS=$${NAVETTE_DIALS:-5000} \
	  go test -v -count=1 -timeout 2h -tags netns -run TestFaults ./cmd/navette | tee .faults.log | \
	  grep --line-buffered -E 'figure:|FAIL|^ok|^ *---'

.PHONY: powercuts
powercuts: build ## CUTS=100 power cuts, as copies of a loop device while it is written to (as root)
	@command -v mkfs.btrfs >/dev/null || apt-get install -y -qq --no-install-recommends btrfs-progs >/dev/null
	cmd/navette/testdata/powercut/test.sh $(BIN)/navette $(or $(CUTS),100)

# What the README's table of security figures is taken from. An hour and more
# on two cores; alone, or the times say little.
.PHONY: figures
figures: ## The security figures, as a table: 1 000 000 graphs, 5 000 hostile dials, 500 removals and kills
	@{ NAVETTE_DIALS=$${NAVETTE_DIALS:-5000} NAVETTE_REVOCATIONS=$${NAVETTE_REVOCATIONS:-500} \
	    go test -v -count=1 -timeout 1h -run 'TestHostile|TestRevocationIsSoon' ./node; \
	  NAVETTE_DIALS=$${NAVETTE_DIALS:-5000} NAVETTE_KILLS=$${NAVETTE_KILLS:-500} \
	    go test -v -count=1 -timeout 2h -tags netns -run 'TestFaults/^(flood|clock|kill|twins|restored)$$' ./cmd/navette; \
	  go test -v -count=1 -timeout 1h -tags netns -run 'TestNetns/^(removed|stewards-apart|stolen|overheard)$$' ./cmd/navette; \
	  NAVETTE_RUNS=$${NAVETTE_RUNS:-1000000} \
	    go test -v -count=1 -timeout 12h -run 'TestConvergence|TestJuniorsChangeNothingAbove|TestNoResurrection' ./crdt/membership; \
	} | tee .figures.log | sed -nE -e 's/^.*figure: ([^:]*): (.*)$$/| \1 | \2 |/p' -e '/^(FAIL|--- FAIL)/p'; \
	! grep -q '^FAIL' .figures.log

.PHONY: sim
sim: ## The simulator, SEEDS=10000 seeds of a whole fleet
	NAVETTE_SEEDS=$(SEEDS) go test -count=1 -timeout 15m ./node/sim

.PHONY: models
models: ## Two models of the protocol, searched through by Spin: the right ones hold, the wrong ones are found out
	crdt/reconcile/spin/check.sh

# The corpora run as plain tests under `race`; this looks a little further.
.PHONY: fuzz
fuzz: ## Each fuzz target for FUZZTIME=1000x inputs (or 30s)
	@grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed -E 's|/[^/]*:[0-9]+:func | |' | sort -u | \
	while read -r dir target; do \
	  echo "$$dir $$target"; \
	  go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$dir" </dev/null | grep -vE '^(fuzz|PASS|ok)' || [ "$${PIPESTATUS[0]}" -eq 0 ]; \
	done

# Not a test: it says how fast it is here and now, and fails only if it breaks.
.PHONY: bench
bench: ## Real daemons on N=10000 records, beside other programs where their harness is (as root)
	N=$(or $(N),10000) cmd/navette/testdata/bench/bench.sh

.PHONY: bench-text
bench-text: ## Texts that merge, beside other programs where their harness is (HARNESS=)
	cmd/textbench/bench.sh

.PHONY: cover
cover: ## Which share of each package the tests reach
	go test -coverprofile=.cover ./...
	go tool cover -func=.cover | tail -n 1

# ---- lint -------------------------------------------------------------------

# staticcheck's checks, all but these:
#   ST1000  package docs: a test of ours asks for more (cmd/navette/house_test.go)
#   ST1003  initialisms: it takes SipHash for SIP, and would have SIPHash
#   ST1016  receiver names: membership's follow the letters of its rules
#   ST1020, ST1021, ST1022  the form of docs: ours may begin with an article
CHECKS := all,-ST1000,-ST1003,-ST1016,-ST1020,-ST1021,-ST1022

.PHONY: lint
lint: $(STATICCHECK) ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -s -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; fi
	go vet -tags netns,chromium ./...
	$(STATICCHECK) -tags netns,chromium -checks '$(CHECKS)' ./...

# Pinned, and out of go.mod: a linter's dependencies are not the program's.
$(STATICCHECK):
	GOBIN=$(BIN)/tmp go install honnef.co/go/tools/cmd/staticcheck@v0.8.2
	mv $(BIN)/tmp/staticcheck $@ && rmdir $(BIN)/tmp

# ---- what the tests need ----------------------------------------------------

# command:package, or path:package, as Debian names them
NEEDS := npm:npm avahi-daemon:avahi-daemon chromium:chromium gcc:gcc git:git ip:iproute2 tcpdump:tcpdump spin:spin khal:khal vdirsyncer:vdirsyncer \
         /usr/lib/python3/dist-packages/caldav:python3-caldav

.PHONY: install-deps
install-deps: ## Install from Debian what the tests need (as root; otherwise says what to do)
	@export PATH="$$PATH:/usr/sbin:/sbin"; missing=(); \
	for need in $(NEEDS); do command -v "$${need%%:*}" >/dev/null || [ -e "$${need%%:*}" ] || missing+=("$${need#*:}"); done; \
	if [ "$${#missing[@]}" -eq 0 ]; then exit 0; fi; \
	case " $${missing[*]} " in *" gcc "*) missing+=(libc6-dev);; esac; \
	if ! command -v apt-get >/dev/null; then \
	  echo "the tests need: $${missing[*]}; this system has no apt-get, please install them by its own means"; exit 1; fi; \
	if [ "$$(id -u)" -ne 0 ]; then \
	  echo "the tests need: $${missing[*]}; please run"; echo "  sudo apt-get install $${missing[*]}"; exit 1; fi; \
	echo "installing $${missing[*]}"; \
	apt-get update -qq; \
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}" >/dev/null
