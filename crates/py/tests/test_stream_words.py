"""Words and keywords that nobody knows are errors that name the near one; so are rates that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wavekeep
from conftest import BLAST, DAMAGED, GNZ, NIGHT, RUNS
from wavekeep import BadArgument, smurf

RUN = wavekeep.open_stream(RUNS / "basic.dat")
open_any: Any = wavekeep.open
run: Any = RUN

KEYWORDS: dict[str, Callable[[], object]] = {
    "channels": lambda: run.read(chanels=[1]),
    "frames": lambda: run.blocks(frame=(0, 3)),
    "overlap": lambda: run.blocks(overlapp=3),
    "units": lambda: run.save("x.npy", unit="rad"),
    "metadata_channel": lambda: open_any("x.dat", metadata_chanel=2),
    "reports": lambda: open_any("x", report=False),
    "nsamp": lambda: smurf.read_stream_data("x.dat", nsamps=3),  # type: ignore[call-arg]
    "filter": lambda: smurf.Chain(fliter={}),  # type: ignore[call-arg]
    "enabled": lambda: smurf.Chain(filter={"enable": True}),  # type: ignore[typeddict-unknown-key]
    "factor": lambda: smurf.Chain(downsampler={"mode": {"internal": {"facter": 3}}}),
    "stamp_ns": lambda: smurf.Chain().process(b"", stamp=3),  # type: ignore[call-overload]
    "DataFile": lambda: smurf.DataWriter(Datafile="x"),  # type: ignore[call-arg]
    "MaxFileSize": lambda: smurf.DataWriter().MaxFilesize,
    "reset_bits": lambda: smurf.frames(np.zeros((1, 1), "i2"), 1, resetbits=1),  # type: ignore[call-arg]
    "channel": lambda: smurf.DataWriter().write(b"", chanel=1),  # type: ignore[call-arg]
    "timeout": lambda: smurf.BridgeSource("tcp://127.0.0.1:1").receive(time_out=1),  # type: ignore[call-arg]
}


@pytest.mark.parametrize("meant", KEYWORDS)
def test_a_keyword_that_nobody_has_is_named_with_the_near_one(meant: str) -> None:
    with pytest.raises(wavekeep.Error, match=f"did you mean '{meant}'"):
        KEYWORDS[meant]()


def test_an_unknown_keyword_is_also_the_type_error_that_python_has_for_it() -> None:
    for wrong in ({"chanels": [1]}, {"kind": "stream"}):
        for use in (run.read, run.blocks, run.header, open_any, wavekeep.open_stream):
            with pytest.raises(TypeError, match="has no argument") as refused:
                use(**wrong)
            assert isinstance(refused.value, wavekeep.NoSuchArgument)
    for use in (run.to_xarray, run.to_pandas, run.to_obspy):
        with pytest.raises(TypeError):
            use(chanels=[1])


WORDS: dict[str, Callable[[], object]] = {
    "csv": lambda: run.save("x", to="cvs"),
    "hdf5": lambda: run.save("x", to="hdf"),
    "rad": lambda: run.save("x.npy", units="rads"),
    "normal": lambda: open_any(BLAST, geophone_range="norml"),
    "Open": lambda: smurf.DataWriter().command("open"),
}


@pytest.mark.parametrize("meant", WORDS)
def test_a_word_that_nobody_knows_is_named_with_the_near_one(meant: str) -> None:
    with pytest.raises(wavekeep.Error, match=f"did you mean '{meant}'"):
        WORDS[meant]()


RATES: list[Any] = [0, -1, -0.0, float("nan"), float("inf"), "1024", True, None, 1j, np.nan]


@pytest.mark.parametrize("rate", RATES, ids=repr)
def test_a_rate_that_cannot_be_one_is_refused_by_every_function_that_has_one(rate: Any) -> None:
    if rate is not None:
        for use in (wavekeep.open, wavekeep.open_event):
            with pytest.raises(BadArgument, match="rate_hz"):
                use(BLAST, rate_hz=rate)
    with pytest.raises(BadArgument, match="rate_hz"):
        smurf.frames(np.zeros((1, 1), np.int16), rate)


def test_a_rate_that_would_be_ignored_is_an_error() -> None:
    for path in (RUNS / "basic.dat", GNZ / "typical.gnz", NIGHT):
        with pytest.raises(BadArgument, match="ignored"):
            wavekeep.open(path, rate_hz=100)
    assert wavekeep.open_event(BLAST, rate_hz=2048).rate_hz == 2048
    for path in (RUNS / "basic.dat", GNZ / "typical.gnz"):
        with pytest.raises(BadArgument, match="ignored"):
            wavekeep.open(path, geophone_range="normal")
    with pytest.raises(BadArgument, match="ignored"):
        wavekeep.open(BLAST, metadata_channel=2)


def test_a_function_for_one_kind_of_file_refuses_the_others() -> None:
    for function, path in (
        (wavekeep.open_event, RUNS / "basic.dat"),
        (wavekeep.open_stream, GNZ / "typical.gnz"),
        (wavekeep.open_arrays, BLAST),
    ):
        with pytest.raises(wavekeep.NotThisFormat, match="use open"):
            function(path)


def test_threads_progress_and_dtypes_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    for wrong in ({"threads": 0}, {"threads": True}, {"progress": 1}, {"dtype": "f9"}, {"dtype": "i4"}):
        with pytest.raises(BadArgument):
            run.read(**wrong)
    for frame in (-1, 99, 1.5, True):
        with pytest.raises(IndexError):
            run.config_at(frame)


def test_a_warning_of_damage_names_the_line_that_opened_the_file() -> None:
    odd = RUNS / "nchan_change.dat"
    functions: list[Callable[[], object]] = [
        lambda: wavekeep.open(DAMAGED),
        lambda: wavekeep.open_event(DAMAGED),
        lambda: wavekeep.open(odd),
        lambda: wavekeep.open_stream(odd),
        lambda: smurf.read_stream_data(RUNS / "trunc_payload.dat"),
    ]
    for function in functions:
        with pytest.warns(wavekeep.DamageWarning) as caught:
            function()
        assert [Path(one.filename) for one in caught] == [Path(__file__)]
