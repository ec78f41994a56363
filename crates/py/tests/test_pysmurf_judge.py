"""pysmurf itself judges: its two readers, over runs that it reads rightly, and where it does not.

The table "What differs" of docs/python/pysmurf.md has a test here for each of its lines.
"""

from __future__ import annotations

import inspect
import re
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import standard_readers as standard
import wavekeep
from conftest import ROOT, RUNS, counts_of, frame, make_run, record
from wavekeep.smurf import read_stream_data

pytestmark = pytest.mark.filterwarnings("ignore::wavekeep.DamageWarning")

#: Runs that pysmurf reads rightly: those of the real writer, and those of the field.
WHOLE = [
    "basic.dat", "errors.dat", "errors_dropped.dat", "tree.dat",
    "split.dat.1", "split.dat.2", "split.dat.3", "split.dat.4",
    *sorted(str(path.relative_to(RUNS)) for path in RUNS.glob("field/*/*.dat*")),
]  # fmt: skip
READERS = pytest.mark.parametrize("fast", [True, False], ids=["fast", "python"])


def beside_a_mask(name: str, folder: Path) -> str:
    """A copy of a run beside a mask file, without which pysmurf reads nothing."""
    source = RUNS / name
    for one in source.parent.glob("*"):
        if one.is_file():
            shutil.copy(one, folder)
    stem = re.sub(r"\.dat.*", "", source.name)
    mask = folder / f"{stem}_mask.txt"
    if not mask.exists():
        run = wavekeep.open(source)
        assert isinstance(run, wavekeep.Stream)
        np.savetxt(mask, np.arange(max((it.channels for it in run.sections), default=1)) * 7 + 500)
    return str(folder / source.name)


