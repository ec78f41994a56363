"""`watch --lake` and `serve --lake` keep a lake up to date beside their work."""

import json
import shutil
import signal
import time
import urllib.request

from readers import assert_equal, by_duckdb

from conftest import SAMPLES


def until(condition, process, seconds=60):
    """Waits until something holds; how long that takes is not judged."""
    for _ in range(seconds * 20):
        if found := condition():
            return found
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError("it does not hold")


def events_of(lake):
    """How many events the lake has; none where it is being written for the first time."""
    try:
        return by_duckdb(lake).num_rows
    except Exception:
        return 0


def end(process):
    process.send_signal(signal.SIGTERM)
    out, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    return out, complaint


def test_a_watcher_brings_what_it_imports_into_the_lake(fleet):
    lake, calls = fleet.folder / "lake", fleet.folder / "calls"
    calls.mkdir()
    process = fleet.start(
        *("watch", calls, "--settle", "0", "--rescan", "0.2", "--json"),
        *("--lake", lake, "--lake-delay", "0.1"),
    )
    before = len(fleet.ids)
    until(lambda: events_of(lake) == before, process)
    shutil.copy(SAMPLES / "M529LIY6.N00", calls)
    until(lambda: events_of(lake) == before + 1, process)
    fleet.removed()
    until(lambda: events_of(lake) == before, process)
    out, _ = end(process)
    updates = [json.loads(line) for line in out.splitlines() if '"lake"' in line]
    assert updates[0]["update"]["events"] == before
    assert_equal(by_duckdb(lake), fleet.events())


def test_a_watcher_that_ends_by_itself_updates_the_lake_before(fleet):
    lake, calls = fleet.folder / "lake", fleet.folder / "calls"
    calls.mkdir()
    shutil.copy(SAMPLES / "M529LIY6.N00", calls)
    fleet.run("watch", calls, "--once", "--settle", "0", "--lake", lake)
    assert_equal(by_duckdb(lake), fleet.events())


def answer(url, path, **more):
    request = urllib.request.Request(url + path, **more)
    with urllib.request.urlopen(request, timeout=60) as answered:
        return answered.read().decode()


def serving(fleet, *options):
    process = fleet.start("serve", "--listen", "127.0.0.1:0", "--json", *options)
    return process, json.loads(process.stdout.readline())["listening"]


def test_a_server_keeps_the_lake_up_to_date_and_says_so(fleet):
    lake = fleet.folder / "lake"
    process, address = serving(fleet, "--lake", lake, "--lake-delay", "0.1")
    url = f"http://{address}"
    until(lambda: events_of(lake) == len(fleet.ids), process)
    until(lambda: json.loads(answer(url, "/health"))["checks"]["lake"] == "ok", process)
    fleet.reviewed()
    until(lambda: any(by_duckdb(lake)["reviewed_at"].to_pylist()), process)
    metrics = answer(url, "/metrics")
    assert f"wavekeep_lake_events {len(fleet.ids)}" in metrics
    assert "wavekeep_lake_failures_total 0" in metrics
    end(process)
    assert_equal(by_duckdb(lake), fleet.events())


def test_a_lake_that_fails_holds_up_no_review_and_is_tried_again(fleet):
    lake = fleet.folder / "lake"
    # Something is in the way.
    lake.write_text("no folder")
    process, address = serving(fleet, "--lake", lake, "--lake-delay", "0.1")
    url = f"http://{address}"
    says = "not up to date: the server's log says why"
    until(lambda: json.loads(answer(url, "/health"))["checks"]["lake"] == says, process)
    assert json.loads(answer(url, "/health"))["status"] == "ok"
    fleet.reviewed()
    lake.unlink()
    until(lambda: events_of(lake) == len(fleet.ids), process)
    until(lambda: json.loads(answer(url, "/health"))["checks"]["lake"] == "ok", process)
    assert "wavekeep_lake_failures_total 0" not in answer(url, "/metrics")
    _, complaint = end(process)
    assert f"the lake is not up to date: {lake}" in complaint
    assert_equal(by_duckdb(lake), fleet.events())
