"""A lake has the events of its archive, whatever happens to the archive and to the exporter."""

import os

import pytest
from readers import DELTA, PLAIN, assert_equal, by_sail, delta_by_sail

CHANGES = int(os.environ.get("WAVEKEEP_LAKE_CHANGES", "30"))


@pytest.mark.parametrize(
    "options, readers, last",
    [([], PLAIN, by_sail), (["--delta"], DELTA, delta_by_sail)],
)
def test_every_reader_finds_the_events_of_the_archive_after_any_changes_and_kills(
    fleet, options, readers, last
):
    lake, changes = fleet.folder / "lake", 0
    while changes < CHANGES:
        for _ in range(fleet.random.randrange(1, 4)):
            fleet.change()
            changes += 1
        if fleet.random.random() < 0.4:
            fleet.export_killed(lake, *options)
            continue
        fleet.export(lake, *options)
        truth = fleet.events()
        if truth is not None:
            reader = fleet.random.choice(readers)
            assert_equal(reader(lake), truth, f"after {changes} changes, {reader.__name__}")
    fleet.export(lake, *options)
    for reader in [*readers, last]:
        assert_equal(reader(lake), fleet.events(), reader.__name__)


def test_versions_of_the_table_are_the_archive_as_it_was(fleet):
    import deltalake

    lake, truths = fleet.folder / "lake", []
    for _ in range(5):
        fleet.export(lake, "--delta")
        truths.append(fleet.events())
        fleet.reviewed()
    for version, truth in enumerate(truths):
        table = deltalake.DeltaTable(lake / "events", version=version)
        assert_equal(table.to_pyarrow_table(), truth, f"version {version}")


def test_a_checkpoint_stands_for_the_commits_before_it(fleet):
    lake, log = fleet.folder / "lake", fleet.folder / "lake" / "events" / "_delta_log"
    while not list(log.glob("*.checkpoint.parquet")):
        fleet.reviewed()
        fleet.export(lake, "--delta")
    for reader in [*DELTA, delta_by_sail]:
        assert_equal(reader(lake), fleet.events(), reader.__name__)
    version = len(list(log.glob("*.json"))) - 1
    for commit in log.glob("*.json"):
        # As they are deleted when they are old enough.
        if int(commit.stem) < version:
            commit.unlink()
    for reader in [*DELTA, delta_by_sail]:
        assert_equal(reader(lake), fleet.events(), reader.__name__)
    fleet.reviewed()
    fleet.export(lake, "--delta")
    for reader in DELTA:
        assert_equal(reader(lake), fleet.events(), reader.__name__)