def same(ours: Any, theirs: Any, what: str) -> None:
    """The same values of the same shape, to the last bit."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape, what
    assert np.array_equal(ours, theirs), what


def test_the_signature_is_pysmurfs() -> None:
    theirs = inspect.signature(type(standard.pysmurf()).read_stream_data).parameters.values()
    ours = inspect.signature(read_stream_data).parameters.values()
    wanted = [(it.name, it.default) for it in theirs if it.name != "self"]
    assert [(it.name, it.default) for it in ours if it.kind is not it.KEYWORD_ONLY] == wanted
    assert all(it.kind is it.POSITIONAL_OR_KEYWORD for it in theirs)


@READERS
def test_a_call_with_every_argument_by_its_place_means_the_same(fast: bool, tmp_path: Path) -> None:
    path = beside_a_mask("basic.dat", tmp_path)
    np.savetxt(tmp_path / "basic_freq.txt", np.linspace(4000, 5000, 64))
    channel = [3, 7, 3] if fast else [0, 1, 2]
    arguments = (path, channel, None, 5, True, False, False, 100, True, False, False, fast)
    t, phase, (mask, frequencies), header = read_stream_data(*arguments)
    theirs = standard.read_stream_data(*arguments)
    same(t, theirs[0], "t")
    same(phase, theirs[1], "phase")
    same(mask, theirs[2][0], "mask")
    same(frequencies, theirs[2][1], "frequencies")
    same(header["frame_counter"], theirs[3]["frame_counter"], "frame_counter")


@READERS
@pytest.mark.parametrize("name", WHOLE)
def test_times_phases_mask_and_header_are_the_same(name: str, fast: bool, tmp_path: Path) -> None:
    path = beside_a_mask(name, tmp_path)
    t, phase, mask, header = read_stream_data(path, return_header=True)
    theirs = standard.read_stream_data(path, return_header=True, fast_reader=fast)
    same(t, theirs[0], "t")
    same(phase, theirs[1], "phase")
    same(mask, theirs[2], "mask")
    assert phase.dtype == theirs[1].dtype and mask.dtype == theirs[2].dtype
    assert set(header) == set(theirs[3])
    for key, values in theirs[3].items():
        if key == "external_time_raw" and not fast:
            # With three bytes that belong to no field, which may leave no room for the time.
            assert values.dtype in (np.int64, np.float64)
            continue
        if key in ("flux_ramp_increment", "flux_ramp_offset") and not fast:
            # Signed numbers, taken for unsigned ones.
            values = values.astype(np.uint32).view(np.int32)
        same(header[key], values, key)
    if fast:
        # The reader in Python gives int64 and float64 of whatever it finds.
        assert list(header) == list(theirs[3]) and t.dtype == theirs[0].dtype
        assert {key: it.dtype for key, it in header.items()} == {
            key: it.dtype for key, it in theirs[3].items()
        }


def test_the_reader_in_python_takes_the_first_channels_whichever_are_asked_for(
    tmp_path: Path,
) -> None:
    path = beside_a_mask("basic.dat", tmp_path)
    theirs = standard.read_stream_data(path, [40, 50], fast_reader=False)[1]
    same(theirs, read_stream_data(path, [0, 1])[1], "phase")


@READERS
@pytest.mark.parametrize(
    "options",
    [
        {"channel": 5},
        {"channel": [7, 0, 7]},
        {"channel": np.array([63, 1])},
        {"return_tes_bias": True},
        {"array_size": 70},
        {"array_size": 3},
        {"IQ_mode": True},
        {"IQ_mode": True, "channel": [4, 5, 0, 1]},
        {"n_max": 8, "return_header": True},
        {"n_max": 8, "return_tes_bias": True},
    ],
    ids=str,
)
def test_options_mean_the_same(options: dict[str, Any], fast: bool, tmp_path: Path) -> None:
    path = beside_a_mask("basic.dat", tmp_path)
    theirs = standard.read_stream_data(path, **options, fast_reader=fast)
    if not fast and "channel" in options and "IQ_mode" not in options:
        options = {"channel": np.arange(np.size(options["channel"]))}
    ours = read_stream_data(path, **options)
    assert len(ours) == len(theirs)
    for number, what in enumerate(("t", "phase", "mask")):
        same(ours[number], theirs[number], what)
    assert ours[1].dtype == theirs[1].dtype
    if "return_tes_bias" in options:
        same(ours[3], theirs[3], "tes_bias")


def test_iq_of_samples_that_are_no_pair_is_that_of_the_fast_reader(
    tmp_path: Path,
) -> None:
    path = beside_a_mask("basic.dat", tmp_path)
    ours = read_stream_data(path, [3, 9], IQ_mode=True)[1]
    same(ours, standard.read_stream_data(path, [3, 9], IQ_mode=True)[1], "fast")
    # The reader in Python takes each first one and what lies behind it in the file.
    slow = standard.read_stream_data(path, [3, 9], IQ_mode=True, fast_reader=False)[1]
    same(slow, read_stream_data(path, [3, 4], IQ_mode=True)[1], "python")


@pytest.mark.parametrize("name", [it for it in WHOLE if "field" in it or it == "basic.dat"])
def test_the_mask_is_pysmurfs(name: str, tmp_path: Path) -> None:
    path = beside_a_mask(name, tmp_path)
    with standard.silent():
        theirs = standard.pysmurf().make_mask_lookup(re.sub(r"\.dat.*", "", path) + "_mask.txt")
    same(read_stream_data(path)[2], theirs, "mask")


@pytest.mark.parametrize("name", WHOLE)
def test_the_stream_reader_finds_the_same_frames_and_configuration(name: str) -> None:
    headers, samples, config = standard.stream_reader(RUNS / name)
    run = wavekeep.open(RUNS / name)
    assert isinstance(run, wavekeep.Stream)
    if name != "split.dat.1" and re.search(r"\.dat\.\d$", name) or (RUNS / f"{name}.2").exists():
        # It reads a piece; the Stream is the run.
        t, phase, _ = read_stream_data(RUNS / name)
        assert [it.timestamp for it in headers] == t.tolist()
        return
    if name == "split.dat.1":
        for number in (2, 3, 4):
            headers += standard.stream_reader(RUNS / f"split.dat.{number}")[0]
        assert [it.timestamp for it in headers] == run.header()["timestamp"].tolist()
        return
    found = run.header()
    for field in ("timestamp", "frame_counter", "counter_0", "counter_2", "number_of_channels"):
        assert [getattr(it, field) for it in headers] == found[field].tolist(), field
    assert [it.external_time for it in headers] == found["external_time"].tolist()
    assert [it.tesBias for it in headers] == found["tes_bias"].T.tolist()
    assert np.array_equal(np.array(samples).T, run.read(raw=True))
    assert plain(config) == plain(run.config)


def plain(tree: Any) -> Any:
    """Dictionaries without an order."""
    if isinstance(tree, dict):
        return {key: plain(value) for key, value in tree.items()}
    return tree


def gcp_file(folder: Path) -> str:
    """Nine frames of the layout from before Rogue 4, beside a mask."""
    layout = [("head", "u1", 48), ("t", "<u8"), ("x", "u1", 72), ("d", "<i4", 528)]
    frames = np.zeros(9, np.dtype(layout))
    frames["head"][:, 0] = 1
    frames["head"][:, 4:8] = np.frombuffer(struct.pack("<I", 528), "u1")
    frames["t"] = 1_500_000_000_000_000_000 + np.arange(9) * 5_000_000
    frames["d"] = (np.arange(528)[:, None] * 65537 + np.arange(9) * 1001).T
    frames.tofile(folder / "1500.dat")
    (folder / "1500_mask.txt").write_text("5\n513\n")
    return str(folder / "1500.dat")


@pytest.mark.parametrize("channel", [None, 7, [3, 1]])
@pytest.mark.parametrize("nsamp", [None, 4])
def test_files_from_before_rogue_4_are_read_alike(
    channel: Any, nsamp: int | None, tmp_path: Path
) -> None:
    path = gcp_file(tmp_path)
    ours = read_stream_data(path, channel, nsamp, gcp_mode=True)
    theirs = standard.read_stream_data(path, channel, nsamp, gcp_mode=True)
    for number, what in enumerate(("t", "phase", "mask")):
        same(ours[number], theirs[number], what)
        assert np.asarray(ours[number]).dtype == np.asarray(theirs[number]).dtype, what


def made(folder: Path, *odd: bytes, end: bytes = b"") -> str:
    """Six frames of four channels beside a mask, with something odd behind the third."""
    samples = counts_of(range(4), range(6))
    records = [record(frame(samples[:, i], 20 * i, 10**18 + i)) for i in range(6)]
    (folder / "r.dat").write_bytes(b"".join([*records[:3], *odd, *records[3:]]) + end)
    (folder / "r_mask.txt").write_text("0\n1\n2\n3\n")
    return str(folder / "r.dat")


def right(path: str, frames: int) -> None:
    """What is read here: all whole frames."""
    t, phase, _ = read_stream_data(path)
    assert len(t) == frames
    assert np.array_equal(phase, counts_of(range(len(phase)), range(frames)) / 2**15 * np.pi)


#: Frames that pysmurf's readers find, or the error that they give.
Found = int | type[Exception]


def finds(path: str, python: Found, fast: Found | None = None) -> None:
    """What pysmurf's readers make of it."""
    for expected, is_fast in ((python, False), (fast, True)):
        if expected is None:
            continue
        if isinstance(expected, int):
            assert len(standard.read_apart(path, is_fast)[0]) == expected
        else:
            with pytest.raises(expected):
                standard.read_apart(path, is_fast)


