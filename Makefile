# Two commands: `make demo` shows what the program does, `make test` proves it. Both set up all they
# need: on a fresh machine with Rust, make and Python 3.11 or newer they work as they are.

PYTHON ?= python3
VENV := .venv
VENV_HDF5_1 := .venv-hdf5-1
VENV_PY := .venv-py
VENV_LAKE := .venv-lake
VENV_BENCH := .venv-bench
VENV_SPARK := .venv-spark
VENV_RAY := .venv-ray
VENV_NODE := .venv-node
SEED := $(shell date +%s)

# The Pythons that judge what the program writes.
export WAVEKEEP_PYTHON := $(abspath $(VENV))/bin/python
export WAVEKEEP_PYTHON_HDF5_1 := $(abspath $(VENV_HDF5_1))/bin/python
export WAVEKEEP_PYTHON_LAKE := $(abspath $(VENV_LAKE))/bin/python

.PHONY: demo test test-all test-rust test-python test-spark test-ray python-docs e2e compile lint bench bench-python torture fuzz miri clean

demo:
	$(BUILD_PROGRAM)
	$(BUILT) demo --output demo

# All is compiled first, while the environments are downloaded; then the three suites run side by side,
# since the browser and Python leave processors idle. Each prints its output when it ends.
test:
	$(MAKE) --jobs=6 --no-print-directory environments compile
	$(MAKE) --jobs=3 --output-sync=target --no-print-directory test-rust test-python e2e

# Every truncation and every flipped bit of the samples, and as many cases of each property as its
# library tries by itself, where `make test` takes a share of them; other cases at each run, by a number
# that is printed: `make test-all SEED=…` tries those again.
test-all: export WAVEKEEP_TEST_STRIDE = 1
test-all: export PROPTEST_CASES = 256
test-all: export PROPTEST_RNG_SEED = $(SEED)
test-all: export WAVEKEEP_TEST_CASES = others
test-all: seed test

.PHONY: seed
seed:
	@echo "SEED=$(SEED)"

.PHONY: environments
environments: $(VENV)/ready $(VENV_HDF5_1)/ready $(VENV_LAKE)/ready $(VENV_PY)/ready e2e/node_modules/ready chromium openssl

CARGO_TEST = cargo test --locked --workspace --all-features

compile:
	$(CARGO_TEST) --no-run

test-rust: $(VENV)/ready $(VENV_HDF5_1)/ready $(VENV_LAKE)/ready openssl
	$(CARGO_TEST)

# The program as the tests of Rust build it, with the same features: nothing is compiled twice.
BUILD_PROGRAM = cargo build --locked --workspace --all-features --bin wavekeep
BUILT = $$(cargo metadata --format-version 1 --no-deps | $(PYTHON) -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/debug/wavekeep

# The browser tests, and one that judges the types of Python, need Node 20.11 or newer. Where the machine has none, PyPI's is taken.
HAS_NODE := $(shell node --eval 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 11) ? 0 : 1)' 2>/dev/null && echo yes)
ifneq ($(HAS_NODE),yes)
NODE := $(VENV_NODE)/ready
export PATH := $(abspath $(VENV_NODE))/bin:$(PATH)
endif

# The Python package: its wheel is built, installed and tested in an environment of its own, with the
# examples of its documentation.
test-python: $(VENV_PY)/ready $(NODE)
	$(call install_wheel,dev)
	$(BUILD_PROGRAM)
	WAVEKEEP_BIN=$(BUILT) $(VENV_PY)/bin/python -m pytest --quiet --doctest-modules -rs crates/py/tests --pyargs wavekeep pyspark_wavekeep

# The tests of `spark.read.format("wavekeep")`, which Sail answers in `make test`, by Spark with two worker
# processes: it downloads 450 MB, and starting takes Spark longer than the tests. Ray takes a download of
# 150 MB and its time too.
test-spark: $(VENV_PY)/ready $(VENV_SPARK)/ready | java
	$(call install_wheel,dev)
	$(VENV_SPARK)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall target/wheels/wavekeep-*.whl
	WAVEKEEP_ENGINE=spark $(VENV_SPARK)/bin/python -m pytest --quiet -rs crates/py/tests/test_spark.py

test-ray: $(VENV_PY)/ready $(VENV_RAY)/ready
	$(call install_wheel,dev)
	$(VENV_RAY)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall target/wheels/wavekeep-*.whl
	$(VENV_RAY)/bin/python -m pytest --quiet -rs crates/py/tests/ray_engine.py

.PHONY: java
java:
	@command -v java > /dev/null || { apt-get update && apt-get install --yes default-jre-headless; }

# The reference, as pages that need no network: target/python-docs/index.html.
python-docs: $(VENV_PY)/ready
	$(call install_wheel,dev)
	$(VENV_PY)/bin/pdoc --output-directory target/python-docs wavekeep wavekeep.epics wavekeep.scan

# One wheel serves Python 3.10 and all later ones; the profile decides how long it builds.
define install_wheel
	rm -rf target/wheels
	$(VENV_PY)/bin/maturin build --locked --quiet --profile $(1) --interpreter $(VENV_PY)/bin/python --out target/wheels
	$(VENV_PY)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall target/wheels/wavekeep-*.whl
endef

# The page in a browser, over the built program. Chromium is installed if it is not there;
# WAVEKEEP_CHROMIUM names another one.
export WAVEKEEP_CHROMIUM ?= /usr/bin/chromium

e2e: e2e/node_modules/ready chromium
	$(BUILD_PROGRAM)
	WAVEKEEP_BIN=$(BUILT) npm --prefix e2e test

.PHONY: chromium
chromium: | openssl
	test -x $(WAVEKEEP_CHROMIUM) || { apt-get update && apt-get install --yes chromium; }

