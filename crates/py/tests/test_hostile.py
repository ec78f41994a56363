"""Bytes from anywhere: an answer or an error of ours, never a panic, never a crash."""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wavekeep
from conftest import GNZ, RUNS, SAMPLES, frame
from wavekeep.gnz import GnzReader
from wavekeep.smurf import Chain, DataWriter, read_stream_data

SEEDS = sorted(
    path
    for folder in (SAMPLES, RUNS, GNZ)
    for path in folder.iterdir()
    if path.is_file() and path.suffix not in (".json", ".md") and path.stat().st_size < 100_000
)
calm = settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    """A sample with bytes changed, cut off, put in, or doubled."""
    path = draw(st.sampled_from(SEEDS))
    data = bytearray(path.read_bytes())
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        how = draw(st.sampled_from(["byte", "word", "cut", "insert", "double"]))
        if how == "byte" and data:
            data[at] = draw(st.integers(0, 255))
        elif how == "word":
            word = draw(st.sampled_from([0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**16]))
            data[at : at + 4] = word.to_bytes(4, "little")
        elif how == "cut":
            del data[at:]
        elif how == "insert":
            data[at:at] = draw(st.binary(max_size=40))
        else:
            data[at:at] = data[at : at + 500]
    return path.name, bytes(data)


def everything_of(recording: wavekeep.Recording) -> None:
    """Every question; those that a recording has no answer to raise an error of ours."""
    questions: list[Any] = [
        lambda: recording.metadata,
        lambda: recording.report,
        lambda: recording.channels,
        lambda: recording.units,
        lambda: recording.gaps,
        lambda: recording.t,
        lambda: recording.data,
        lambda: recording.read(frames=(1, 5), raw=True),
        lambda: [block.data.sum() for block in recording.blocks(100)],
        lambda: [np.asarray(recording[name]).sum() for name in list(recording.channels)[:3]],
        lambda: recording._repr_html_(),
        lambda: repr(recording),
        lambda: recording.to_xarray(),
        lambda: recording.to_arrow(),
    ]
    if isinstance(recording, wavekeep.Event):
        questions += [lambda: recording.measurements, lambda: recording.verdict("osmre")]
        questions += [lambda: recording.picture(), lambda: recording.select(time=(0, 0.1)).data]
    if isinstance(recording, wavekeep.Stream):
        questions += [
            lambda: recording.header(),
            lambda: recording.config,
            lambda: recording.read(iq=True),
        ]
        questions += [
            lambda: [section.frames for section in recording.sections],
            lambda: recording.updates,
        ]
    for question in questions:
        try:
            question()
        except wavekeep.InternalError:
            raise
        except wavekeep.Error:
            pass


@calm
@given(mutated())
def test_mutated_samples_never_break_anything(named: tuple[str, bytes]) -> None:
    name, data = named
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / name
        path.write_bytes(data)
        for opening in (wavekeep.open, GnzReader, read_stream_data):
            try:
                opened: Any = opening(path)
            except wavekeep.InternalError:
                raise
            except wavekeep.Error as error:
                assert str(error)
                continue
            if isinstance(opened, wavekeep.Recording):
                everything_of(opened)
            elif isinstance(opened, GnzReader):
                for key in opened:
                    opened[key].tobytes()


@calm
@given(
    st.binary(max_size=600),
    st.sampled_from(["x.dat", "x.gnz", "x.npy", "M529LKIQ.7M0W", "x.a5.pkl"]),
)
def test_any_bytes_never_break_anything(data: bytes, name: str) -> None:
    test_mutated_samples_never_break_anything.hypothesis.inner_test((name, data))  # type: ignore[attr-defined]


@calm
@given(st.binary(max_size=300), st.integers(0, 255), st.integers(0, 65535), st.integers(0, 255))
def test_any_frame_goes_through_chain_and_writer(
    data: bytes, channel: int, flags: int, error: int
) -> None:
    whole = frame(np.arange(8, dtype=np.int32), 5, 5)
    with tempfile.TemporaryDirectory() as folder:
        with DataWriter(DataFile=Path(folder) / "x.dat") as writer:
            for payload in (data, whole[: len(data)], data + whole):
                writer.write(payload, channel, flags, error)
        chain = Chain(input="i32", downsampler={"enabled": False})
        for payload in (data, whole, whole[: len(data)], whole + data):
            chain.process(payload, flags=flags, error=error)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


@calm
@given(
    st.dictionaries(
        st.sampled_from(
            ["mapper", "unwrap", "filter", "downsampler", "input", "output_emulator", "x"]
        ),
        json_values,
        max_size=3,
    )
)
def test_any_settings_are_taken_or_refused(values: dict[str, Any]) -> None:
    try:
        Chain(**values).process(frame(np.arange(8, dtype=np.int32), 5, 5))
    except wavekeep.InternalError:
        raise
    except wavekeep.Error:
        pass


@calm
@given(metadata=st.dictionaries(st.text(max_size=6), json_values, max_size=4))
def test_any_metadata_comes_back_as_pythons_json_has_it(metadata: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.gnz"
        try:
            wavekeep.gnz.save(path, {"a": [1]}, metadata)
        except wavekeep.Error:
            # A key with half of a surrogate pair is not text.
            assert "\\ud" in json.dumps(metadata)
            return
        found = GnzReader(path).metadata
        assert json.dumps(found, sort_keys=True) == json.dumps(metadata, sort_keys=True)


@pytest.mark.parametrize(
    "argument", [-(2**70), 2**70, 2**63, "\udcff", b"\0", "a\0b", object(), None, 1j]
)
def test_arguments_of_any_kind_are_errors_of_pythons_own_kinds(argument: Any) -> None:
    run = wavekeep.open(RUNS / "basic.dat")
    assert isinstance(run, wavekeep.Stream)
    rec = wavekeep.open(SAMPLES / "M529LMOK.DK0W")
    assert isinstance(rec, wavekeep.Event)
    calls: list[Any] = [
        lambda: wavekeep.open(argument),
        lambda: GnzReader(argument),
        lambda: read_stream_data(argument),
        lambda: rec[argument],
        lambda: run[argument],
        lambda: run.read([argument]),
        lambda: run.read(frames=(argument, argument)),
        lambda: run.read(time=(argument, argument)),
        lambda: run.config_at(argument),
        lambda: run.section(argument),
        lambda: run.read(threads=argument),
        lambda: rec["Vert"].to(argument),
        lambda: rec.picture(argument),
        lambda: rec.picture(width_px=argument, form="png"),
        lambda: rec.save(argument),
        lambda: DataWriter(DataFile=argument).Open(),
        lambda: DataWriter(MaxFileSize=argument),
        lambda: DataWriter().write(argument),
        lambda: Chain(filter={"order": argument}),
    ]
    for number, call in enumerate(calls):
        try:
            call()
        except wavekeep.InternalError:
            raise
        except Exception:
            continue
        except BaseException as error:
            pytest.fail(f"call {number} raised {error!r}")
