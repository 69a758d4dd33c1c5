# Thin calls of imagebuild; `make help` lists them. ARCHITECTURE.md says what imagebuild does.

# An image's folder under images/, or a path.
IMAGE ?= etcd
# One of the image's variants: upstream. By default the first of them.
VARIANT ?=
# amd64, arm64, ppc64le, or, for VARIANT=ports, s390x, riscv64 or arm; Debian's and uname's spellings serve too.
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

# Of `release`: the file, the version, the one before, the step (plan, build, sign, publish, verify, announce), the git
# checkout where the file does not say it, and further options.
RELEASE ?= manifests/release/etcd.yaml
VERSION ?=
PREV_VERSION ?=
STEP ?= plan
SOURCE ?=
RELEASE_OPTIONS ?=

IMAGEBUILD = .build/release/imagebuild
PLATFORM = $(OS)/$(ARCH)$(if $(filter windows,$(OS)),:$(OSVERSION))
OVERRIDES = $(if $(VARIANT),--variant $(VARIANT)) $(if $(BUNDLED_ETCD_VERSIONS),--bundled-versions "$(BUNDLED_ETCD_VERSIONS)") \
	$(if $(LATEST_ETCD_VERSION),--latest $(LATEST_ETCD_VERSION)) $(if $(REVISION),--revision $(REVISION))
REPOSITORIES = $(foreach registry,$(PUSH_REGISTRY),$(registry)/$(IMAGE_NAME)$(if $(IMAGE_TAG),:$(IMAGE_TAG)))

MIGRATE = images/etcd/migrate
# Several real versions, from the Debian archive.
ETCD_BINARIES = $(CURDIR)/.imagebuild/etcd-binaries
# The tests of migrate that kill and fill disks.
ENDURANCE = TestKilled|TestOrphanDies|TestFullDisk

