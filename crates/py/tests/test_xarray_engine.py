"""xarray opens runs by the engine ``wavekeep``, and reads of them what it is asked for."""

from __future__ import annotations

import os
import shutil
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
import xarray as xr
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from xarray.testing import assert_equal, assert_identical

import wavekeep
from conftest import BLAST, DAMAGED, GNZ, NIGHT, RUNS, counts_of, frame, make_pieces, make_run, record
from test_pickled_runs import bytes_read, open_files
from wavekeep._run_part import threads_here
from wavekeep._xarray import chunk_frames

COUNTS = counts_of(range(8), range(60))


def opened(path: Path | wavekeep.Recording, **options: Any) -> xr.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", wavekeep.DamageWarning)
        warnings.filterwarnings("ignore", "The specified chunks separate")
        found = xr.open_dataset(path, engine="wavekeep", **options)  # type: ignore[arg-type]
    return found


def recording(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", wavekeep.DamageWarning)
        return wavekeep.open(path)


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in three pieces, in which every seventh frame was marked bad."""
    folder = tmp_path_factory.mktemp("split")
    first = 0
    for number, part in enumerate(np.array_split(COUNTS, 3, axis=1), 1):
        times = range(first, first + part.shape[1])
        frames = [
            record(frame(part[:, at - first], 20 * at, 1_700_000_000 + at), error=at % 7 == 3)
            for at in times
        ]
        (folder / f"r.dat.{number}").write_bytes(b"".join(frames))
        first += part.shape[1]
    return folder / "r.dat"


# One vocabulary.


SOURCES = {
    "stream": RUNS / "split.dat", "masked": RUNS / "basic.dat", "padded": RUNS / "padded.dat",
    "waveform": BLAST, "damaged": DAMAGED, "histogram": NIGHT,
    "arrays": GNZ / "typical.gnz", "shapes": GNZ / "shapes.gnz",
}


@pytest.mark.parametrize("source", SOURCES)
def test_the_engine_has_what_to_xarray_has(source: str) -> None:
    path = SOURCES[source]
    expected = recording(path).to_xarray()
    with opened(path) as found:
        # The datetimes of a stream are all of its times that the engine has.
        assert_identical(found.load(), expected.drop_vars("time_ns", errors="ignore"))
        assert set(found.xindexes) == set(expected.xindexes)


SELECTIONS: list[dict[str, Any]] = [
    {"channels": [5, 2]}, {"channels": "0-3", "frames": (5, 30)}, {"frames": slice(-5, None)},
    {"time": (0.05, 0.2)}, {"time": (None, np.datetime64("2023-11-14T22:13:20.1"))},
    {"units": "count"}, {"units": "raw", "channels": 3}, {"drop_errored": True},
]


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_a_selection_is_that_of_to_xarray(selection: dict[str, Any], tmp_path: Path) -> None:
    path = make_run(tmp_path / "r.dat", COUNTS)
    expected = recording(path).to_xarray(**selection).drop_vars("time_ns")
    assert_identical(opened(path, **selection).load(), expected)


def test_counts_and_phases_have_the_types_that_are_asked_for(split: Path) -> None:
    assert opened(split)["data"].dtype == np.float64
    counts = opened(split, raw=True)["data"]
    assert counts.dtype == np.int32 and counts.attrs["units"] == "count"
    assert_array_equal(counts, COUNTS)
    single = opened(split, dtype="f4")["data"]
    assert single.dtype == np.float32
    assert_array_equal(single, recording(split).read(dtype="f4"))


def test_an_opened_recording_is_taken_and_stays_open(split: Path) -> None:
    for path in (split, BLAST):
        with recording(path) as it:
            with opened(it) as found:
                assert_identical(found.load(), opened(path).load())
            assert it.data.size
    archive = wavekeep.Archive(split.parent / "archive", create=True)
    archive.import_files([BLAST])
    (number,) = archive
    assert_array_equal(opened(archive[number])["Vert"], recording(BLAST)["Vert"])


def test_variables_that_are_dropped_are_not_there(split: Path) -> None:
    found = opened(split, drop_variables=["time", "band", "nothing"])
    assert set(found.variables) == {"data", "channel", "channel_index", "frequency_mhz"}
    assert set(opened(split, drop_variables="data").data_vars) == set()


def test_a_run_without_frames_is_a_dataset_without_samples(tmp_path: Path) -> None:
    (tmp_path / "empty.dat").write_bytes(b"")
    chunkings: list[Any] = [None, {}]
    for chunks in chunkings:
        found = opened(tmp_path / "empty.dat", chunks=chunks)
        assert found["data"].shape == (0, 0) and float(found["data"].sum()) == 0


# What is read.


def slices(length: int) -> st.SearchStrategy[slice]:
    bound = st.none() | st.integers(-length - 3, length + 3)
    step = st.none() | st.integers(-9, 9).filter(bool)
    return st.builds(slice, bound, bound, step)


def indexers(length: int) -> st.SearchStrategy[Any]:
    if not length:
        return slices(0)
    places = st.integers(-length, length - 1)
    masks = st.lists(st.booleans(), min_size=length, max_size=length)
    return (
        places
        | slices(length)
        | st.lists(places, max_size=2 * length).map(lambda it: np.array(it, int))
        | masks.map(np.array)
    )


@pytest.fixture(scope="module")
def kinds(split: Path) -> Iterator[list[tuple[xr.Dataset, xr.Dataset]]]:
    """Datasets that are read lazily, by xarray alone and by dask, and what they are in memory."""
    found = []
    for options in ({}, {"raw": True}, {"dtype": "f4"}, {"drop_errored": True}):
        for chunks in (None, {}, {"time": 7, "row": 3}):
            lazy = opened(split, cache=False, chunks=chunks, **options)
            found.append((lazy, opened(split, **options).load()))
    yield found
    for lazy, _ in found:
        lazy.close()


def selected(draw: Any, held: xr.DataArray) -> dict[Any, Any]:
    """A selection of some axes, of all by themselves, or of single samples."""
    if held.ndim == 2 and 0 not in held.shape and draw(st.integers(0, 3)) == 0:
        count = draw(st.integers(0, 12))
        points = (
            draw(st.lists(st.integers(-length, length - 1), min_size=count, max_size=count))
            for length in held.shape
        )
        places = (xr.DataArray(np.array(it, int), dims="point") for it in points)
        return dict(zip(held.dims, places))
    axes = draw(st.sets(st.sampled_from(held.dims), min_size=1)) if held.ndim else set()
    return {axis: draw(indexers(held.sizes[axis])) for axis in axes}


@hypothesis.given(st.data())
@hypothesis.settings(max_examples=150, deadline=None)
def test_any_lazy_selection_equals_that_of_what_is_in_memory(
    kinds: list[tuple[xr.Dataset, xr.Dataset]], data: st.DataObject
) -> None:
    lazy, held = (one["data"] for one in data.draw(st.sampled_from(kinds)))
    for _ in range(data.draw(st.integers(1, 2))):
        chosen = selected(data.draw, held)
        lazy, held = lazy.isel(chosen), held.isel(chosen)
    found = lazy.compute()
    assert_equal(found, held)
    assert found.dtype == held.dtype


def test_moments_choose_frames(tmp_path: Path) -> None:
    found = opened(make_run(tmp_path / "r.dat", COUNTS), raw=True)
    times = found["time"].values
    assert_array_equal(found["data"].sel(time=slice(times[5], times[9])), COUNTS[:, 5:10])
    assert_array_equal(found["data"].sel(time=times[7]), COUNTS[:, 7])
    assert_array_equal(found.set_index(row="channel_index")["data"].sel(row=[3, 0]), COUNTS[[3, 0]])


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system does not count bytes")
@pytest.mark.parametrize("chunks", [None, {"time": 100}])
def test_without_an_index_of_time_nothing_is_read_but_what_is_asked_for(
    chunks: Any, tmp_path: Path
) -> None:
    make_pieces(tmp_path, counts_of(range(64), range(10_000)), 2)
    wavekeep.open(tmp_path / "r.dat", keep_index=True)
    code = (
        "import warnings, xarray, dask.array\n"
        "warnings.simplefilter('ignore')\n"
        "def opened(path):\n"
        f"    options = dict(chunks={chunks}, create_default_indexes=False, drop_variables='time')\n"
        "    return xarray.open_dataset(path, engine='wavekeep', raw=True, **options)\n"
        "opened('crates/smurf/tests/data/basic.dat').load()\n"  # What is imported once.
        "def measured():\n"
        "    assert opened(sys.argv[1])['data'][:, 4_990:5_010].sum() < 0\n"
    )
    # Frames of 392 bytes, around the boundary of the pieces, of a run of 4 MB.
    frames = 20 if chunks is None else 200
    assert bytes_read(code, tmp_path / "r.dat") < frames * 392 + 20_000


def test_times_that_no_date_has_are_not_a_time(tmp_path: Path) -> None:
    path = tmp_path / "r.dat"
    path.write_bytes(b"".join(record(frame(COUNTS[:, 0], 20 * at, 2**63 + at)) for at in range(3)))
    assert np.isnat(opened(path, create_default_indexes=False)["time"].values).all()


# Chunks and threads.


@hypothesis.given(st.integers(1, 1 << 22), st.sampled_from([4, 8]))
def test_a_chunk_has_all_channels_and_takes_32_to_64_mib(rows: int, itemsize: int) -> None:
    frames = chunk_frames(rows, itemsize)
    assert frames & (frames - 1) == 0
    assert 32 << 20 < frames * rows * itemsize <= 64 << 20


def test_chunks_are_those_that_are_preferred(tmp_path: Path) -> None:
    found = opened(make_run(tmp_path / "r.dat", counts_of(range(2048), range(3000))), chunks={})
    # 2048 × 8 bytes × 4096 would be 64 MiB: there are fewer frames.
    assert found["data"].chunksizes == {"row": (2048,), "time": (3000,)}
    assert opened(tmp_path / "r.dat", chunks={"time": 1000})["data"].chunksizes["time"] == (1000,) * 3


def test_a_read_beside_others_has_one_thread(split: Path) -> None:
    found: list[int | None] = [threads_here()]
    one = threading.Thread(target=lambda: found.append(threads_here()))
    one.start()
    one.join()
    assert found == [None, 1]
    part = opened(split, threads=2)
    assert_array_equal(part["data"], recording(split).data)
    with pytest.raises(wavekeep.BadArgumentError, match="threads are 1 to"):
        opened(split, threads=0)


# Pieces.


def test_a_piece_is_refused_with_how_to_open_the_run(tmp_path: Path) -> None:
    pieces = make_pieces(tmp_path, COUNTS, 3)
    for piece in pieces:
        with pytest.raises(wavekeep.BadArgumentError, match="open it once, as .*r.dat;") as caught:
            opened(piece)
        assert caught.value.expected == str(tmp_path / "r.dat")
    joined: dict[str, Any] = {"engine": "wavekeep", "combine": "nested", "concat_dim": "time"}
    with pytest.raises(wavekeep.BadArgumentError, match="one_piece=True"):
        xr.open_mfdataset(str(tmp_path / "r.dat.*"), **joined)
    assert open_files(tmp_path) == 0
    assert_array_equal(opened(tmp_path / "r.dat", raw=True)["data"], COUNTS)


def test_pieces_by_themselves_are_joined_to_the_run(tmp_path: Path) -> None:
    make_pieces(tmp_path, COUNTS, 3)
    options: dict[str, Any] = {"engine": "wavekeep", "one_piece": True, "raw": True}
    with xr.open_mfdataset(str(tmp_path / "r.dat.*"), combine="by_coords", **options) as found:
        assert_array_equal(found["data"], COUNTS)
        assert found.sizes["time"] == 60 and found.indexes["time"].is_monotonic_increasing


def test_the_only_piece_is_the_run(tmp_path: Path) -> None:
    make_pieces(tmp_path, COUNTS, 1)
    for name in ("r.dat", "r.dat.1"):
        assert_array_equal(opened(tmp_path / name, raw=True)["data"], COUNTS)


def test_a_run_that_goes_on_with_number_2_is_named_without_a_number(tmp_path: Path) -> None:
    make_pieces(tmp_path, COUNTS, 2)
    os.rename(tmp_path / "r.dat.1", tmp_path / "r.dat")
    assert_array_equal(opened(tmp_path / "r.dat", raw=True)["data"], COUNTS)
    with pytest.raises(wavekeep.BadArgumentError, match="one piece of a run"):
        opened(tmp_path / "r.dat.2")
    alone = opened(tmp_path / "r.dat.2", one_piece=True, raw=True)["data"]
    assert_array_equal(alone, COUNTS[:, 30:])


# Sections.


def test_the_sections_of_a_run_are_a_tree() -> None:
    path = RUNS / "nchan_change.dat"
    run = recording(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", wavekeep.DamageWarning)
        tree = xr.open_datatree(path, engine="wavekeep")
        groups = xr.open_groups(path, engine="wavekeep", raw=True)
        lazy = xr.open_datatree(path, engine="wavekeep", chunks={})
    assert set(tree.children) == {"section_0", "section_1"}
    assert set(groups) == {"/", "/section_0", "/section_1"}
    for number in (0, 1):
        section = run.section(number)
        name = f"section_{number}"
        assert_array_equal(tree[name]["data"], section.data)
        assert_array_equal(lazy[name]["data"].mean("time"), section.data.mean(1))
        assert_array_equal(groups[f"/{name}"]["data"], section.read(raw=True))
        assert_identical(opened(path, section=number).load(), tree[name].to_dataset().load())
    tree.close()
    assert_identical(opened(path, section=-1).load(), lazy["section_1"].to_dataset().load())


def test_a_run_of_several_sections_says_how_to_choose(tmp_path: Path) -> None:
    path = RUNS / "nchan_change.dat"
    with pytest.raises(wavekeep.SelectionError, match=r"2 sections.*section=0.*open_datatree"):
        opened(path)
    assert opened(path, frames=(0, 5))["data"].shape == (8, 5)
    with pytest.raises(wavekeep.SelectionError, match="no section 2"):
        opened(path, section=2)
    for source in (BLAST, GNZ / "typical.gnz"):
        with pytest.raises(wavekeep.BadArgumentError, match="section would be ignored"):
            opened(source, section=0)
        assert_identical(
            xr.open_datatree(source, engine="wavekeep").to_dataset().load(), opened(source).load()
        )


# Guessing.


@pytest.mark.parametrize(
    "source", [BLAST, NIGHT, RUNS / "basic.dat", RUNS / "split.dat", GNZ / "typical.gnz"]
)
def test_a_file_that_is_known_by_its_content_needs_no_engine(source: Path) -> None:
    # Whatever the name of an event is.
    with xr.open_dataset(source) as found:
        assert_identical(found.load(), opened(source).load())


def test_files_of_others_are_never_guessed(tmp_path: Path) -> None:
    engine = xr.backends.list_engines()["wavekeep"]
    dataset = xr.Dataset({"a": ("x", np.arange(5))})
    for name in ("a.nc", "a.h5"):
        dataset.to_netcdf(tmp_path / name, engine="h5netcdf")
        dataset.to_netcdf(tmp_path / f"b{name}", engine="scipy")
    dataset.to_zarr(tmp_path / "a.zarr", consolidated=False)
    np.save(tmp_path / "a.npy", np.arange(5))
    np.savez(tmp_path / "a.npz", a=np.arange(5))
    (tmp_path / "text.dat").write_text("hello\n" * 100)
    (tmp_path / "zeros.dat").write_bytes(bytes(1000))
    (tmp_path / "empty.dat").write_bytes(b"")
    # Bytes of a run under the names of others.
    for name in ("r.nc", "r.h5", "r.zarr", "run", "notes.txt", "R.NC"):
        shutil.copy(RUNS / "basic.dat", tmp_path / name)
    others: list[Any] = ["http://x/r.dat", b"", 5, None]
    for path in [*tmp_path.iterdir(), tmp_path / "nothing.dat", tmp_path, *others]:
        assert not engine.guess_can_open(path), path
    assert xr.open_dataset(tmp_path / "a.nc")["a"].sum() == 10


# Mistakes, and files that are let go.


def test_a_mistake_names_the_near_word(tmp_path: Path) -> None:
    make_pieces(tmp_path, COUNTS, 2)
    split = tmp_path / "r.dat"
    with pytest.raises(wavekeep.NoSuchArgumentError, match="did you mean 'channels'"):
        opened(split, chanels=[1])
    with pytest.raises(wavekeep.BadArgumentError, match="raw=True is units='raw'"):
        opened(split, raw=True, units="rad")
    with pytest.raises(wavekeep.NoSuchChannelError):
        opened(split, channels=[99])
    wrong: list[tuple[Path, str, Any]] = [
        (BLAST, "one_piece", True), (BLAST, "dtype", "f4"), (BLAST, "threads", 1), (split, "rate_hz", 5),
    ]
    for source, option, value in wrong:
        with pytest.raises(wavekeep.BadArgumentError, match=f"{option} would be ignored"):
            opened(source, **{option: value})
    for option, value in (("keep_index", True), ("reports", False), ("rate_hz", 5)):
        with pytest.raises(wavekeep.BadArgumentError, match=f"{option} would be ignored"):
            opened(recording(split), **{option: value})
    with pytest.raises(wavekeep.BadArgumentError, match="by their path"):
        opened(split.with_name("r.dat.1").read_bytes())  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        opened(split.with_name("other.dat"))
    assert open_files(tmp_path) == 0


def test_an_index_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    path = make_run(tmp_path / "r.dat", COUNTS)
    opened(path)
    assert not (tmp_path / "r.dat.index").exists()
    opened(path, keep_index=True)
    assert (tmp_path / "r.dat.index").exists()


def test_files_are_closed_with_the_dataset_or_the_last_use(tmp_path: Path) -> None:
    path = make_run(tmp_path / "r.dat", COUNTS)
    found = opened(path, raw=True)
    part = found["data"].isel(time=slice(3))
    assert open_files(tmp_path) == 1
    del found
    assert_array_equal(part, COUNTS[:, :3])
    del part
    assert open_files(tmp_path) == 0
    with opened(path, raw=True) as closed:
        assert open_files(tmp_path) == 1
    assert open_files(tmp_path) == 0
    with pytest.raises(wavekeep.ClosedError, match="closed"):
        closed["data"].load()


def test_a_run_that_shrinks_after_it_was_opened_is_an_error(tmp_path: Path) -> None:
    path = make_run(tmp_path / "r.dat", COUNTS)
    found = opened(path)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(wavekeep.MalformedError):
        found["data"].load()
