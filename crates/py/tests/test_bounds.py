"""What a read takes beside its result has a bound, and the system holds it to that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from conftest import ROOT, make_run

#: Sets a limit on private memory: more than that is an error from there on.
ALLOW = """
import resource, sys

MIB = 1 << 20

def allow(more):
    for line in open("/proc/self/status"):
        if line.startswith("VmData:"):
            resource.setrlimit(resource.RLIMIT_DATA, (int(line.split()[1]) * 1024 + more,) * 2)
"""

#: A run, before the work is done in limits.
LIMITED = ALLOW + """
import numpy as np, wavekeep

path, folder = sys.argv[1:3]
run = wavekeep.open(path)
# The threads of the process, with their stacks, are there before the limit is.
run.read(frames=(0, 4000))
assert run.size * 4 > 128 * MIB
"""

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples = np.arange(512 * 70_000, dtype=np.int32).reshape(512, 70_000)
    return make_run(tmp_path_factory.mktemp("long") / "long.dat", samples)


def limited(code: str, run: Path, folder: Path) -> None:
    command = [sys.executable, "-c", LIMITED + code, str(run), str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@needs_linux
def test_a_read_takes_its_result_and_64_mib(long_run: Path, tmp_path: Path) -> None:
    code = "allow(run.size * 8 + 64 * MIB); assert run.read()[511, 0] > 0"
    limited(code, long_run, tmp_path)


@needs_linux
def test_blocks_take_their_buffer_and_64_mib(long_run: Path, tmp_path: Path) -> None:
    code = (
        "allow(4096 * 512 * 4 + 64 * MIB)\n"
        "assert sum(block.data.shape[1] for block in run.blocks(4096, raw=True)) == run.n_frames"
    )
    limited(code, long_run, tmp_path)


@needs_linux
@pytest.mark.parametrize("target", ["gnz", "npy", "h5", "parquet"])
def test_a_run_is_converted_in_less_memory_than_it_has(
    target: str, long_run: Path, tmp_path: Path
) -> None:
    limited(f"allow(96 * MIB); run.save(f'{{folder}}/run.{target}')", long_run, tmp_path)


@needs_linux
def test_the_limit_is_one(long_run: Path, tmp_path: Path) -> None:
    code = (
        "allow(64 * MIB)\n"
        "try: run.read()\n"
        "except MemoryError: pass\n"
        "else: raise SystemExit('more was given than there is')"
    )
    limited(code, long_run, tmp_path)
