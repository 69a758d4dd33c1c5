# Thin calls of imagebuild; `make help` lists them. ARCHITECTURE.md says what imagebuild does.

# An image's folder under images/, or a path.
IMAGE ?= etcd
# amd64, arm64 or ppc64le; Debian's and uname's spellings serve too.
ARCH ?= $(shell uname -m)

IMAGEBUILD = .build/release/imagebuild

.DEFAULT_GOAL := build
.PHONY: help deps build all-build test lock check fmt bench clean imagebuild

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'variables: IMAGE=$(IMAGE) ARCH=$(ARCH)'

deps: ## install what the build needs beside Swift
	.ci/deps build

imagebuild: deps
	swift build -c release --product imagebuild

build: imagebuild ## build IMAGE for ARCH (the default)
	$(IMAGEBUILD) build $(IMAGE) --arch $(ARCH)

all-build: imagebuild ## build IMAGE for all its platforms, in one index
	$(IMAGEBUILD) build $(IMAGE) --all

test: ## run all tests
	.ci/deps test
	swift test

lock: imagebuild ## pin IMAGE's inputs anew
	$(IMAGEBUILD) lock $(IMAGE)

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
