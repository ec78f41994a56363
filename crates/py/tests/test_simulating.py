"""Runs that are made of samples, without struct."""

from __future__ import annotations

import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wavekeep
from conftest import counts_of
from conftest import frame as packed_by_hand
from test_chain import CASES, load, payloads
from test_chain import settings as settings_of
from wavekeep import BadArgument
from wavekeep.smurf import Chain, DataWriter, frames


def test_frames_are_the_bytes_that_were_packed_by_hand() -> None:
    samples = counts_of(range(5), range(7))
    made = frames(samples, 200, start_ns=10**18, counter=40, counter_step=20)
    for number, one in enumerate(made):
        by_hand = packed_by_hand(samples[:, number], 40 + 20 * number, 10**18 + 5_000_000 * number)
        assert one.tobytes() == by_hand


def test_what_is_simulated_is_read_back(tmp_path: Path) -> None:
    samples = counts_of(range(3), range(50))
    biases = np.arange(-8, 8) * 65535
    said: dict[str, Any] = {
        "crate_id": 3,
        "flux_ramp_offset": -5,
        "reset_bits": np.arange(50) % 2,
        "external_time": 2**40 - 1,
        "num_rows": 33,
        "tes_bias": biases,
    }
    with DataWriter(DataFile=tmp_path / "r.dat") as writer:
        for one in frames(samples, 200, start_ns=1_700_000_000_000_000_000, **said):
            assert writer.write(one) == "written"
    run = wavekeep.open_stream(tmp_path / "r.dat")
    assert np.array_equal(run.read(raw=True), samples) and run.rate_hz == pytest.approx(200)
    header = run.header()
    for name, value in said.items():
        expected = biases[:, None] if name == "tes_bias" else value
        assert (header[name] == expected).all(), name
    assert header["timestamp"][49] - header["timestamp"][0] == 49 * 5_000_000


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_biases_of_every_frame_are_packed(data: st.DataObject) -> None:
    import tempfile

    values = st.integers(-(1 << 19), (1 << 19) - 1)
    biases = np.array(data.draw(st.lists(st.lists(values, min_size=3, max_size=3), min_size=16, max_size=16)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.dat"
        with DataWriter(DataFile=path) as writer:
            for one in frames(np.zeros((1, 3), np.int32), 10, tes_bias=biases):
                writer.write(one)
        assert np.array_equal(wavekeep.open_stream(path).header()["tes_bias"], biases)


def test_a_counter_begins_anew_at_its_end() -> None:
    made = frames(np.zeros((1, 3), np.int16), 100, counter=2**32 - 1)
    assert made["frame_counter"].tolist() == [2**32 - 1, 0, 1]


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros((2, 2)), {}),
        (np.zeros((2, 2), np.int64), {}),
        (np.zeros((2, 2), np.uint16), {}),
        (np.zeros(2, np.int16), {}),
        ([[1, 2]], {}),
        (np.zeros((1, 2), np.int16), {"counter": -1}),
        (np.zeros((1, 2), np.int16), {"counter": 1.5}),
        (np.zeros((1, 2), np.int16), {"start_ns": -1}),
        (np.zeros((1, 2), np.int16), {"start_ns": 2**64 - 1}),
        (np.zeros((1, 2), np.int16), {"crate_id": 256}),
        (np.zeros((1, 2), np.int16), {"crate_id": [1, 2, 3]}),
        (np.zeros((1, 2), np.int16), {"crate_id": 1.0}),
        (np.zeros((1, 2), np.int16), {"external_time": 2**40}),
        (np.zeros((1, 2), np.int16), {"tes_bias": 1}),
        (np.zeros((1, 2), np.int16), {"tes_bias": [1 << 19] * 16}),
        (np.zeros((1, 2), np.int16), {"number_of_channels": 5}),
    ],
    ids=repr,
)
def test_what_does_not_fit_a_frame_is_refused(samples: Any, words: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as refused:
        frames(samples, 100, **words)
    assert isinstance(refused.value, wavekeep.Error)


@pytest.mark.parametrize("name", CASES)
def test_samples_go_through_a_chain_as_their_payloads_do(name: str) -> None:
    walk, mask = load("in_walk"), load("mask")
    samples = np.full((4096, len(walk)), 0x5A5A, np.int16)
    samples[mask] = walk.T
    chain = Chain(**settings_of(CASES[name]))
    # Another counter than theirs, and bits of its own where the mode is external.
    made = frames(samples, 4000, reset_bits=load("bits"))
    passed = chain.process(made)
    expected = load(f"out_{name}")
    assert np.array_equal(passed["samples"][:, : expected.shape[1]], expected)
    one_by_one = [out for out in map(Chain(**settings_of(CASES[name])).process, payloads()) if out]
    assert passed["samples"].tobytes() == b"".join(out[128:] for out in one_by_one)


def test_two_axes_go_in_and_two_come_out() -> None:
    samples = counts_of(range(6), range(90)).astype(np.int16)
    settings: dict[str, Any] = {
        "mapper": {"mask": [4, 0, 4], "payload_size": 8},
        "downsampler": {"mode": {"internal": {"factor": 10}}},
    }
    whole = Chain(**settings).process(samples)
    assert whole.shape == (3, 9) and whole.dtype == np.int32
    parted = Chain(**settings)
    parts = [parted.process(samples[:, at : at + 7]) for at in range(0, 90, 7)]
    assert np.array_equal(np.hstack(parts), whole)
    assert parted.statistics == {"frames": 90, "lost": 0, "out_of_order": 0, "bad": 0, "passed": 9}
    # Behind frames that were numbered by somebody else too.
    parted.process(frames(samples, 200, counter=10**6))
    parted.process(samples)
    assert parted.statistics["out_of_order"] == 0 and parted.statistics["passed"] == 27
    assert Chain().process(samples[:, :0]).shape == (6, 0)
    assert Chain(**settings).process(samples[:, :3]).shape == (3, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((2, 3)),
        np.zeros((2, 3), np.int32),
        np.zeros((2, 3), np.int64),
        np.zeros((2, 3), np.uint16),
        np.zeros(130, np.int16),
        np.zeros(200, np.float64),
        np.zeros(200).data,
        np.zeros((20, 20), np.uint8).data,
        array.array("h", [0] * 100),
        frames(np.zeros((2, 3), np.int32), 100),
        frames(np.zeros((2, 3), np.int32), 100)[0],
        np.zeros(3, [("x", "i4")]),
        packed_by_hand(np.zeros(4, np.int32), 0, 0),
        5,
        300,
        "text",
        None,
        [1, 2, 3],
    ],
    ids=lambda one: f"{type(one).__name__}-{getattr(one, 'dtype', '')}",
)
def test_a_chain_refuses_samples_of_another_type_than_its_own(wrong: Any) -> None:
    chain = Chain()
    with pytest.raises(BadArgument):
        chain.process(wrong)
    assert chain.statistics["frames"] == 0


