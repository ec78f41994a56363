"""The reader that SMuRF users know; `test_pysmurf_judge.py` has pysmurf's own beside it."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wavekeep
from conftest import RUNS, SAMPLES, counts_of, frame, make_run, record
from wavekeep.smurf import read_stream_data


#: What is damaged is read as well as it can be; one test is about the warning.
pytestmark = pytest.mark.filterwarnings("ignore::wavekeep.DamageWarning")


def phase_of(counts: Any) -> Any:
    """As the standard reader computes it."""
    return counts.astype(float) / 2**15 * np.pi


def test_times_and_phases_agree_to_the_last_bit() -> None:
    t, phase, mask = read_stream_data(RUNS / "basic.dat")
    assert t.dtype == np.uint64 and phase.dtype == np.float64 and mask is None
    assert t.tolist() == [1_700_000_000_000_000_000 + 5_000_000 * i for i in range(20)]
    assert np.array_equal(phase, phase_of(counts_of(range(64), range(20))))


@pytest.mark.parametrize("channel", [5, [5], [7, 0, 7], np.array([63, 1]), np.int64(3)])
def test_a_channel_or_a_list_of_them_keeps_order_and_repeats(channel: Any) -> None:
    _, phase, _ = read_stream_data(str(RUNS / "basic.dat"), channel)
    chosen = np.ravel(channel).tolist()
    assert np.array_equal(phase, phase_of(counts_of(chosen, range(20))))


def test_header_fields_come_by_name() -> None:
    t, phase, mask, header = read_stream_data(RUNS / "basic.dat", [0], return_header=True)
    assert header["frame_counter"].tolist() == [20 * i for i in range(20)]
    assert np.array_equal(header["timestamp"], t)
    assert header["tes_bias"].shape == (16, 20)
    expected = {
        "protocol_version", "crate_id", "slot_number", "timing_cond", "number_of_channels",
        "tes_bias", "timestamp", "flux_ramp_increment", "flux_ramp_offset", "counter_0",
        "counter_1", "counter_2", "reset_bits", "frame_counter", "tes_relays_config",
        "external_time_raw", "control_field", "test_params", "num_rows", "num_rows_reported",
        "row_length", "data_rate",
    }  # fmt: skip
    assert expected == set(header)
    *_, biases = read_stream_data(RUNS / "basic.dat", [0], return_tes_bias=True)
    assert biases.tolist() == [[(-1) ** k * (30000 * k + i) for i in range(20)] for k in range(16)]


def test_iq_mode_pairs_neighbours_as_complex_counts() -> None:
    counts = counts_of(range(64), range(20)).astype(float)
    _, iq, _ = read_stream_data(RUNS / "basic.dat", IQ_mode=True)
    assert iq.dtype == np.complex128 and np.array_equal(iq, counts[::2] + 1j * counts[1::2])
    _, iq, _ = read_stream_data(RUNS / "basic.dat", [4, 5, 0, 1], IQ_mode=True)
    assert np.array_equal(iq, counts[[4, 0]] + 1j * counts[[5, 1]])
    _, iq, _ = read_stream_data(RUNS / "basic.dat", [3, 9], IQ_mode=True)
    assert np.array_equal(iq, counts[[3]] + 1j * counts[[9]])
    with pytest.raises(ValueError, match="pairs"):
        read_stream_data(RUNS / "basic.dat", [3], IQ_mode=True)


def test_the_mask_is_a_lookup_table_and_frequencies_come_beside_it(tmp_path: Path) -> None:
    path = make_run(tmp_path / "r.dat", counts_of(range(3), range(4)))
    (tmp_path / "r_mask.txt").write_text("5\n513\n1030\n")
    *_, mask = read_stream_data(path)
    # As the standard reader makes it.
    expected = np.ones((3, 512), dtype=int) * -1
    for index, absolute in enumerate([5, 513, 1030]):
        expected[absolute // 512, absolute % 512] = index
    assert mask.dtype == expected.dtype and np.array_equal(mask, expected)
    *_, table = read_stream_data(path, make_freq_mask=True)
    assert np.array_equal(table, expected)
    (tmp_path / "r_freq.txt").write_text("4000.5\n4500.25\n5000.125\n")
    *_, (table, frequencies) = read_stream_data(path, make_freq_mask=True)
    assert frequencies[1, 1] == 4500.25 and frequencies[0, 0] == 0


def test_padding_is_not_taken_for_samples() -> None:
    t, phase, _ = read_stream_data(RUNS / "padded.dat")
    assert phase.shape == (60, 11) == (60, len(t))


@pytest.mark.parametrize(
    ("name", "whole"), [("trunc_header", 20), ("trunc_payload", 19), ("trunc_smurfhdr", 19)]
)
def test_a_cut_run_gives_all_whole_frames_and_nothing_else(name: str, whole: int) -> None:
    t, phase, _ = read_stream_data(RUNS / f"{name}.dat")
    assert len(t) == whole
    assert np.array_equal(phase, phase_of(counts_of(range(64), range(whole))))


def test_stray_bytes_other_channels_and_bad_frames_are_no_hindrance(tmp_path: Path) -> None:
    samples = counts_of(range(4), range(6))
    parts = [record(frame(samples[:, i], 20 * i, 10**18 + i)) for i in range(6)]
    parts.insert(1, record(b"AMCc.Dev.A: 1", channel=1))
    parts.insert(2, record(b"\1" * 40, channel=7))
    parts.insert(3, record(frame(samples[:, 0], 0, 0, said=1000)))
    parts.insert(4, record(b"short"))
    path = tmp_path / "odd.dat"
    path.write_bytes(b"".join(parts) + b"\1\2\3")
    t, phase, _ = read_stream_data(path)
    assert t.tolist() == [10**18 + i for i in range(6)]
    assert np.array_equal(phase, phase_of(samples))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 2**31])
def test_a_size_that_leads_nowhere_ends_the_run(size: int, tmp_path: Path) -> None:
    samples = counts_of(range(2), range(3))
    path = make_run(tmp_path / "end.dat", samples)
    with open(path, "ab") as file:
        file.write(struct.pack("<IHBB", size, 0, 0, 0) + bytes(64))
    assert np.array_equal(read_stream_data(path)[1], phase_of(samples))


def test_frames_that_were_marked_bad_are_delivered() -> None:
    assert len(read_stream_data(RUNS / "errors.dat")[0]) == 10


def test_damage_is_a_warning_and_a_whole_run_gives_none() -> None:
    with pytest.warns(wavekeep.DamageWarning, match="trunc_payload.dat") as caught:
        read_stream_data(RUNS / "trunc_payload.dat")
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_stream_data(RUNS / "basic.dat")


@pytest.mark.parametrize("name", ["empty.dat", "meta_only.dat"])
def test_a_run_without_frames_is_an_empty_result(name: str) -> None:
    t, phase, _ = read_stream_data(RUNS / name)
    assert t.shape == (0,) and phase.size == 0 and phase.ndim == 2


def test_a_change_of_the_channel_count_is_said_and_not_guessed() -> None:
    with pytest.raises(ValueError, match="2 sections"):
        read_stream_data(RUNS / "nchan_change.dat")


def test_a_piece_is_read_by_itself_and_a_run_by_its_name_or_when_asked_for() -> None:
    pieces = [read_stream_data(RUNS / f"split.dat.{number}")[1] for number in range(1, 5)]
    whole = read_stream_data(RUNS / "split.dat")[1]
    assert whole.shape == (64, 40) and np.array_equal(np.hstack(pieces), whole)
    asked = read_stream_data(RUNS / "split.dat.2", whole_run=True)[1]
    assert np.array_equal(asked, whole)


def test_the_other_arguments_mean_what_they_mean_to_the_standard_reader() -> None:
    path = RUNS / "basic.dat"
    t, phase, _ = read_stream_data(path, None, 5)
    assert phase.shape == (64, 5) and len(t) == 5
    assert read_stream_data(path, nsamp=99)[1].shape == (64, 20)
    assert read_stream_data(path, nsamp=0)[1].shape == (64, 0)
    wider = read_stream_data(path, array_size=70)[1]
    assert wider.shape == (70, 20) and not wider[64:].any()
    assert read_stream_data(path, array_size=3)[1].shape == (3, 20)
    assert read_stream_data(path, array_size=0)[1].shape == (64, 20)
    for ignored in ({"write_log": False}, {"n_max": 1}, {"fast_reader": False}):
        assert np.array_equal(read_stream_data(path, **ignored)[1], phase_of(counts_of(range(64), range(20))))
    *_, header = read_stream_data(path, [3], 7, return_header=True)
    assert header["tes_bias"].shape == (16, 7)


def test_files_from_before_rogue_4_are_read_as_such_and_otherwise_refused_by_name(
    tmp_path: Path,
) -> None:
    counts = (np.arange(528)[:, None] * 65537 + np.arange(9) * 1001).astype("<i4")
    frames = np.zeros(9, np.dtype([("head", "u1", 48), ("t", "<u8"), ("x", "u1", 72), ("d", "<i4", 528)]))
    frames["head"][:, 0] = 1
    frames["head"][:, 4:8] = np.frombuffer(struct.pack("<I", 528), "u1")
    frames["t"] = 1_500_000_000_000_000_000 + np.arange(9) * 5_000_000
    frames["d"] = counts.T
    assert frames.dtype.itemsize == 2240
    path = tmp_path / "1500.dat"
    frames.tofile(path)
    (tmp_path / "1500_mask.txt").write_text("5\n513\n")
    t, phase, mask = read_stream_data(path, gcp_mode=True)
    assert t.dtype == np.float64 and np.array_equal(t, frames["t"].astype(float))
    assert np.array_equal(phase, phase_of(counts[:512])) and mask[1, 1] == 1
    one = read_stream_data(path, channel=7, nsamp=4, gcp_mode=True)[1]
    assert np.array_equal(one, phase_of(counts[7, :4]))
    with pytest.raises(ValueError, match="before Rogue 4"):
        read_stream_data(path)
    with open(path, "ab") as file:
        file.write(b"cut")
    with pytest.warns(wavekeep.DamageWarning, match="3 bytes"):
        assert read_stream_data(path, gcp_mode=True)[1].shape == (512, 9)


def test_what_is_no_run_is_refused() -> None:
    with pytest.raises(FileNotFoundError):
        read_stream_data("nowhere.dat")
    with pytest.raises(ValueError):
        read_stream_data(SAMPLES / "M529LMOK.DK0W")
    with pytest.raises(IndexError):
        read_stream_data(RUNS / "basic.dat", 64)
    with pytest.raises(ValueError):
        read_stream_data(RUNS / "basic.dat", -1)
    assert issubclass(wavekeep.NoSuchChannel, KeyError)


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": [1.7]},
        {"channel": 1.0},
        {"channel": [True, False]},
        {"channel": "3"},
        {"channel": []},
        {"channel": [float("nan")]},
        {"nsamp": 1.5},
        {"nsamp": True},
        {"nsamp": -1},
        {"array_size": -1},
        {"array_size": 2.0},
        {"IQ_mode": True, "channel": [1.0, 2.0]},
    ],
    ids=repr,
)
def test_numbers_that_would_be_rounded_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as refused:
        read_stream_data(RUNS / "basic.dat", **wrong)
    assert isinstance(refused.value, wavekeep.Error)
