# Two commands: `make demo` shows what the program does, `make test` proves it. Both set up all they
# need: on a fresh machine with Rust, make and Python 3.11 or newer they work as they are.

PYTHON ?= python3
VENV := .venv
VENV_HDF5_1 := .venv-hdf5-1
VENV_PY := .venv-py

# The Pythons that judge what the program writes.
export WAVEKEEP_PYTHON := $(abspath $(VENV))/bin/python
export WAVEKEEP_PYTHON_HDF5_1 := $(abspath $(VENV_HDF5_1))/bin/python

.PHONY: demo test test-python python-docs e2e lint bench bench-python torture fuzz miri clean

demo:
	cargo build --locked --release --package wavekeep
	target/release/wavekeep demo --output demo

test: $(VENV)/ready $(VENV_HDF5_1)/ready
	cargo test --locked --workspace --all-features
	$(MAKE) test-python
	$(MAKE) e2e

# The program as the tests of Rust build it, with the same features: nothing is compiled twice.
BUILD_PROGRAM = cargo build --locked --workspace --all-features --bin wavekeep
BUILT = $$(cargo metadata --format-version 1 --no-deps | $(PYTHON) -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/debug/wavekeep

# The Python package: its wheel is built, installed and tested in an environment of its own, with the
# examples of its documentation.
test-python: $(VENV_PY)/ready
	$(call install_wheel,dev)
	$(BUILD_PROGRAM)
	WAVEKEEP_BIN=$(BUILT) $(VENV_PY)/bin/python -m pytest --quiet --doctest-modules -rs crates/py/tests --pyargs wavekeep

# The reference, as pages that need no network: target/python-docs/index.html.
python-docs: $(VENV_PY)/ready
	$(call install_wheel,dev)
	$(VENV_PY)/bin/pdoc --output-directory target/python-docs wavekeep

# One wheel serves Python 3.10 and all later ones; the profile decides how long it builds.
define install_wheel
	rm -rf target/wheels
	$(VENV_PY)/bin/maturin build --locked --quiet --profile $(1) --interpreter $(VENV_PY)/bin/python --out target/wheels
	$(VENV_PY)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall target/wheels/wavekeep-*.whl
endef

# The page in a browser, over the built program. Needs Node 20 or newer; Chromium is installed if it
# is not there. WAVEKEEP_CHROMIUM names another one.
export WAVEKEEP_CHROMIUM ?= /usr/bin/chromium

e2e: e2e/node_modules/ready
	test -x $(WAVEKEEP_CHROMIUM) || apt-get install --yes chromium
	$(BUILD_PROGRAM)
	WAVEKEEP_BIN=$(BUILT) npm --prefix e2e test

e2e/node_modules/ready: e2e/package-lock.json
	cd e2e && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund
	touch $@

lint:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --all-features -- --deny warnings

# Compares with peers that users can install, in one run on this machine; see docs/performance.md.
bench: $(VENV)/ready
	cargo build --locked --release --package wavekeep
	$(WAVEKEEP_PYTHON) bench/blastware/run.py
	$(WAVEKEEP_PYTHON) bench/gnz/run.py
	$(WAVEKEEP_PYTHON) bench/smurf/run.py
	$(WAVEKEEP_PYTHON) bench/archive/run.py
	$(WAVEKEEP_PYTHON) bench/server/run.py
	$(MAKE) bench-python

bench-python: $(VENV_PY)/ready
	$(call install_wheel,release)
	$(VENV_PY)/bin/python bench/python/run.py

# Kills imports, reviews, rebuilds and repairs at 10,000 random moments; flips a bit in every byte of
# every kind of file of an archive.
torture:
	WAVEKEEP_TORTURE_ROUNDS=10000 cargo test --locked --release --package wavekeep --test crashes
	WAVEKEEP_EVERY_BYTE=1 cargo test --locked --release --package wavekeep-archive --test verify flipped

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

$(VENV)/ready: judges/requirements.txt
	$(call make_venv,$(VENV),$<)

$(VENV_HDF5_1)/ready: judges/requirements-hdf5-1.txt
	$(call make_venv,$(VENV_HDF5_1),$<)

$(VENV_PY)/ready: crates/py/requirements.txt
	$(call make_venv,$(VENV_PY),$<)

# Debian keeps Python's venv in a package of its own.
define make_venv
	$(PYTHON) -m venv $(1) || { apt-get install --yes python3-venv && $(PYTHON) -m venv --clear $(1); }
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $(2)
	touch $(1)/ready
endef

clean:
	cargo clean
	rm -rf $(VENV) $(VENV_HDF5_1) $(VENV_PY) e2e/node_modules e2e/test-results demo