def test_a_chain_of_files_takes_int32_and_no_int16() -> None:
    chain = Chain(input="i32", downsampler={"enabled": False}, filter={"enabled": False})
    samples = counts_of(range(2), range(4)) // 65536
    assert np.array_equal(chain.process(samples), samples)
    with pytest.raises(BadArgument, match='Chain\\(input="i16"\\)'):
        chain.process(samples.astype(np.int16))
    assert chain.process(packed_by_hand(samples[:, 0], 9, 0)) is not None
    with pytest.raises(BadArgument, match="int16"):
        chain.process(packed_by_hand(samples[:, 0], 9, 0)[:-4])
    chain.configure(input="i16")
    assert chain.process(samples.astype(np.int16)).shape == (2, 4)


@pytest.mark.parametrize(
    "wrong",
    [5, 0, True, 1.5, None, "text", [1, 2], np.zeros(3), np.zeros((2, 2), "u1"), np.zeros(3).data],
    ids=repr,
)
def test_a_writer_refuses_what_is_no_payload(wrong: Any, tmp_path: Path) -> None:
    with DataWriter(DataFile=tmp_path / "r.dat") as writer:
        with pytest.raises(BadArgument, match="payload"):
            writer.write(wrong)
        for words in ({"channel": 256}, {"flags": -1}, {"error": 1.0}, {"channel": True}):
            with pytest.raises(BadArgument):
                writer.write(b"x", **words)
        assert writer.FrameCount == 0
        writer.write(bytearray(b"ab"))
        writer.write(memoryview(b"cd"))
        writer.write(np.arange(2, dtype=np.uint8))
    assert writer.FrameCount == 3
    writer.close()