ON_PROGRAM = IMAGEBUILD_PROGRAM=$(CURDIR)/$(IMAGEBUILD)
SCRIPTS = .ci/deps .ci/manifests .ci/run $(wildcard images/etcd/*.sh $(MIGRATE)/testdata/*.sh)

.DEFAULT_GOAL := build
.PHONY: help image-imagebuild deps build all-build push all-push push-manifest release test test-image tests $(TIERS) lock check fmt bench clean imagebuild

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'variables: IMAGE=$(IMAGE) VARIANT=$(VARIANT) OS=$(OS) ARCH=$(ARCH) OSVERSION=$(OSVERSION)'
	@echo '           BUNDLED_ETCD_VERSIONS LATEST_ETCD_VERSION REVISION'
	@echo '           RELEASE=$(RELEASE) VERSION PREV_VERSION STEP=$(STEP) SOURCE RELEASE_OPTIONS'
	@echo '           PUSH_REGISTRY=$(PUSH_REGISTRY) REGISTRY=$(REGISTRY) IMAGE_TAG=$(IMAGE_TAG) IMAGE_NAME=$(IMAGE_NAME)'

deps: ## install what the build needs beside Swift
	.ci/deps build

# Swift's libraries and the C libraries go into the program: it runs where Swift is not, and does not load libarchive's nine
# dependencies at every start. Symbols and relocations, which a program at a fixed address does without, would cost more of it.
# It is optimised for size, which slows nothing that was measured; the linker drops what nobody calls, function by function, makes
# one of functions with the same code, and drops the tables for unwinding, which only C++ exceptions would need.
STATIC = $(CURDIR)/.build/static
COMPILATION = -c release --product imagebuild --static-swift-stdlib -debug-info-format none \
	-Xswiftc -Osize -Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -ffunction-sections -Xcc -fdata-sections \
	-Xcxx -ffunction-sections -Xcxx -fdata-sections -Xlinker -T -Xlinker $(STATIC)/no-unwinding.ld \
	-Xswiftc -use-ld=lld -Xlinker -s -Xlinker --no-export-dynamic -Xlinker --icf=all \
	-Xswiftc -L$(STATIC) -Xlinker -llzma -Xlinker -lbz2 -Xlinker -lz \
	-Xswiftc -Xclang-linker -Xswiftc -static-libgcc -Xswiftc -Xclang-linker -Xswiftc -no-pie

imagebuild: deps $(STATIC)/no-unwinding.ld
	@[ -x $(IMAGEBUILD) ] || echo 'compiling imagebuild and its libraries: this takes minutes, and happens once' >&2
	swift build $(COMPILATION)

# The linker takes a library from here before it looks for a shared one.
$(STATIC)/no-unwinding.ld: | deps
	mkdir -p $(STATIC)
	for name in archive bz2 crypt deflate lzma stdc++ yaml z zstd; do ln -sf "$$(clang -print-file-name=lib$$name.a)" $(STATIC); done
	echo 'SECTIONS { /DISCARD/ : { *(.eh_frame) *(.eh_frame_hdr) } } INSERT AFTER .rodata;' > $@

build: imagebuild ## build IMAGE for OS and ARCH (the default)
	$(IMAGEBUILD) build $(IMAGE) --platform $(PLATFORM) $(OVERRIDES)

all-build: imagebuild ## build IMAGE for all platforms of its lock, in one index
	$(IMAGEBUILD) build $(IMAGE) --all $(OVERRIDES)

push: imagebuild ## push IMAGE for OS and ARCH to each of PUSH_REGISTRY, under its platform's tag
	$(IMAGEBUILD) push $(IMAGE) $(REPOSITORIES) --platform $(PLATFORM) $(OVERRIDES)

all-push: imagebuild ## push IMAGE for all platforms of its lock, Linux and Windows, then the index
	$(IMAGEBUILD) push $(IMAGE) $(REPOSITORIES) $(OVERRIDES)

push-manifest: imagebuild ## push the index over the platforms' images that are in PUSH_REGISTRY
	$(IMAGEBUILD) push $(IMAGE) $(REPOSITORIES) --manifest-only $(OVERRIDES)

release: imagebuild ## do STEP of the release of VERSION that RELEASE describes
	@[ -n '$(VERSION)' ] || { echo 'name the version: make release VERSION=v3.6.14 PREV_VERSION=v3.6.13 STEP=plan' >&2; exit 64; }
	$(IMAGEBUILD) release $(STEP) $(RELEASE) --version $(VERSION) $(if $(PREV_VERSION),--previous $(PREV_VERSION)) \
	    $(if $(SOURCE),--source $(SOURCE)) $(RELEASE_OPTIONS)

TIERS = test-fast test-program test-network test-endurance
test: tests ## run all tests, and say how long each tier of them took
	@failed=; times=; for tier in $(TIERS); do \
	    began=$$(date +%s); $(MAKE) --no-print-directory $$tier || failed="$$failed $$tier"; \
	    times="$$times $$tier:$$(($$(date +%s) - began))"; \
	done; for time in $$times; do printf '%-16s %5d s\n' $${time%:*} $${time#*:}; done; \
	[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

tests:
	.ci/deps build
	swift build --build-tests

test-fast: tests ## run what is offline and in process
	.ci/deps test-fast
	swift test --skip-build --skip EndToEndTests
	cd $(MIGRATE) && go test -tags faults ./...

# The release binary, which users have, and not the debug build beside the tests.
test-program: tests imagebuild ## run the program as a user does, offline
	.ci/deps test-program
	$(ON_PROGRAM) swift test --skip-build --filter EndToEndTests.ProgramTests

test-network: tests imagebuild ## build from the real Debian archive, and hand the images to other tools
	.ci/deps test-network
	$(ON_PROGRAM) swift test --skip-build --filter EndToEndTests.NetworkTests
	$(MIGRATE)/testdata/fetch-etcd.sh $(ETCD_BINARIES)
	cd $(MIGRATE) && ETCD_BINARIES=$(ETCD_BINARIES) go test -short -tags etcd -timeout 30m ./e2e

test-endurance: tests imagebuild ## kill what is under way, over and over, and fill disks
	.ci/deps test-endurance
	$(ON_PROGRAM) swift test --skip-build --filter EndToEndTests.EnduranceTests
	$(MIGRATE)/testdata/fetch-etcd.sh $(ETCD_BINARIES)
	cd $(MIGRATE) && ETCD_BINARIES=$(ETCD_BINARIES) go test -tags etcd -timeout 30m -run '$(ENDURANCE)' ./e2e

test-image: imagebuild ## run IMAGE's own tests in its root file system, for OS and ARCH
	$(IMAGEBUILD) test $(IMAGE) --platform $(PLATFORM) $(OVERRIDES)

PROGRAM_ARCH = $(shell dpkg --print-architecture)
image-imagebuild: imagebuild ## build the image of imagebuild itself, for this machine's architecture
	install -D $(IMAGEBUILD) images/imagebuild/$(PROGRAM_ARCH)/imagebuild
	$(IMAGEBUILD) build imagebuild --arch $(PROGRAM_ARCH) --locked

lock: imagebuild ## pin IMAGE's inputs anew
	$(IMAGEBUILD) lock $(IMAGE) $(OVERRIDES)

check: ## check formatting, warnings, the module graph, Go, scripts, manifests, documents and their commands
	.ci/deps check
	swift format lint --strict --recursive Package.swift Sources Tests
	shellcheck $(SCRIPTS)
	.ci/manifests
	cd $(MIGRATE) && test -z "$$(gofmt -l .)" && go vet ./... && go vet -tags etcd ./... && go-staticcheck ./...
	swift build --build-tests --explicit-target-dependency-import-check error
	swift test --skip-build --filter '^RepositoryTests|EndToEndTests.ProgramTests/DocumentTests'

fmt: ## format the sources
	swift format --in-place --recursive Package.swift Sources Tests

bench: imagebuild ## measure against other builders, side by side
	.ci/deps bench
	Tests/Bench/run $(IMAGEBUILD) $(BENCH)

clean: ## remove what was built here (not the store)
	swift package clean
	rm -rf .imagebuild
