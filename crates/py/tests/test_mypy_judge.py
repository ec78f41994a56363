"""mypy in its strict mode: the package, its stubs, its tests, and what users copy from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from conftest import ROOT
from documents import modules_in

#: What types promise: `assert_type` in a user's program.
PROMISES = '''
import os
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, assert_type
import numpy as np
from numpy.typing import NDArray
import wavekeep
from wavekeep import smurf

path = "x"
assert_type(wavekeep.open_event(path), wavekeep.Event)
assert_type(wavekeep.open_stream(path), wavekeep.Stream)
assert_type(wavekeep.open_arrays(path), wavekeep.ArrayFile)
assert_type(wavekeep.open(path), wavekeep.Recording)
assert_type(wavekeep.open(path, rate_hz=1024), wavekeep.Event)
assert_type(wavekeep.open(path, geophone_range="normal"), wavekeep.Event)
assert_type(wavekeep.open(path, metadata_channel=2), wavekeep.Stream)
assert_type(wavekeep.open(path, keep_index=True), wavekeep.Stream)
assert_type(wavekeep.open(path, keep_index=False), wavekeep.Recording)
assert_type(wavekeep.open(path, pretrigger_s=0.25, reports=False), wavekeep.Event)
assert_type(wavekeep.open(path, rate_hz=1024, geophone_range="sensitive"), wavekeep.Event)
assert_type(wavekeep.open(path, reports=False), wavekeep.Recording)
assert_type(wavekeep.open(path, rate_hz=None, metadata_channel=None), wavekeep.Recording)


def opened_with(rate_hz: float | None, metadata_channel: int | None, keep_index: bool) -> None:
    assert_type(wavekeep.open(path, rate_hz=rate_hz), wavekeep.Recording)
    assert_type(wavekeep.open(path, metadata_channel=metadata_channel), wavekeep.Recording)
    assert_type(wavekeep.open(path, keep_index=keep_index), wavekeep.Recording)


Paths = str | bytes | os.PathLike[str] | os.PathLike[bytes]
Range = Literal["normal", "sensitive"]


class OpensEvents(Protocol):
    def __call__(
        self,
        path: Paths,
        *,
        rate_hz: float | None = None,
        geophone_range: Range | None = None,
        pretrigger_s: float | None = None,
        reports: bool = True,
    ) -> wavekeep.Event: ...


class OpensStreams(Protocol):
    def __call__(
        self, path: Paths, *, metadata_channel: int | None = None, keep_index: bool = False
    ) -> wavekeep.Stream: ...


class OpensArrays(Protocol):
    def __call__(self, path: Paths) -> wavekeep.ArrayFile: ...


class OpensAll(Protocol):
    def __call__(
        self,
        path: Paths,
        *,
        rate_hz: float | None = None,
        geophone_range: Range | None = None,
        pretrigger_s: float | None = None,
        reports: bool = True,
        metadata_channel: int | None = None,
        keep_index: bool = False,
    ) -> wavekeep.Recording: ...


opens_events: OpensEvents = wavekeep.open_event
opens_streams: OpensStreams = wavekeep.open_stream
opens_arrays: OpensArrays = wavekeep.open_arrays
opens_all: OpensAll = wavekeep.open
for anything in (path, b"x", Path(path), os.fsencode(path)):
    assert_type(wavekeep.open_event(anything), wavekeep.Event)
    assert_type(wavekeep.open(anything), wavekeep.Recording)
rec = wavekeep.open_event(path, rate_hz=1024, geophone_range="normal", pretrigger_s=0.25)
assert_type(rec["Vert"], wavekeep.Channel)
assert_type(rec.channels, tuple[str, ...])
assert_type(rec.start, datetime | None)
assert_type(rec.rate_hz, float | None)
assert_type(rec.t, NDArray[np.float64])
assert_type(rec.to("mm/s").select(["Vert"]), wavekeep.Event)
with wavekeep.open_event(path) as event, wavekeep.open_arrays(path) as file:
    assert_type(event, wavekeep.Event)
    assert_type(file, wavekeep.ArrayFile)
    assert_type(file["Tran"], NDArray[Any])
    assert_type(file.t, None)
    assert_type(file.units, dict[str, str])
run = wavekeep.open_stream(path)
assert_type(run.read(), NDArray[np.float64])
assert_type(run.read("0-3", (0, 5), (0, 1.5), threads=1), NDArray[np.float64])
assert_type(run.read(raw=True), NDArray[np.int32])
assert_type(run.read(iq=True), NDArray[np.complex128])
out = np.empty((3, 4), np.float32)
assert_type(run.read(out=out).dtype, np.dtype[np.float32])
assert_type(run[3], wavekeep.Channel)
assert_type(run["2:107"], wavekeep.Channel)
assert_type(run[3, 4], np.float64)
assert_type(run[3, 100:200], NDArray[np.float64])
assert_type(run[..., ::2], NDArray[np.float64])
assert_type(run.shape, tuple[int, int])
with run as same:
    assert_type(same, wavekeep.Stream)
made = smurf.frames(np.zeros((2, 3), np.int16), 200.0, crate_id=3)
chain = smurf.Chain(mapper={"mask": [0]}, unwrap=False)
assert_type(chain.process(made), NDArray[np.void])
assert_type(chain.process(np.zeros((2, 3), np.int16)), NDArray[np.int32])
assert_type(chain.process(b""), bytes | None)
'''

#: Each line is a mistake that a checker has to find.
MISTAKES = '''
import wavekeep
from wavekeep import smurf
run = wavekeep.open_stream("x")
run.read(chanels=[1])  # E
run.blocks(kind="x")  # E
run.save("x", units="rads")  # E
run.to_xarray(chanels=[1])  # E
run.to_obspy(rw=True)  # E
run.plot(colour="red")  # E
wavekeep.open("x", geophone_range="loud")  # E
wavekeep.open_stream("x").serial  # E
wavekeep.open_event("x").sections  # E
wavekeep.open_arrays("x").serial  # E
wavekeep.open("x", rate_hz=1024).sections  # E
wavekeep.open("x", keep_index=True).serial  # E
wavekeep.open_event(5)  # E
wavekeep.open_event("x", rate_hz="1024")  # E
wavekeep.open_event("x", geophone_range="loud")  # E
wavekeep.open_event("x", 1024.0)  # E
wavekeep.open_event("x", keep_index=True)  # E
wavekeep.open_stream("x", metadata_channel="2")  # E
wavekeep.open_stream("x", rate_hz=200)  # E
wavekeep.open_arrays("x", reports=False)  # E
smurf.Chain(fliter={})  # E
smurf.Chain(filter={"enable": True})  # E
smurf.DataWriter(Datafile="x")  # E
smurf.DataWriter().write(5)  # E
smurf.Chain().process("x")  # E
'''


def mypy(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "pyproject.toml"]
    return subprocess.run(
        [*command, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_package_stubs_and_tests_are_strict() -> None:
    checked = mypy("crates/py/python/wavekeep", "crates/py/python/pyspark_wavekeep", "crates/py/tests")
    assert checked.returncode == 0, checked.stdout


def test_notebooks_and_examples_of_pages_are_strict(tmp_path: Path) -> None:
    checked = mypy(*modules_in(tmp_path))
    assert checked.returncode == 0, checked.stdout


def test_types_promise_what_is_given(tmp_path: Path) -> None:
    (tmp_path / "promises.py").write_text(PROMISES)
    checked = mypy(tmp_path / "promises.py")
    assert checked.returncode == 0, checked.stdout


def test_mistakes_are_found_before_a_program_runs(tmp_path: Path) -> None:
    (tmp_path / "mistakes.py").write_text(MISTAKES)
    checked = mypy("--show-error-codes", tmp_path / "mistakes.py")
    found = {int(line.split(":")[1]) for line in checked.stdout.splitlines() if ": error:" in line}
    lines = MISTAKES.splitlines()
    expected = {number for number, line in enumerate(lines, 1) if line.endswith("# E")}
    assert found == expected, checked.stdout
