# make demo   the main job on a real throwaway cluster, at a printed address
# make test   everything that must pass
#
# make build  bin/evenkeel            make bench  what polls and scrapes cost
# make matrix every release          make fuzz   every fuzzer, a while
# make lint   golangci-lint           make update golden files and generated docs
# make check  gofmt and vet           make setup  what tests and demo need
# make chaos  forty faults, judged    make soak   faults for two hours, or SOAK=10m
# make vuln   known vulnerabilities in what is called
#
# make deb    the Debian package      make release-snapshot  archives, packages, SBOMs
# make deploy-check   the Helm chart, rendered by Helm, and all else in deploy/
# make deploy-update  what is made of the chart, the rules and the dashboards

VERSION := $(shell cat VERSION)
REVISION := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
VERSIONPKG := github.com/prometheus/common/version
LDFLAGS := -s -w -X $(VERSIONPKG).Version=$(VERSION) -X $(VERSIONPKG).Revision=$(REVISION)
# The story that the demo plays; off leaves the cluster to you.
STORY ?= on
FUZZTIME ?= 20s
SOAK ?= 2h

.PHONY: build chaos deb demo deploy-check deploy-update test matrix check lint bench fuzz release-check release-snapshot soak update setup vuln

build:
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/evenkeel .

setup:
	@./scripts/setup.sh

demo: setup build
	go build -o bin/evenkeel-demo ./demo
	exec bin/evenkeel-demo --evenkeel=bin/evenkeel --story=$(STORY)

test: setup check build
	./scripts/test.sh

matrix: setup
	go test -tags 'cluster matrix' -p 1 -count 1 -timeout 40m -v -run '^TestEvery|^TestStoryOn|^TestBrokersAloneOn|^TestLoginsOn|^TestLeadersComeBackOn|^TestRollingUpgradeTo' ./testbed/... ./acceptance/...

# An hour, which writes the table in docs/reliability.md.
chaos: setup
	WRITE_DOCS=1 go test -tags 'cluster chaos' -count 1 -timeout 150m -v -run '^TestFaults$$' ./acceptance

check:
	@test -z "$$(gofmt -l .)" || { echo "gofmt -w these:"; gofmt -l .; exit 1; }
	go vet ./...
	go vet -tags 'cluster matrix' ./...
	go vet -tags 'cluster chaos' ./acceptance
	go vet -tags 'cluster large' ./acceptance
	go vet -C dashboards/schema ./...
	go vet -C deploy/test . ./manifest

lint:
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run

vuln:
	@./scripts/vuln.sh --test
	@./scripts/vuln.sh

bench: setup
	go test -tags cluster -run "^$$" -bench . -benchmem ./bench/... ./zookeeper/... ./exporter
	WRITE_DOCS=1 go run ./bench/cost
	go test -tags 'cluster large' -count 1 -timeout 40m -v -run '^TestTwoThousandPartitions$$' ./acceptance

# SOAK is how long it lasts.
soak: setup
	go test -tags 'cluster soak' -count 1 -timeout 0 -v -run '^TestSoak$$' ./acceptance -soak.duration=$(SOAK) -soak.draw

fuzz:
	@for target in $$(grep -rho '^func Fuzz[A-Za-z]*' --include='*_test.go' . | cut -d' ' -f2 | sort -u); do \
		pkg=$$(dirname $$(grep -rl "^func $$target(" --include='*_test.go' . | head -n 1)); \
		echo "$$pkg $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$pkg || exit 1; \
	done

update:
	go test ./collectors ./exporter -update

# Compiling Helm takes minutes, so make test judges what was rendered here last.
deploy-check:
	go test -C deploy/test -count 1 ./...

deploy-update:
	go test -C deploy/test -count 1 -run '^TestCopies$$' . -update
	go test -C deploy/test -count 1 ./chart -update

GORELEASER := go run github.com/goreleaser/goreleaser/v2@v2.15.2

release-check:
	$(GORELEASER) check

release-snapshot:
	PATH="$$(go env GOPATH)/bin:$$PATH" && go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0 && $(GORELEASER) release --snapshot --clean --skip=docker

deb: build
	./deploy/package/docs.sh bin/package ./bin/evenkeel
	mkdir -p dist
	VERSION=$(VERSION) ARCH=$$(go env GOARCH) go run github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2 package -f deploy/nfpm.yaml -p deb -t dist
