"""No copies where none are promised, by addresses; and nothing is used after it is gone."""

from __future__ import annotations

import gc
import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wavekeep
from conftest import BLAST, GNZ, RUNS, counts_of, make_run
from wavekeep.gnz import GnzReader


def address(array: Any) -> int:
    at: int = np.asarray(array).__array_interface__["data"][0]
    return at


def owner_of(array: Any) -> Any:
    while isinstance(array, np.ndarray) and array.base is not None:
        array = array.base
    return array


def mapped_at(name: str) -> list[range]:
    """Where a file is mapped in this process."""
    found = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        if line.endswith(name):
            start, end = line.split()[0].split("-")
            found.append(range(int(start, 16), int(end, 16)))
    return found


def test_a_gnz_array_is_the_mapped_file(tmp_path: Path) -> None:
    path = tmp_path / "mapped-and-nothing-else.gnz"
    wavekeep.gnz.save(path, {"a": np.arange(100_000)})
    for file in (GnzReader(path), wavekeep.open(path)):
        array = file["a"]
        assert address(array) == address(file["a"]) and not array.flags.owndata
        where = mapped_at(path.name)
        assert any(address(array) in part and address(array) % mmap.PAGESIZE == 0 for part in where)


def test_an_array_outlives_its_file_object_and_its_file(tmp_path: Path) -> None:
    path = tmp_path / "gone.gnz"
    wavekeep.gnz.save(path, {"a": np.arange(1000)})
    array = GnzReader(path)["a"]
    part = array[10:20]
    del array
    path.unlink()
    gc.collect()
    assert part.tolist() == list(range(10, 20))
    assert type(owner_of(part)).__name__ == "View"
    del part
    gc.collect()
    assert mapped_at("gone.gnz (deleted)") == []


def test_the_counts_of_an_event_are_its_own_memory() -> None:
    rec = wavekeep.open(BLAST)
    assert isinstance(rec, wavekeep.Event)
    raw = rec["Vert"].raw
    assert address(raw) == address(rec["Vert"].raw) and not raw.flags.writeable
    kept = raw[:5].tolist()
    del rec
    gc.collect()
    assert raw[:5].tolist() == kept


def test_the_values_of_a_channel_are_made_once() -> None:
    vert = wavekeep.open(BLAST)["Vert"]
    assert address(vert.values) == address(np.asarray(vert)) == address(vert[:])
    assert address(vert.masked().data) == address(vert.values)


def test_what_is_read_goes_straight_into_the_callers_memory() -> None:
    run = wavekeep.open(RUNS / "basic.dat")
    out = np.empty((64, 20))
    assert address(run.read(out=out)) == address(out)


def test_the_memory_of_a_large_result_serves_the_next_one_and_no_other_meanwhile(
    tmp_path: Path,
) -> None:
    counts = counts_of(range(512), range(3000))
    run: Any = wavekeep.open(make_run(tmp_path / "large.dat", counts))
    first, second = run.read(raw=True), run.read(raw=True)
    first[:] = 7
    assert np.array_equal(second, counts)
    at = address(first)
    part = first[5:, ::2]
    del first
    gc.collect()
    assert address(run.read(raw=True)) != at and (part == 7).all()
    # Gone with the last array over it, and the result before gone as well.
    del part, second
    gc.collect()
    phase, third = run.read(), run.read(raw=True)
    assert np.array_equal(third, counts) and np.array_equal(run.read(raw=True), counts)
    at = address(third)
    del third
    again = run.read(raw=True)
    del run
    gc.collect()
    assert address(again) == at and np.array_equal(again, counts)
    assert np.array_equal(phase, counts * (np.pi / 2**15))


def test_memory_that_is_read_only_cannot_be_written_to() -> None:
    rec = wavekeep.open(BLAST)
    assert isinstance(rec, wavekeep.Event)
    for array in (
        rec["Vert"].raw,
        rec["Vert"].values,
        rec.t,
        GnzReader(GNZ / "typical.gnz")["Tran"],
    ):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
        with pytest.raises(ValueError):
            array.flags.writeable = True