# It is the time-stamp authority of the tests.
.PHONY: openssl
openssl: | python-parts
	@command -v openssl > /dev/null || { apt-get update && apt-get install --yes openssl; }

e2e/node_modules/ready: e2e/package-lock.json $(NODE)
	cd e2e && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund
	touch $@

lint:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --all-features -- --deny warnings

# Compares with peers that users can install, in one run on this machine; see docs/performance.md.
bench: $(VENV)/ready $(VENV_BENCH)/ready $(VENV_LAKE)/ready
	cargo build --locked --release --package wavekeep
	cargo build --locked --release --package wavekeep-server --example many_clients
	$(WAVEKEEP_PYTHON) bench/blastware/run.py
	$(WAVEKEEP_PYTHON) bench/gnz/run.py
	$(WAVEKEEP_PYTHON) bench/export/run.py
	$(VENV_BENCH)/bin/python bench/smurf/run.py
	$(WAVEKEEP_PYTHON) bench/link/run.py
	$(WAVEKEEP_PYTHON) bench/archive/run.py
	$(WAVEKEEP_PYTHON) bench/custody/run.py
	$(WAVEKEEP_PYTHON_LAKE) bench/lake/run.py
	$(WAVEKEEP_PYTHON) bench/server/run.py
	$(WAVEKEEP_PYTHON) bench/server/rounds.py
	$(MAKE) bench-python

bench-python: $(VENV_PY)/ready
	$(call install_wheel,release)
	$(VENV_PY)/bin/python bench/python/run.py
	$(VENV_PY)/bin/python bench/labs/run.py
	$(VENV_PY)/bin/python bench/engines/run.py

# Kills imports, reviews, rebuilds and repairs at 10,000 random moments; kills them, and lets the system
# fail, at every system call that writes (strace injects the faults); flips a bit in every byte of every
# kind of file of an archive. Changes an archive 1,000 times while updates of its lake are killed.
torture: $(VENV_LAKE)/ready
	test -x /usr/bin/strace || { apt-get update && apt-get install --yes strace; }
	WAVEKEEP_TORTURE_ROUNDS=10000 cargo test --locked --release --package wavekeep --test it -- crashes killed_server
	WAVEKEEP_EVERY_CALL=1 cargo test --locked --release --package wavekeep --test it calls
	WAVEKEEP_TEST_STRIDE=1 cargo test --locked --release --package wavekeep-archive --test it verify::flipped
	WAVEKEEP_LAKE_CHANGES=1000 WAVEKEEP_LAKE_SEED=$(SEED) cargo test --locked --release --package wavekeep --test it lakes

# Ten minutes for each parser. Needs cargo-fuzz: `cargo install cargo-fuzz`.
fuzz:
	for target in $$(cd fuzz/fuzz_targets && ls *.rs | sed 's/\.rs$$//'); do \
		cargo fuzz run --sanitizer none $$target -- -max_total_time=600 -rss_limit_mb=2048 -timeout=10 || exit 1; \
	done

# What is unsafe, but for memory maps and stores past the caches, which Miri cannot run; smurf's loops
# for any processor and for those with AVX2. Needs a nightly toolchain with Miri.
miri: export MIRIFLAGS = -Zmiri-disable-isolation
miri: export PROPTEST_CASES = 4
miri:
	cargo +nightly miri test --package gnz --lib
	cargo +nightly miri test --package wavekeep-smurf --lib -- processor lines
	RUSTFLAGS=-Ctarget-feature=+avx2 cargo +nightly miri test --package wavekeep-smurf --lib -- processor lines

# Debian keeps Python's venv, and the headers that pysmurf is compiled with, in packages of their own.
.PHONY: python-parts
python-parts:
	@$(PYTHON) -c 'import ensurepip, pathlib, sysconfig; pathlib.Path(sysconfig.get_path("include"), "Python.h").stat()' 2>/dev/null \
		|| { apt-get update && apt-get install --yes python3-venv python3-dev; }

$(VENV)/ready: judges/requirements.txt | python-parts
	$(call make_venv,$(VENV),$<)

$(VENV_HDF5_1)/ready: judges/requirements-hdf5-1.txt | python-parts
	$(call make_venv,$(VENV_HDF5_1),$<)

$(VENV_LAKE)/ready: judges/requirements-lake.txt | python-parts
	$(call make_venv,$(VENV_LAKE),$<)

# sotodlib by itself: one function of it judges, which needs nothing that the package asks for.
$(VENV_PY)/ready: crates/py/requirements.txt crates/py/requirements-alone.txt | python-parts
	$(call make_venv,$(VENV_PY),$<)
	$(VENV_PY)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement crates/py/requirements-alone.txt

$(VENV_BENCH)/ready: bench/smurf/requirements.txt | python-parts
	$(call make_venv,$(VENV_BENCH),$<)

$(VENV_SPARK)/ready: crates/py/requirements-spark.txt | python-parts
	$(call make_venv,$(VENV_SPARK),$<)

$(VENV_RAY)/ready: crates/py/requirements-ray.txt | python-parts
	$(call make_venv,$(VENV_RAY),$<)

$(VENV_NODE)/ready: e2e/node.txt | python-parts
	$(call make_venv,$(VENV_NODE),$<)

define make_venv
	$(PYTHON) -m venv --clear $(1)
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $(2)
	touch $(1)/ready
endef

clean:
	cargo clean
	rm -rf $(VENV) $(VENV_HDF5_1) $(VENV_LAKE) $(VENV_PY) $(VENV_BENCH) $(VENV_SPARK) $(VENV_RAY) $(VENV_NODE) e2e/node_modules e2e/test-results demo
