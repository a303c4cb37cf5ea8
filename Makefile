# The front door. Each target installs (Debian packages, PyPI clients) and builds what it needs.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
CMAKE_BUILD := cmake --build --parallel $(JOBS)
RELEASE := build/release/bin
ifdef CI
unexport CMAKE_C_COMPILER_LAUNCHER CMAKE_CXX_COMPILER_LAUNCHER
endif

.PHONY: help deps build run test demo bench lint conformance reliability sanitize golden clean
help:
	@sed -n 's/^## //p' Makefile

## make deps          installs every Debian package that some target needs
deps:
	@deploy/install-deps.sh run test bench rust

## make build         waagd, waag and waag-convert, Release, in build/release/bin
build:
	@deploy/install-deps.sh run
	@[ -f build/release/build.ninja ] || cmake --preset release -DWAAG_UNITY=ON >/dev/null
	@$(CMAKE_BUILD) --preset release --target waagd waag waag-convert -- --quiet

## make run           serves on 127.0.0.1:8080, data in ./waag-data
run: build
	@exec $(RELEASE)/waagd --data ./waag-data --listen 127.0.0.1:8080

## make test          everything that decides a change (CI runs this)
test:
	@tests/run.sh

## make lint          style, names of third parties, a second compiler (clang)
lint:
	@deploy/install-deps.sh run test
	@python3 tests/tidy/tidy.py
	@cmake --preset clang >/dev/null
	@$(CMAKE_BUILD) --preset clang -- --quiet

## make demo          a real model up with one client, down with another, mirrored; one converted and run
demo: build
	@deploy/install-deps.sh run test
	@python3 tests/harness/venvs.py
	@.venvs/tools/bin/python bench/demo.py

## make bench         speed against nginx and llama.cpp, and of ingest; a table with ratios
bench: build
	@deploy/install-deps.sh run test bench
	@python3 tests/harness/venvs.py
	@cmake --preset release -DWAAG_BENCH=ON >/dev/null
	@$(CMAKE_BUILD) --preset release --target waag-convert quantize_bench -- --quiet
	@.venvs/tools/bin/python -m bench $(BENCH)

## make conformance   TREE=dir (a checkout of huggingface_hub) [XET=1]: its own tests against waagd
conformance:
	@XET=$(XET) tests/long.sh conformance "$(TREE)"

## make reliability   crash, kill and property tests with larger numbers, every client and version
reliability:
	@tests/long.sh reliability

## make sanitize      all unit tests under ASan+UBSan and TSan, fuzz targets for minutes
sanitize:
	@tests/long.sh sanitize

## make golden        the converter against llama.cpp, built from source, and compressed-tensors
golden:
	@tests/long.sh golden

clean:
	rm -rf build