def fails(path: str) -> None:
    """The fast reader gives wrong samples, an error, or dies: it depends on what lies in memory."""
    ours = read_stream_data(path)[1]
    try:
        theirs = standard.read_apart(path, fast=True)[1]
    except (ValueError, standard.Crashed):
        return
    assert theirs.shape != ours.shape or not np.array_equal(theirs, ours)


def test_padded_payloads_are_wrong_in_the_fast_reader(tmp_path: Path) -> None:
    path = beside_a_mask("padded.dat", tmp_path)
    ours = read_stream_data(path)[1]
    same(ours, standard.read_stream_data(path, fast_reader=False)[1], "phase")
    fails(path)


@pytest.mark.parametrize("name", ["trunc_payload", "trunc_smurfhdr"])
def test_a_cut_frame_is_one_more_in_the_fast_reader(name: str, tmp_path: Path) -> None:
    path = beside_a_mask(f"{name}.dat", tmp_path)
    right(path, 19)
    finds(path, python=19, fast=20)


def test_a_size_beyond_the_end_is_one_more_frame_in_the_fast_reader(tmp_path: Path) -> None:
    path = made(tmp_path, end=struct.pack("<IHBB", 2**31, 0, 0, 0) + bytes(64))
    right(path, 6)
    finds(path, python=6, fast=7)


@pytest.mark.parametrize("end", [b"\1\2\3", b"\0" * 7])
def test_stray_bytes_hinder_nobody(end: bytes, tmp_path: Path) -> None:
    path = made(tmp_path, end=end)
    right(path, 6)
    finds(path, python=6, fast=6)


