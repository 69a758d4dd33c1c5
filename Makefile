# Thin calls of imagebuild; `make help` lists them. ARCHITECTURE.md says what imagebuild does.

# An image's folder under images/, or a path.
IMAGE ?= $(if $(filter windows,$(OS)),etcd-all,etcd)
# amd64, arm64 or ppc64le; Debian's and uname's spellings serve too.
ARCH ?= $(if $(filter windows,$(OS)),amd64,$(shell uname -m))
# linux or windows.
OS ?= linux
# The Windows version: 1809, ltsc2022 or ltsc2025.
OSVERSION ?= ltsc2022
# Instead of what the definition says; LATEST_ETCD_VERSION is checked against the bundled versions.
BUNDLED_ETCD_VERSIONS ?=
LATEST_ETCD_VERSION ?=
REVISION ?=

# Whose tags `push`, `all-push` and `push-manifest` set, "a.example.org/k8s b.example.org/k8s"; the image's name is put
# behind each. Without any, a registry in the store.
REGISTRY ?=
PUSH_REGISTRY ?= $(REGISTRY)
# Instead of the image's own, <newest version>-<revision>.
IMAGE_TAG ?=
# The repository behind each of PUSH_REGISTRY.
IMAGE_NAME ?= $(notdir $(IMAGE))

IMAGEBUILD = .build/release/imagebuild
PLATFORM = $(OS)/$(ARCH)$(if $(filter windows,$(OS)),:$(OSVERSION))
OVERRIDES = $(if $(BUNDLED_ETCD_VERSIONS),--bundled-versions "$(BUNDLED_ETCD_VERSIONS)") \
	$(if $(LATEST_ETCD_VERSION),--latest $(LATEST_ETCD_VERSION)) $(if $(REVISION),--revision $(REVISION))
REPOSITORIES = $(foreach registry,$(PUSH_REGISTRY),$(registry)/$(IMAGE_NAME)$(if $(IMAGE_TAG),:$(IMAGE_TAG)))

MIGRATE = images/etcd/migrate
# Several real versions, from the Debian archive.
ETCD_BINARIES = $(CURDIR)/.imagebuild/etcd-binaries

.DEFAULT_GOAL := build
.PHONY: help deps build all-build push all-push push-manifest test lock check fmt bench clean imagebuild

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'variables: IMAGE=$(IMAGE) OS=$(OS) ARCH=$(ARCH) OSVERSION=$(OSVERSION)'
	@echo '           BUNDLED_ETCD_VERSIONS LATEST_ETCD_VERSION REVISION'
	@echo '           PUSH_REGISTRY=$(PUSH_REGISTRY) REGISTRY=$(REGISTRY) IMAGE_TAG=$(IMAGE_TAG) IMAGE_NAME=$(IMAGE_NAME)'

deps: ## install what the build needs beside Swift
	.ci/deps build

# With Swift's libraries inside, the program runs where Swift is not, and starts in two thirds of the time.
imagebuild: deps
	swift build -c release --product imagebuild --static-swift-stdlib

build: imagebuild ## build IMAGE for OS and ARCH (the default)
	$(IMAGEBUILD) build $(IMAGE) --platform $(PLATFORM) $(OVERRIDES)

all-build: imagebuild ## build IMAGE for all its platforms, in one index
	$(IMAGEBUILD) build $(IMAGE) --all $(OVERRIDES)

push: imagebuild ## push IMAGE for OS and ARCH to each of PUSH_REGISTRY, under its platform's tag
	$(IMAGEBUILD) push $(IMAGE) $(REPOSITORIES) --platform $(PLATFORM) $(OVERRIDES)

all-push: imagebuild ## push IMAGE for all its platforms, then the index
	$(IMAGEBUILD) push $(IMAGE) $(REPOSITORIES) $(OVERRIDES)

push-manifest: imagebuild ## push the index over the platforms' images that are in PUSH_REGISTRY
	$(IMAGEBUILD) push $(IMAGE) $(REPOSITORIES) --manifest-only $(OVERRIDES)

test: ## run all tests: the program's, and those of migrate with real etcd
	.ci/deps test
	swift test
	cd $(MIGRATE) && go vet ./... && go test -tags faults ./...
	$(MIGRATE)/testdata/fetch-etcd.sh $(ETCD_BINARIES)
	cd $(MIGRATE) && ETCD_BINARIES=$(ETCD_BINARIES) go test -tags etcd -timeout 30m ./e2e

lock: imagebuild ## pin IMAGE's inputs anew
	$(IMAGEBUILD) lock $(IMAGE) $(OVERRIDES)

check: ## check the sources' formatting
	swift format lint --strict --recursive Package.swift Sources Tests

fmt: ## format the sources
	swift format --in-place --recursive Package.swift Sources Tests

bench: imagebuild ## measure against other builders, side by side
	.ci/deps bench
	Tests/Bench/run $(IMAGEBUILD) $(BENCH)

clean: ## remove what was built here (not the store)
	swift package clean
	rm -rf .imagebuild
