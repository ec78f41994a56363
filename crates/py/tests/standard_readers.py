"""What other laboratories' software makes of a run: pysmurf, and the timing of sotodlib.

Both are taken from PyPI as they are. What they need of a system that nobody has here, Rogue and the
containers of spt3g, is stood in for by empty modules: none of it is used by what is called.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import multiprocessing.context
import multiprocessing.forkserver
import os
import sys
import types
import warnings
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np


@cache
def pysmurf() -> Any:
    """pysmurf's client without a system (`pysmurf-slac`; the package `pysmurf` is another one)."""
    with warnings.catch_warnings(), silent():
        # It says that there is no Rogue.
        warnings.simplefilter("ignore")
        client = importlib.import_module("pysmurf.client")
        return client.SmurfControl(offline=True)


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """pysmurf prints what it does."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def read_stream_data(*arguments: Any, **options: Any) -> Any:
    """pysmurf's."""
    with silent():
        return pysmurf().read_stream_data(*arguments, **options)


class Crashed(Exception):
    """The process of a reader died."""


def read_apart(path: str, fast: bool) -> Any:
    """pysmurf's, in a process of its own, which may die: the fast reader counts records first, then
    reads them, and writes outside of its arrays where it then finds more."""
    context = _processes()
    ours, theirs = context.Pipe(duplex=False)
    reader = context.Process(target=_read_and_send, args=(theirs, path, fast))
    reader.start()
    theirs.close()
    try:
        result = ours.recv() if ours.poll(60) else Crashed("it does not end")
    except EOFError:
        result = Crashed("it died")
    finally:
        reader.kill()
        reader.join()
    if isinstance(result, Exception):
        raise result
    return result


@cache
def _processes() -> multiprocessing.context.ForkServerContext:
    """Makes processes that have pysmurf loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pysmurf_loaded"])
    # The server of Python 3.11 knows no other path to its modules.
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    try:
        multiprocessing.forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return context


def _read_and_send(to: Any, path: str, fast: bool) -> None:
    try:
        result = read_stream_data(path, fast_reader=fast)
    except Exception as error:
        result = error
    to.send(result)
    # What is done at an ordinary end may trip over what was overwritten.
    os._exit(0)


def stream_reader(path: Path) -> tuple[list[Any], list[Any], dict[str, Any]]:
    """Headers, samples and configuration by pysmurf's SmurfStreamReader."""
    module = importlib.import_module("pysmurf.client.util.SmurfFileReader")
    with silent(), module.SmurfStreamReader(str(path), metaEnable=True) as reader:
        records = list(reader.records())
    return [header for header, _ in records], [data for _, data in records], reader.configDict


class _Vectors:
    """The columns of a frame of spt3g, as far as they are asked for."""

    def __init__(self, **columns: Any) -> None:
        self.names, self.data = list(columns), list(columns.values())


@cache
def _bookbinder() -> Any:
    folder = Path(str(distribution("sotodlib").locate_file("sotodlib")))
    packages = {
        name: types.ModuleType(name)
        for name in ("sotodlib", "sotodlib.io", "so3g", "so3g.proj", "spt3g", "spt3g.core")
    }
    # The packages themselves bring in all that the observatory uses.
    packages["sotodlib"].__path__ = [str(folder)]
    packages["sotodlib.io"].__path__ = [str(folder / "io")]
    setattr(packages["so3g.proj"], "Ranges", None)
    setattr(packages["spt3g"], "core", packages["spt3g.core"])
    files = types.ModuleType("sotodlib.io.datapkg_utils")
    setattr(files, "walk_files", None)
    packages[files.__name__] = files
    before = {name: sys.modules.get(name) for name in packages}
    sys.modules.update(packages)
    try:
        return importlib.import_module("sotodlib.io.bookbinder")
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def timing_by_sotodlib(counter_0: Any, counter_2: Any) -> Any:
    """Times in seconds by the timing system, or `None` where sotodlib does not trust it."""
    module = _bookbinder()
    columns = _Vectors(Counter0=counter_0.astype(np.int64), Counter2=counter_2.astype(np.int64))
    try:
        trusted, times = module.get_frame_times({"primary": columns})
    except module.TimingCounterError:
        return None
    assert trusted
    return times
