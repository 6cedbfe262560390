# make help shows what there is. Everything is built into CARGO_TARGET_DIR, outside the checkout,
# and with one profile: DuckDB is compiled once, for 20 minutes, and never again.

ROOT := $(filter 0,$(shell id -u))
export CARGO_TARGET_DIR ?= $(if $(ROOT),/var/cache/migrator,$(HOME)/.cache/migrator)
PG_CONFIG ?= pg_config

.PHONY: help setup build install test demo demo-stop bench bench-validation bench-readers bench-vectors bench-lookups

help: ## shows this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

setup: ## installs what building and testing need (Debian 12 or 13)
	@scripts/setup

build: ## builds the extension for PG_CONFIG's server, and the reader
	@scripts/build $(PG_CONFIG)

install: build ## installs both into that server
	@scripts/install $(PG_CONFIG)

test: setup ## runs every check and every test, on PostgreSQL 15 and 17
	@pg_test/run

demo: setup ## loads a sample file into a private server and shows it
	@scripts/demo

demo-stop: ## stops that server
	@scripts/cluster stop demo

bench: setup ## times loads against COPY, DuckDB's postgres extension and the disk
	@bench/run

bench-validation: setup ## times validations against the load and against reladiff
	@bench/run bench.validation

bench-readers: setup ## times queries through the foreign data wrapper against DuckDB
	@bench/run bench.readers

bench-vectors: setup ## times builds of vector indexes and searches by them
	@bench/run bench.vectors

bench-lookups: setup ## times lookups alone, beside a load, and after it
	@bench/run bench.lookups
