# The few commands of daily work; `make help` lists them. CMake does the building.
.DEFAULT_GOAL := help
.PHONY: help setup run build test sanitize acceptance bench fuzz accept tidy install package debug asan coverage clean
SHELL := /bin/bash
PRESET ?= release
JOBS ?= $(shell nproc)
BUILD := build/$(PRESET)
CHIRON := $(BUILD)/bin/chiron

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## install what a fresh Debian 12 lacks
	@scripts/bootstrap.sh

$(BUILD)/build.ninja: CMakeLists.txt CMakePresets.json
	@cmake --preset $(PRESET) >/dev/null

build: setup $(BUILD)/build.ninja  ## build build/release/bin/chiron (PRESET=debug|asan|coverage for others)
	@cmake --build $(BUILD) --target chiron -j $(JOBS)

run: build  ## set up, build, and check the example workspace
	@scripts/run-example.sh $(CHIRON)

test: setup $(BUILD)/build.ninja  ## set up, build and run all tests
	@cmake --build $(BUILD) -j $(JOBS)
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

sanitize: setup  ## build and run our own tests with the address and undefined-behaviour sanitizers
	@scripts/sanitizers.sh

acceptance: build  ## check public projects (needs the package registry)
	@scripts/acceptance.sh $(CHIRON)

bench: build  ## measure: make bench NAME=coverage (without NAME: all)
	@scripts/bench.sh $(NAME)

fuzz:  ## fuzz a target: make fuzz NAME=json TIME=600 (without NAME: list them)
	@scripts/fuzz.sh "$(NAME)" "$(or $(TIME),60)"

accept: $(BUILD)/build.ninja  ## rewrite golden files, casebooks and reference pages, and show what changed
	@cmake --build $(BUILD) -j $(JOBS)
	@CHIRON_ACCEPT=1 ctest --test-dir $(BUILD) -j $(JOBS) -E conformance >/dev/null || true
	@$(CHIRON) reference docs/reference
	@git --no-pager diff --stat -- tests/golden tests/cases docs/reference
	@git --no-pager diff -- tests/golden tests/cases docs/reference

tidy: $(BUILD)/build.ninja  ## the house rules
	@cmake --build $(BUILD) --target house-rules -j $(JOBS)
	@$(BUILD)/bin/house-rules .

install: build  ## install to PREFIX (default /usr/local)
	@cmake --build $(BUILD) --target man-pages -j $(JOBS)
	@cmake --install $(BUILD) --prefix "$(or $(PREFIX),/usr/local)" --component chiron

package: build  ## make the Debian package and the relocatable tarball in build/packages
	@cmake --build $(BUILD) --target man-pages notices -j $(JOBS)
	@cd $(BUILD) && cpack --config CPackConfig.cmake -B ../packages

clean:  ## remove the build folders
	rm -rf build
