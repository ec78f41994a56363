"""Recordings go to other processes, wherever these are."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from joblib import Parallel, delayed
from numpy.testing import assert_array_equal

import wavekeep
from conftest import BLAST, GNZ, SAMPLES
from test_events import event


def largest(channel: Any) -> float:
    return float(np.abs(channel).max())


def elsewhere(recording: Any, key: Any) -> Any:
    os.chdir("/")
    return np.asarray(recording[key]).sum()


def test_channels_are_worked_on_in_other_processes() -> None:
    rec = event(BLAST)
    channels = [rec[name].to(unit) for name, unit in (("Tran", "mm/s"), ("Vert", "SI"), ("MicL", "dB"))]
    found = Parallel(n_jobs=2)(delayed(largest)(one) for one in channels)
    assert found == [largest(one) for one in channels]


def test_recordings_that_were_opened_by_a_relative_path_open_anywhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(SAMPLES)
    rec = wavekeep.open(BLAST.name)
    part = wavekeep.open(BLAST.name)
    assert isinstance(part, wavekeep.Event)
    part = part.to("mm/s").select(["Vert"], time=(0, 1))
    monkeypatch.chdir(GNZ)
    file = wavekeep.open("typical.gnz")
    monkeypatch.chdir(tmp_path)
    wavekeep.Archive("archive", create=True).import_files([BLAST])
    archive = wavekeep.Archive("archive")
    (id,) = archive
    kept = archive[id]
    tasks = [(rec, "Vert"), (part, "Vert"), (file, "Tran"), (kept, "MicL")]
    found = Parallel(n_jobs=2)(delayed(elsewhere)(*task) for task in tasks)
    assert found == [np.asarray(one[key]).sum() for one, key in tasks]
    texts = [pickle.dumps(one) for one in (rec, part, file, kept, archive)]
    monkeypatch.chdir("/")
    again = [pickle.loads(text) for text in texts]
    assert_array_equal(again[1].data, part.data)
    assert again[1].units == {"Vert": "mm/s"} and len(again[4]) == 1
