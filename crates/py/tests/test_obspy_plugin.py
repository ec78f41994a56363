"""What `obspy.read` gives of runs."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import numpy as np
import obspy
import pytest

import wavekeep
from conftest import BLAST, RUNS, counts_of

COUNTS = counts_of(range(64), range(40))


def test_the_pieces_of_a_run_together_give_it_once() -> None:
    with pytest.warns(UserWarning, match=r"split\.dat\.1 gives all of its run"):
        found = obspy.read(str(RUNS / "split.dat.*"), raw=True)
    assert len(found) == 64
    assert np.array_equal(np.stack([trace.data for trace in found]), COUNTS)
    # The first piece alone gives it too, and says nothing.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(obspy.read(str(RUNS / "split.dat.1"), headonly=True)) == 64


def test_a_run_of_another_name_is_given_once_too(tmp_path: Path) -> None:
    for number in range(1, 5):
        shutil.copy(RUNS / f"split.dat.{number}", tmp_path / f"night.{number}")
    with pytest.warns(UserWarning, match=r"night\.1 gives all"):
        found = obspy.read(str(tmp_path / "night.*"), raw=True, channels=[5])
    assert [trace.data.tolist() for trace in found] == [COUNTS[5].tolist()]


def test_a_later_piece_alone_is_refused_with_the_way_to_read_it() -> None:
    path = str(RUNS / "split.dat.3")
    with pytest.warns(UserWarning, match="one_piece=True"), pytest.raises(Exception, match="open"):
        obspy.read(path)
    pieces = [obspy.read(str(RUNS / f"split.dat.{it}"), raw=True, one_piece=True) for it in range(1, 5)]
    assert np.array_equal(np.hstack([[trace.data for trace in it] for it in pieces]), COUNTS)


def test_a_keyword_that_nobody_has_is_named_with_the_near_one() -> None:
    with pytest.raises(TypeError, match="did you mean 'channels'"):
        obspy.read(str(RUNS / "basic.dat"), chanels=[1])
    with pytest.raises(TypeError, match="did you mean 'rate_hz'"):
        obspy.read(str(BLAST), rate=1024)
    with pytest.raises(wavekeep.BadArgument):
        obspy.read(str(BLAST), rate_hz=0)
    start = obspy.read(str(RUNS / "basic.dat"))[0].stats.starttime
    cut = obspy.read(str(RUNS / "basic.dat"), starttime=start + 0.02, endtime=start + 0.04)
    assert cut[0].stats.npts == 5
