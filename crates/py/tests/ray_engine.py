"""Ray gives the answers of direct reads. In an environment of its own, by `make test-ray`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray

import wavekeep
from conftest import ROOT, SAMPLES, counts_of, make_run
from wavekeep import scan

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


@pytest.fixture(name="_cluster", scope="module", autouse=True)
def started_cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def test_a_part_is_a_read_task(tmp_path: Path) -> None:
    run = make_run(tmp_path / "r.dat", counts_of(range(4), range(100)))
    blocks: Any = scan.open(run, blockframes=16, raw=True).to_ray()
    rows = blocks.take_all()
    assert len(rows) == 4 * 7
    for row in rows:
        first = row["first_frame"]
        assert (
            list(row["samples"])
            == counts_of([row["channel"]], range(first, min(first + 16, 100)))[0].tolist()
        )


def test_columns_and_types_are_those_of_the_scan(tmp_path: Path) -> None:
    archive = wavekeep.Archive(tmp_path, create=True)
    archive.import_files([SAMPLES])
    events = scan.open(archive)
    data: Any = events.to_ray()
    assert data.count() == len(archive)
    assert data.schema().base_schema.equals(events.schema, check_metadata=False)


def test_an_empty_archive_has_no_rows(tmp_path: Path) -> None:
    data: Any = scan.open(wavekeep.Archive(tmp_path, create=True), "samples").to_ray()
    assert data.count() == 0


def test_the_example_of_the_page_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(tmp_path / "run.dat", counts_of(range(16), range(30)))
    page = (ROOT / "docs/cluster.md").read_text()
    (source,) = re.findall(
        r"^## Ray\n.*?^```python[^\n]*\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL
    )
    exec(source.replace("/data/run.dat", str(run)).replace("ray.init()", ""), {})
    assert len(re.findall(r"^\d+ ", capsys.readouterr().out, flags=re.MULTILINE)) == 16
