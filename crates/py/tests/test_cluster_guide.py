"""The examples of docs/cluster.md run as they stand; Dask's hosts are network namespaces."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import wavekeep
from conftest import ROOT, SAMPLES, counts_of, make_run
from control_port import free_port
from program import program, token

PAGE = (ROOT / "docs/cluster.md").read_text()
ADDRESSES = {"host-a": "10.11.12.1", "host-b": "10.11.12.2"}


def section(heading: str) -> str:
    """The text under a heading of the second level."""
    return re.split(r"^## ", PAGE, flags=re.MULTILINE)[[*_headings()].index(heading) + 1]


def _headings() -> Iterator[str]:
    yield from re.findall(r"^## (.*)$", PAGE, flags=re.MULTILINE)


def code(heading: str) -> list[str]:
    """The Python of a section that is run here."""
    return re.findall(r"^```python\n(.*?)^```$", section(heading), flags=re.MULTILINE | re.DOTALL)


def commands(heading: str) -> list[tuple[str, list[str]]]:
    """The commands of a section, and the host of each."""
    (block,) = re.findall(r"^```console\n(.*?)^```$", section(heading), flags=re.MULTILINE | re.DOTALL)
    pairs = (line.split("$ ", 1) for line in block.splitlines())
    return [(host, shlex.split(command)) for host, command in pairs]


@pytest.fixture(name="data")
def made_data(tmp_path: Path) -> Path:
    """What the page calls /data."""
    make_run(tmp_path / "run.dat", counts_of(range(4), range(100)))
    wavekeep.Archive(tmp_path / "fleet", create=True).import_files([SAMPLES])
    return tmp_path


def python(source: str, data: Path, *before: str) -> str:
    """What the source prints, in a process of its own; an environment of the page is this one."""
    # A file, since Spark's client looks for an installed Spark where it is given a program by -c.
    (data / "example.py").write_text(source.replace("/data/", f"{data}/"))
    command = [*before, sys.executable, "-W", "ignore::FutureWarning", str(data / "example.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running(command: list[str], *before: str) -> Iterator[subprocess.Popen[str]]:
    """A program of this environment, until the end."""
    path = Path(sys.executable).parent / command[0]
    started = [*before, str(path if path.exists() else command[0]), *command[1:]]
    process = subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def line_with(process: subprocess.Popen[str], text: str) -> None:
    """Waits for a line that a program prints."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if text in line:
            return
    pytest.fail("".join(seen))


def test_every_block_of_the_page_is_run_or_says_why_not() -> None:
    marks = re.findall(r"^```(\w.*)$", PAGE, flags=re.MULTILINE)
    kinds = {mark if mark in ("python", "console") else mark.split(":")[0] for mark in marks}
    assert kinds == {"python", "console", "python no-run"}
    run = sum(len(code(heading)) for heading in ("One machine", "Dask on two hosts", "Sail and Spark"))
    assert run == sum(mark == "python" for mark in marks)


def test_one_machine(data: Path) -> None:
    engines, arrow = code("One machine")
    highest = wavekeep.open_stream(data / "run.dat").read(3, (0, 50)).max()
    assert python(engines, data).count(str(highest)[:8]) == 3
    waveforms = len(wavekeep.Archive(data / "fleet").query(kind="waveform"))
    printed = python(arrow, data)
    assert printed.startswith(f"{waveforms} events") and int(printed.split()[-1]) > 0


def test_sail(data: Path) -> None:
    ((_, command),) = commands("Sail and Spark")
    (source,) = code("Sail and Spark")
    port = str(free_port())
    with running([port if word == "50051" else word for word in command]) as server:
        line_with(server, "Starting the Spark Connect server")
        printed = python(source.replace("50051", port), data)
    assert printed.count("| ") > 4 and "BE11529" in printed


@contextmanager
def hosts() -> Iterator[dict[str, list[str]]]:
    """Two network namespaces with a cable between them: what to write before a command of each."""
    names = {host: f"wavekeep-{host[-1]}-{os.getpid()}" for host in ADDRESSES}

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    with ExitStack() as undo:
        for name in names.values():
            ip("netns", "add", name)
            undo.callback(subprocess.run, ["ip", "netns", "del", name], check=False)
        a, b = names.values()
        ends = (f"wka{os.getpid()}", f"wkb{os.getpid()}")
        ip("link", "add", ends[0], "netns", a, "type", "veth", "peer", "name", ends[1], "netns", b)
        for (host, name), end in zip(names.items(), ends):
            ip("-n", name, "addr", "add", f"{ADDRESSES[host]}/24", "dev", end)
            ip("-n", name, "link", "set", end, "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield {host: ["ip", "netns", "exec", name] for host, name in names.items()}


def may_make_hosts() -> bool:
    """Whether this user may make network namespaces."""
    try:
        with hosts():
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def test_dask_on_two_hosts(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not may_make_hosts():
        pytest.skip("network namespaces need root and the program ip")
    (source,) = code("Dask on two hosts")
    monkeypatch.setenv("WAVEKEEP_TOKEN", token(data / "fleet"))
    archive = ["serve", "--json", "--listen", "10.11.12.1:8080", "--archive", str(data / "fleet")]
    with ExitStack() as stack:
        before = stack.enter_context(hosts())
        server = stack.enter_context(running([program(), *archive], *before["host-a"]))
        line_with(server, "listening")
        # Workers ask until the scheduler answers.
        scheduler, *workers = (
            stack.enter_context(running(command, *before[host]))
            for host, command in commands("Dask on two hosts")
        )
        line_with(scheduler, "Scheduler at")
        for worker in workers:
            line_with(worker, "Registered to")
        printed = python(source, data, *before["host-a"])
    largest = wavekeep.open_stream(data / "run.dat").read(3).max()
    assert re.search(rf"^3 +{largest:.3f}", printed, flags=re.MULTILINE), printed
    assert "BE11529" in printed