def test_a_frame_that_states_more_channels_than_it_has_ends_pysmurf(tmp_path: Path) -> None:
    path = made(tmp_path, record(frame(counts_of(range(4), [0])[:, 0], 0, 0, said=1000)))
    right(path, 6)
    finds(path, python=3)
    fails(path)


def test_a_record_that_is_shorter_than_a_header_ends_pysmurf(tmp_path: Path) -> None:
    path = made(tmp_path, record(b"short"))
    right(path, 6)
    finds(path, python=3)
    fails(path)


def test_other_channels_are_left_out_by_both_and_reported_by_one(tmp_path: Path) -> None:
    path = made(tmp_path, record(b"A.B: 1", channel=2))
    right(path, 6)
    finds(path, python=6, fast=6)
    assert "other_channel" in [note.code for note in wavekeep.open(path).report.notes]


def test_a_change_of_the_channel_count_is_an_error_or_the_first_channels(tmp_path: Path) -> None:
    path = beside_a_mask("nchan_change.dat", tmp_path)
    with pytest.raises(ValueError, match="2 sections"):
        read_stream_data(path)
    with pytest.raises(ValueError, match="Channel count mismatch"):
        standard.read_apart(path, fast=True)
    assert standard.read_stream_data(path, fast_reader=False)[1].shape == (8, 10)


def test_a_run_without_frames_is_an_error_of_pysmurf(tmp_path: Path) -> None:
    path = beside_a_mask("meta_only.dat", tmp_path)
    assert len(read_stream_data(path)[0]) == 0
    finds(path, python=UnboundLocalError, fast=ValueError)


def test_a_run_without_a_mask_is_an_error_of_pysmurf(tmp_path: Path) -> None:
    path = str(make_run(tmp_path / "r.dat", counts_of(range(3), range(4))))
    assert read_stream_data(path)[2] is None
    finds(path, python=FileNotFoundError, fast=FileNotFoundError)


@READERS
def test_arguments_that_pysmurf_reads_and_does_not_use(fast: bool, tmp_path: Path) -> None:
    path = beside_a_mask("split.dat.2", tmp_path)
    np.savetxt(tmp_path / "split_freq.txt", np.linspace(4000, 5000, 64))
    theirs = {"fast_reader": fast}
    assert read_stream_data(path, nsamp=5)[1].shape == (64, 5)
    assert standard.read_stream_data(path, nsamp=5, **theirs)[1].shape == (64, 12)
    assert read_stream_data(path, array_size=0)[1].shape == (64, 12)
    assert standard.read_stream_data(path, array_size=0, **theirs)[1].shape == (0, 12)
    mask, frequencies = read_stream_data(path, make_freq_mask=True)[2]
    same(mask, standard.read_stream_data(path, make_freq_mask=True, **theirs)[2], "mask")
    assert frequencies[mask >= 0][0] == 4000


def test_an_odd_number_of_samples_is_no_iq(tmp_path: Path) -> None:
    path = beside_a_mask("basic.dat", tmp_path)
    for reader in (read_stream_data, standard.read_stream_data):
        with pytest.raises(ValueError):
            reader(path, [0, 1, 2], IQ_mode=True)
    slow = standard.read_stream_data(path, [0, 1, 2], IQ_mode=True, fast_reader=False)[1]
    same(slow, read_stream_data(path, [0, 1], IQ_mode=True)[1], "phase")


def test_a_path_may_be_an_object_here(tmp_path: Path) -> None:
    path = Path(beside_a_mask("basic.dat", tmp_path))
    assert read_stream_data(path)[1].shape == (64, 20)
    for fast in (True, False):
        with pytest.raises(TypeError):
            standard.read_stream_data(path, fast_reader=fast)


def test_a_file_from_before_rogue_4_is_named_without_gcp_mode_and_may_be_cut(
    tmp_path: Path,
) -> None:
    path = gcp_file(tmp_path)
    with pytest.raises(ValueError, match="before Rogue 4"):
        read_stream_data(path)
    finds(path, python=UnboundLocalError)
    with open(path, "ab") as file:
        file.write(b"cut")
    assert read_stream_data(path, gcp_mode=True)[1].shape == (512, 9)
    with pytest.raises(struct.error):
        standard.read_stream_data(path, gcp_mode=True)


def test_every_difference_of_the_page_is_one_of_these() -> None:
    page = (ROOT / "docs/python/pysmurf.md").read_text()
    _, _, table = page.partition("## What differs, and why")
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 19
