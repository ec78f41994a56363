"""Streams as arrays."""

from __future__ import annotations

import pickle
import re
import warnings
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wavekeep
from conftest import RUNS, counts_of, frame, make_run, record


def stream(path: Path) -> wavekeep.Stream:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", wavekeep.DamageWarning)
        opened = wavekeep.open(path)
    assert isinstance(opened, wavekeep.Stream)
    return opened


def test_any_piece_or_the_common_name_opens_the_whole_run() -> None:
    for name in ("split.dat", "split.dat.1", "split.dat.3"):
        run = stream(RUNS / name)
        assert np.array_equal(run.read(raw=True), counts_of(range(64), range(40)))


def test_phases_are_counts_over_32768_times_pi_in_that_order() -> None:
    run = stream(RUNS / "basic.dat")
    counts = counts_of(range(64), range(20))
    assert np.array_equal(run.data, counts.astype(float) / 32768 * np.pi)
    assert run.read(dtype="f4").dtype == np.float32
    assert np.array_equal(run.read(dtype="f4"), run.data.astype("f4"))
    assert np.array_equal(run.read(iq=True), counts[::2] + 1j * counts[1::2])


def test_channels_come_in_the_order_asked_for_with_repeats() -> None:
    run = stream(RUNS / "basic.dat")
    assert np.array_equal(run.read([9, 2, 9], raw=True), counts_of([9, 2, 9], range(20)))
    assert np.array_equal(run.read("3-5", (4, 9), raw=True), counts_of([3, 4, 5], range(4, 9)))
    assert np.array_equal(run[-1].raw, counts_of([63], range(20))[0])
    assert np.array_equal(run[np.int64(7)].to("count"), counts_of([7], range(20))[0])
    assert run[7].unit == "rad" and 64 not in run and 63 in run


def test_a_channel_that_is_not_there_is_named_with_those_that_are() -> None:
    run = stream(RUNS / "basic.dat")
    for wrong in (64, "0-64"):
        with pytest.raises(IndexError, match="0 to 63"):
            run.read(wrong)
    with pytest.raises(ValueError, match="mask"):
        run.read("0:3")
    nonsense: list[Any] = [-1, 1.5, True, None, [None]]
    for one in nonsense:
        with pytest.raises(ValueError):
            run.read([one])


def test_a_mask_beside_the_run_finds_channels_by_band(tmp_path: Path) -> None:
    path = make_run(tmp_path / "r.dat", counts_of(range(3), range(4)))
    (tmp_path / "r_mask.txt").write_text("5\n513\n1030\n")
    (tmp_path / "r_freq.txt").write_text("4000.5\n4500.25\n5000.125\n")
    run = stream(path)
    table = run.mask_table
    assert table is not None and table.shape == (3, 512) and table.dtype == np.int64
    assert (table[0, 5], table[1, 1], table[2, 6]) == (0, 1, 2) and (table >= 0).sum() == 3
    assert run.frequencies_mhz is not None and run.frequencies_mhz[2] == 5000.125
    assert np.array_equal(run.read("2:6", raw=True), counts_of([2], range(4)))


def test_blocks_that_are_reused_have_one_buffer_and_are_all_of_the_run() -> None:
    run = stream(RUNS / "split.dat")
    starts, parts = set(), []
    for block in run.blocks(7, channels=[3, 1], raw=True, reuse=True):
        starts.add(block.data.__array_interface__["data"][0])
        parts.append(block.data.copy())
        assert block.data.shape[1] == len(block.frames)
    assert len(starts) == 1
    assert np.array_equal(np.hstack(parts), counts_of([3, 1], range(40)))


def test_a_buffer_of_the_callers_is_filled_and_its_type_says_what_is_read() -> None:
    run = stream(RUNS / "basic.dat")
    for dtype in ("i4", "f4", "f8"):
        out = np.empty((2, 20), dtype)
        assert run.read([0, 5], out=out) is out
        raw = counts_of([0, 5], range(20))
        expected = raw if dtype == "i4" else (raw.astype(float) / 32768 * np.pi).astype(dtype)
        assert np.array_equal(out, expected)
    for wrong in (np.empty((3, 20)), np.empty((64, 20), "c16"), np.empty((64, 20), ">i4")):
        with pytest.raises((ValueError, TypeError)):
            run.read(out=wrong)
    locked = np.empty((64, 20))
    locked.flags.writeable = False
    with pytest.raises((ValueError, TypeError)):
        run.read(out=locked)


def test_time_is_in_seconds_from_the_first_frame_or_a_moment() -> None:
    run = stream(RUNS / "basic.dat")
    assert run.time_ns.dtype == np.uint64 and run.times.dtype == np.dtype("M8[ns]")
    assert run.rate_hz == pytest.approx(200)
    np.testing.assert_allclose(run.t, np.arange(20) * 0.005, atol=1e-9)
    first = run.times[0]
    expected = counts_of(range(64), range(4, 8))
    assert np.array_equal(run.read(time=(0.02, 0.04), raw=True), expected)
    moments = (first + np.timedelta64(20, "ms"), first + np.timedelta64(40, "ms"))
    assert np.array_equal(run.read(time=moments, raw=True), expected)
    seconds = int(first.astype(np.int64)) // 10**9
    begin = datetime.fromtimestamp(seconds, timezone.utc)
    assert run.read(time=(begin, None)).shape == (64, 20)
    nonsense: list[Any] = [(1,), ("a", "b"), (float("nan"), 1), 5]
    for wrong in nonsense:
        with pytest.raises(ValueError):
            run.read(time=wrong)


