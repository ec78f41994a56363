"""Times of frames in the types of numpy: 64 bits of any value, where `datetime64[ns]` has 63."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wavekeep
from conftest import frame, record
from wavekeep import _stream_times

LAST = 2**63 - 1
ANY_TIME = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, LAST - 1, LAST, LAST + 1, 2**64 - 1])


@given(st.lists(ANY_TIME))
def test_a_time_that_no_date_has_is_not_a_time(times: list[int]) -> None:
    found = _stream_times.moments(np.array(times, np.uint64))
    assert found.dtype == "M8[ns]"
    for stated, date in zip(times, found):
        if stated > LAST:
            assert np.isnat(date)
        else:
            assert date == np.datetime64(stated, "ns")


@given(ANY_TIME, st.lists(ANY_TIME))
def test_seconds_are_the_difference_of_any_two_times(first: int, times: list[int]) -> None:
    found = _stream_times.seconds_from(first, np.array(times, np.uint64))
    np.testing.assert_allclose(found, [(time - first) / 1e9 for time in times], rtol=1e-15)


@pytest.mark.parametrize("second", [LAST, LAST + 1, 2**64 - 1])
@pytest.mark.parametrize("first", [0, 1_700_000_000_000_000_000, LAST, LAST + 1, 2**64 - 1])
def test_a_run_is_shown_and_handed_on_whatever_time_its_frames_state(
    first: int, second: int, tmp_path: Path
) -> None:
    samples = np.arange(4, dtype=np.int32)
    path = tmp_path / "late.dat"
    path.write_bytes(record(frame(samples, 0, first)) + record(frame(samples, 20, second)))
    run = wavekeep.open_stream(path)
    times = run.time_ns.tolist()
    assert times[0] == first
    beyond = [time > LAST for time in times]
    assert np.isnat(run.times).tolist() == beyond
    assert run.t.tolist() == [0.0, (times[1] - first) / 1e9]
    assert ("past the year 2262" in run._repr_html_()) == beyond[0]
    table: Any = run.to_arrow()
    assert table["time"].is_null().to_pylist() == beyond
    assert np.isnat(run.to_xarray()["time"].values).tolist() == beyond
    assert run.to_pandas().index.isna().tolist() == beyond
    with pytest.raises(wavekeep.Error, match="ends before it begins|no frame lies in time"):
        run.read(time=(np.datetime64("1970-01-01T00:00:00.1"), np.datetime64("1970-01-01T00:00:00.1")))
