"""A run travels by its index: it is compared where it arrives, opened as it was, and read only when it
is asked for. An index beside a run opens it without reading it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dask.base import tokenize
from numpy.testing import assert_array_equal

import wavekeep
from conftest import BLAST, RUNS, counts_of, frame, make_pieces, make_run, record

COUNTS = counts_of(range(8), range(60))


def pieces_of(folder: Path) -> list[Path]:
    return make_pieces(folder, COUNTS, 3)


def arrived(pickled: bytes) -> wavekeep.Stream:
    """The run of a pickle, opened."""
    run = pickle.loads(pickled)
    assert isinstance(run, wavekeep.Stream)
    assert run.n_frames >= 0
    return run


def sent(run: wavekeep.Stream) -> wavekeep.Stream:
    return arrived(pickle.dumps(run))


def bytes_read(code: str, *arguments: Path) -> int:
    """Bytes that a program reads from files while `measured()` is called, which `code` defines."""
    count = (
        "\nimport re\n"
        "def so_far(): return int(re.search(r'rchar: (\\d+)', open('/proc/self/io').read())[1])\n"
        "before = so_far()\nmeasured()\nprint(so_far() - before)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", "import sys, wavekeep\n" + code + count, *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )
    assert run.returncode == 0, run.stderr
    return int(run.stdout)


def test_a_run_and_its_sections_arrive_as_they_were_sent(tmp_path: Path) -> None:
    pieces_of(tmp_path)
    run = wavekeep.open_stream(tmp_path / "r.dat")
    again = sent(sent(run))
    assert_array_equal(again.read(raw=True), COUNTS)
    assert again.metadata == run.metadata and again.path == run.path
    with pytest.warns(wavekeep.DamageWarning):
        sections = wavekeep.open_stream(RUNS / "nchan_change.dat")
        assert sent(sections.section(-1)).shape == (12, 6)


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system does not count bytes")
def test_arriving_reads_no_samples(tmp_path: Path) -> None:
    counts = counts_of(range(64), range(40_000))
    make_pieces(tmp_path, counts, 4)
    pickled = pickle.dumps(wavekeep.open_stream(tmp_path / "r.dat"))
    assert len(pickled) < 2000
    (tmp_path / "pickle").write_bytes(pickled)
    code = "import pickle\ntext = open(sys.argv[1], 'rb').read()\n"
    code += "wavekeep.open('samples/M529LMOK.DK0W')\n"  # What is imported once.
    code += "def measured(): assert len(pickle.loads(text)._handle) == 40_000\n"
    assert bytes_read(code, tmp_path / "pickle") < 100_000


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system does not count bytes")
def test_an_index_beside_a_run_opens_it_without_reading_it(tmp_path: Path) -> None:
    path = make_run(tmp_path / "r.dat", counts_of(range(64), range(10_000)))
    code = "def measured(): assert len(wavekeep.open(sys.argv[1])) == 64\n"
    length = path.stat().st_size
    # Smaller files than 4 MiB are read through, larger ones may be mapped.
    assert length < 4 << 20 and bytes_read(code, path) > length * 0.9
    wavekeep.open(path, keep_index=True)
    assert bytes_read(code, path) < 100_000


def test_an_index_is_put_beside_a_run_by_who_asks_for_it(tmp_path: Path) -> None:
    path = make_run(tmp_path / "r.dat", COUNTS)
    index = tmp_path / "r.dat.index"
    wavekeep.open(path)
    wavekeep.open_stream(path)
    sent(wavekeep.open_stream(path))
    assert not index.exists()
    wavekeep.open_stream(path, keep_index=True)
    made = index.read_bytes()
    assert index.stat().st_mode == path.stat().st_mode
    # Another run has the name now: its index takes the place of the old one.
    make_run(path, COUNTS[:, :50])
    assert wavekeep.open_stream(path).n_frames == 50 and index.read_bytes() == made
    assert wavekeep.open_stream(path, keep_index=True).n_frames == 50 and index.read_bytes() != made


def test_an_index_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    path = make_run(tmp_path / "r.dat", COUNTS)
    (tmp_path / "r.dat.index").mkdir()
    assert wavekeep.open_stream(path, keep_index=True).n_frames == 60
    assert {one.name for one in tmp_path.iterdir()} == {"r.dat", "r.dat.index"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_what_is_no_index_is_not_read(tmp_path: Path) -> None:
    path, index = make_run(tmp_path / "r.dat", COUNTS), tmp_path / "r.dat.index"
    os.mkfifo(index)
    assert wavekeep.open_stream(path).n_frames == 60
    index.unlink()
    wavekeep.open_stream(path, keep_index=True)
    os.truncate(index, 1 << 40)
    assert wavekeep.open_stream(path).n_frames == 60
    for text in (b"", b"WKSMIDX2", os.urandom(352)):
        index.write_bytes(text)
        assert_array_equal(wavekeep.open_stream(path).read(raw=True), COUNTS)


def test_an_index_that_would_not_be_kept_is_refused(tmp_path: Path) -> None:
    with pytest.raises(wavekeep.BadArgumentError, match="keep_index would be ignored"):
        wavekeep.open(BLAST, keep_index=True)
    path = make_run(tmp_path / "r.dat", COUNTS)
    with pytest.raises(wavekeep.BadArgumentError, match="leave keep_index out"):
        wavekeep.open_stream(path, keep_index=True, metadata_channel=2)


def shorten(pieces: list[Path]) -> None:
    os.truncate(pieces[1], pieces[1].stat().st_size - 5)


def shorten_the_last(pieces: list[Path]) -> None:
    os.truncate(pieces[2], pieces[2].stat().st_size - 168)


def lengthen(pieces: list[Path]) -> None:
    with pieces[1].open("ab") as file:
        file.write(record(frame(COUNTS[:, 0], 0, 0)))


def touch(pieces: list[Path]) -> None:
    time = pieces[1].stat().st_mtime_ns
    os.utime(pieces[1], ns=(time, time + 1000))


def replace(pieces: list[Path]) -> None:
    """Another run, of the same length and time."""
    time = pieces[1].stat().st_mtime_ns
    make_run(pieces[1], COUNTS[:, 20:40], first=21)
    os.utime(pieces[1], ns=(time, time))


def replace_the_last(pieces: list[Path]) -> None:
    """Another run, that is longer."""
    make_run(pieces[2], COUNTS, first=300)


CHANGES = [
    (shorten, 1), (shorten_the_last, 2), (lengthen, 1), (touch, 1), (replace, 1), (replace_the_last, 2),
]


@pytest.mark.filterwarnings("ignore::wavekeep.DamageWarning")
@pytest.mark.parametrize(("change", "piece"), CHANGES, ids=lambda one: getattr(one, "__name__", ""))
@pytest.mark.parametrize("is_open", [True, False])
def test_a_run_that_has_changed_is_an_error_that_names_the_piece(
    change: Callable[[list[Path]], None], piece: int, is_open: bool, tmp_path: Path
) -> None:
    pieces = pieces_of(tmp_path)
    pickled = pickle.dumps(wavekeep.open_stream(tmp_path / "r.dat"))
    # A run that is open in this process already is compared like any other.
    there = arrived(pickled) if is_open else None
    change(pieces)
    with pytest.raises(wavekeep.ChangedError, match="open the run again") as caught:
        arrived(pickled)
    assert caught.value.path == str(pieces[piece]) and isinstance(caught.value, RuntimeError)
    del there
    wavekeep.open_stream(tmp_path / "r.dat")


def test_a_piece_that_is_gone_is_named(tmp_path: Path) -> None:
    pieces = pieces_of(tmp_path)
    pickled = pickle.dumps(wavekeep.open_stream(tmp_path / "r.dat"))
    pieces[2].unlink()
    with pytest.raises(FileNotFoundError, match=r"r\.dat\.3"):
        arrived(pickled)


def test_a_run_that_has_grown_arrives_as_it_was(tmp_path: Path) -> None:
    pieces = pieces_of(tmp_path)
    run = wavekeep.open_stream(tmp_path / "r.dat")
    pickled = pickle.dumps(run)
    make_run(pieces[2], COUNTS[:, :7], first=60, mode="ab")
    make_run(tmp_path / "r.dat.4", COUNTS, first=67)
    again = arrived(pickled)
    assert_array_equal(again.read(raw=True), COUNTS)
    assert tokenize(again) == tokenize(run) == tokenize(sent(again))
    assert wavekeep.open_stream(tmp_path / "r.dat").n_frames == 127


def test_a_large_index_stays_at_home_and_is_found_or_made_again(tmp_path: Path) -> None:
    # Metadata between all frames.
    part = record(b"A.B: 12345678\n", channel=1)
    frames = [record(frame(COUNTS[:, 0], 20 * at, 1000 * at)) + part for at in range(40_000)]
    path = tmp_path / "r.dat"
    path.write_bytes(b"".join(frames))
    run = wavekeep.open_stream(path)
    assert len(run._handle.index_bytes()) > 1 << 20 > 10_000 > len(pickle.dumps(run))
    assert sent(run).n_frames == 40_000
    wavekeep.open_stream(path, keep_index=True)
    pickled = pickle.dumps(run)
    assert arrived(pickled).n_frames == 40_000
    # As it was it cannot be had: a pass would find more.
    path.write_bytes(b"".join([*frames, frames[0]]))
    with pytest.raises(wavekeep.ChangedError, match="has grown"):
        arrived(pickled)


@pytest.mark.filterwarnings("ignore::wavekeep.DamageWarning")
def test_a_token_has_lengths_and_times_of_all_pieces(tmp_path: Path) -> None:
    pieces = pieces_of(tmp_path)
    whole = tmp_path / "r.dat"
    tokens = [tokenize(wavekeep.open_stream(whole))]
    assert tokenize(wavekeep.open_stream(whole)) == tokens[0]
    for piece in pieces:
        touched = piece.stat().st_mtime_ns + 1_000_000
        os.utime(piece, ns=(touched, touched))
        tokens.append(tokenize(wavekeep.open_stream(whole)))
    replace(pieces)
    tokens.append(tokenize(wavekeep.open_stream(whole)))
    shorten(pieces)
    tokens.append(tokenize(wavekeep.open_stream(whole)))
    assert len(set(tokens)) == len(tokens)


def open_files(below: Path) -> int:
    files = (os.path.realpath(one) for one in Path("/proc/self/fd").iterdir())
    return sum(below in Path(file).parents for file in files)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not list open files")
def test_a_process_opens_a_run_once_and_closes_it_with_the_last_use(tmp_path: Path) -> None:
    pieces_of(tmp_path)
    with wavekeep.open_stream(tmp_path / "r.dat") as run:
        pickled = pickle.dumps(run)
    assert open_files(tmp_path) == 0
    several = [arrived(pickled) for _ in range(5)]
    assert open_files(tmp_path) == 3
    # Closing one leaves the others open.
    several[0].close()
    assert several[0].closed and not several[1].closed
    assert_array_equal(several[1].read(raw=True), COUNTS)
    del several
    assert open_files(tmp_path) == 0


def test_a_run_is_handed_on_by_who_does_not_have_its_files(tmp_path: Path) -> None:
    run = wavekeep.open_stream(make_run(tmp_path / "r.dat", COUNTS))
    token = tokenize(run)
    pickled = pickle.dumps(run)
    run.close()
    os.rename(tmp_path / "r.dat", tmp_path / "elsewhere")
    handed = pickle.loads(pickled)
    assert tokenize(handed) == token
    again = pickle.loads(pickle.dumps(handed))
    with pytest.raises(FileNotFoundError):
        handed.read()
    os.rename(tmp_path / "elsewhere", tmp_path / "r.dat")
    assert_array_equal(again.read(raw=True), COUNTS)
    with pickle.loads(pickled) as unopened:
        assert not unopened.closed
    assert unopened.closed
    with pytest.raises(wavekeep.ClosedError):
        unopened.read()


def test_a_run_that_was_closed_is_not_sent(tmp_path: Path) -> None:
    run = wavekeep.open_stream(make_run(tmp_path / "r.dat", COUNTS))
    run.close()
    with pytest.raises(wavekeep.ClosedError):
        pickle.dumps(run)


def test_a_run_of_nothing_arrives(tmp_path: Path) -> None:
    (tmp_path / "empty.dat").write_bytes(b"")
    assert sent(wavekeep.open_stream(tmp_path / "empty.dat")).n_frames == 0
    for name in ("meta_only.dat", "basic.dat", "padded.dat"):
        run = wavekeep.open_stream(RUNS / name)
        assert np.array_equal(sent(run).data, run.data)