def test_header_fields_are_arrays_by_name() -> None:
    header = stream(RUNS / "basic.dat").header()
    assert header["frame_counter"].tolist() == [20 * i for i in range(20)]
    assert header["timestamp"].tolist() == [
        1_700_000_000_000_000_000 + 5_000_000 * i for i in range(20)
    ]
    biases = [[(-1) ** k * (30000 * k + i) for i in range(20)] for k in range(16)]
    assert header["tes_bias"].tolist() == biases
    assert stream(RUNS / "basic.dat").header((3, 5))["frame_counter"].tolist() == [60, 80]


def test_sections_are_read_one_by_one() -> None:
    run = stream(RUNS / "nchan_change.dat")
    assert [(len(one.frames), one.channels) for one in run.sections] == [(5, 8), (6, 12)]
    with pytest.raises(ValueError, match="2 sections"):
        run.read()
    assert run.section(0).read().shape == (8, 5)
    second = run.section(1)
    assert (second.n_frames, second.channels) == (6, tuple(range(12)))
    assert second.read(frames=(0, 2)).shape == (12, 2) and second.t.shape == (6,)
    with pytest.warns(wavekeep.DamageWarning):
        assert pickle.loads(pickle.dumps(second)).read().shape == (12, 6)
    with pytest.raises(ValueError):
        run.section(2)
    assert len(run.section(-1)) == 12


def test_frames_that_were_marked_bad_are_delivered_with_a_flag_or_left_out() -> None:
    run = stream(RUNS / "errors.dat")
    errored = run.errored
    assert errored.any() and len(errored) == run.n_frames
    every, good = run.read(raw=True), run.read(raw=True, drop_errored=True)
    assert np.array_equal(good, every[:, ~errored])
    parts = [block.data.copy() for block in run.blocks(3, raw=True, drop_errored=True)]
    assert np.array_equal(np.hstack(parts), good)


@pytest.mark.parametrize("name", ["empty.dat", "meta_only.dat"])
def test_a_run_without_frames_is_an_empty_result(name: str) -> None:
    run = stream(RUNS / name)
    assert (run.n_frames, run.channels, run.data.shape, run.t.shape) == (0, (), (0, 0), (0,))
    assert list(run.blocks()) == []
    assert run._repr_html_() and repr(run)


def test_missing_frames_are_gaps(tmp_path: Path) -> None:
    samples = counts_of(range(2), range(10))
    path = tmp_path / "gap.dat"
    with open(path, "wb") as file:
        for number in [0, 1, 2, 3, 7, 8, 9]:
            file.write(record(frame(samples[:, number], 20 * number, 10**18 + 5_000_000 * number)))
    run = stream(path)
    assert [(gap.frames, gap.step, gap.missing) for gap in run.gaps] == [(range(4, 5), 80, 3)]
    assert run.metadata["missing_frames"] == 3


def test_configuration_is_merged_as_of_any_frame() -> None:
    run = stream(RUNS / "basic.dat")
    assert len(run.updates) == 5
    assert run.config == run.config_at(run.n_frames)
    assert run.config_at(0) != run.config


def test_progress_is_told_up_to_the_end_and_may_stop_everything() -> None:
    run = stream(RUNS / "split.dat")
    told: list[tuple[int, int]] = []
    run.read(progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (40, 40)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.read(progress=stop)


def test_a_bar_is_written_to_standard_error_alone(capfd: pytest.CaptureFixture[str]) -> None:
    stream(RUNS / "split.dat").read(progress=True)
    out, err = capfd.readouterr()
    assert out == "" and "40" in err
    stream(RUNS / "split.dat").read()
    assert capfd.readouterr() == ("", "")


def test_a_saved_run_holds_samples_and_header_fields(tmp_path: Path) -> None:
    run = stream(RUNS / "split.dat")
    told: list[int] = []
    run.save(
        tmp_path / "run.gnz", channels=[3, 0], frames=(5, 30), progress=lambda d, t: told.append(d)
    )
    assert told[-1] == 25
    with wavekeep.gnz.open(tmp_path / "run.gnz") as file:
        assert np.array_equal(file["data"], counts_of([3, 0], range(5, 30)))
        assert file["frame_counter"].tolist() == [20 * i for i in range(5, 30)]
        assert file.metadata["channel_indices"] == [3, 0]
    run.save(tmp_path / "run.npy")
    assert np.array_equal(np.load(tmp_path / "run.npy"), counts_of(range(64), range(40)))
    with pytest.raises(FileExistsError):
        run.save(tmp_path / "run.npy")
    with pytest.raises(RuntimeError, match="enough"):
        run.save(tmp_path / "other.gnz", progress=enough)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.gnz", "run.npy"]


def enough(done: int, total: int) -> None:
    raise RuntimeError("enough")


def test_a_notebook_shows_facts_and_a_trace_with_its_scale_and_time(tmp_path: Path) -> None:
    shown = stream(RUNS / "basic.dat")._repr_html_()
    assert "<svg" in shown and "20 × 64" in shown and len(shown) < 60_000
    assert repr(stream(RUNS / "basic.dat")) == "<Stream basic.dat: 20 frames of 64 channels>"
    counts = np.array([[0, 16384, -5461] * 3], np.int32)
    shown = stream(make_run(tmp_path / "r.dat", counts))._repr_html_()
    # π/2 and -π/6, 9 frames at 200 a second, and when the first one came.
    for text in (">1.571 rad<", ">-0.5236 rad<", ">0<", ">0.04 s<", "200 frames/s"):
        assert text in shown, text
    assert "2023-11-14T22:13:20.000 UTC" in shown and not re.search(r"\d\.\d{7}", shown)
    with pytest.warns(wavekeep.DamageWarning):
        sections = wavekeep.open_stream(RUNS / "nchan_change.dat")
    assert "5 × 8, 6 × 12" in sections._repr_html_()
    assert "6 × 12" in (of_one := sections.section(1)._repr_html_()) and "5 × 8" not in of_one
