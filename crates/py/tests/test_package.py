"""The package as a whole: light to import, typed, documented; every example runs."""

from __future__ import annotations

import ast
import doctest
import inspect
import json
import re
import subprocess
import sys
import warnings
from importlib.metadata import entry_points, metadata
from pathlib import Path
from typing import Any

import nbformat
import pandas
import pytest

import wavekeep
from conftest import ROOT
from epics_lab import environment
from wavekeep import _wavekeep, epics

NOTEBOOKS = sorted((ROOT / "docs/python").glob("*.ipynb"))


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_numpy_is_all_that_is_imported() -> None:
    code = "import sys, wavekeep; print(*sorted(m.partition('.')[0] for m in sys.modules))"
    loaded = set(python("-c", code).stdout.split())
    heavy = {"xarray", "pandas", "pyarrow", "obspy", "matplotlib", "tqdm", "scipy", "h5py"}
    heavy |= {"caproto", "p4p", "zmq"}
    assert "numpy" in loaded and not loaded & heavy


def test_a_package_that_is_missing_is_named_with_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['xarray'] = None\n"
        "import wavekeep\n"
        "wavekeep.open('samples/M529LMOK.DK0W').to_xarray()"
    )
    run = python("-c", code)
    assert "MissingLibraryError: to_xarray needs xarray: pip install 'wavekeep[xarray]'" in run.stderr


def test_progress_does_without_tqdm() -> None:
    code = (
        "import sys; sys.modules['tqdm'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'tqdm' else find(name, *rest)\n"
        "import wavekeep\n"
        "wavekeep.open('crates/smurf/tests/data/split.dat').read(progress=True)"
    )
    run = python("-c", code)
    assert (run.returncode, run.stdout) == (0, "") and "100 % of 40 frames" in run.stderr


def test_a_defect_in_rust_is_an_error_that_asks_for_a_report(capfd: Any) -> None:
    with pytest.raises(wavekeep.InternalError, match="as asked for; please report it"):
        _wavekeep._panic()  # type: ignore[attr-defined]
    capfd.readouterr()


def test_the_package_says_that_it_has_types() -> None:
    assert Path(str(wavekeep.__file__)).with_name("py.typed").exists()


def test_the_stubs_say_what_is_there() -> None:
    found = python(
        "-m", "mypy.stubtest", "wavekeep._wavekeep", "--allowlist", "crates/py/tests/stubs.txt"
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_everything_public_is_documented() -> None:
    for module in (wavekeep, wavekeep.gnz, wavekeep.smurf, epics):
        assert module.__doc__
        for name in module.__all__:
            thing = getattr(module, name)
            assert thing.__doc__, name
            if isinstance(thing, type):
                for member, value in vars(thing).items():
                    inherited = any(
                        getattr(getattr(base, member, None), "__doc__", None)
                        for base in thing.__mro__
                    )
                    public = not member.startswith("_") and (
                        callable(value) or isinstance(value, property)
                    )
                    assert inherited or not public, f"{name}.{member}"


def test_what_of_streams_takes_arguments_says_which_and_shows_how() -> None:
    smurf = wavekeep.smurf
    things: list[Any] = [wavekeep.open, smurf.frames, smurf.read_stream_data]
    for kind in (wavekeep.Stream, smurf.Chain, smurf.DataWriter, smurf.BridgeSource):
        of_kind = [base for base in kind.__mro__ if base.__name__ in (kind.__name__, "Facts")]
        things += [
            member
            for base in of_kind
            for name, member in vars(base).items()
            if inspect.isfunction(member) and not name.startswith("_")
        ]
    for thing in things:
        if set(inspect.signature(thing).parameters) - {"self"}:
            for part in ("Parameters", "Examples", ">>>"):
                assert part in (thing.__doc__ or ""), f"{thing.__qualname__}: {part}"
    assert len(things) > 25


def test_the_examples_of_the_page_run() -> None:
    for page, examples in (("docs/python/README.md", 10), ("README.md", 4)):
        failed, tried = doctest.testfile(str(ROOT / page), module_relative=False)
        assert (failed, tried >= examples) == (0, True), page


def test_the_example_of_epics_runs() -> None:
    # By itself: clients and servers have the ports of their environment.
    code = (
        "import doctest, sys\n"
        "page = 'docs/python/epics.md'\n"
        "failed, tried = doctest.testfile(page, False, optionflags=doctest.ELLIPSIS)\n"
        "sys.exit(failed or tried < 8)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_runs_and_carries_what_its_cells_show(path: Path) -> None:
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    namespace: dict[str, Any] = {"__name__": path.stem}
    # As wide as in a notebook.
    widths = pandas.option_context("display.max_columns", 20, "display.width", 80)
    with warnings.catch_warnings(), widths:
        # Agg has no screen to show on.
        warnings.filterwarnings("ignore", message=".*non-interactive.*")
        for number, cell in enumerate(notebook.cells):
            if cell.cell_type == "code":
                value = shown(cell.source, f"{path.name}, cell {number}", namespace)
                results = [it for it in cell.outputs if it.output_type == "execute_result"]
                assert bool(results) == (value is not None), (number, cell.source)
                for result in results:
                    # Line ends are those of the program that shows it; ObsPy has a text for notebooks.
                    plain = [result.data["text/plain"], repr(value), str(value)]
                    held, *texts = (re.sub(r"\s+", "", it) for it in plain)
                    assert held in texts, number


def shown(source: str, name: str, namespace: dict[str, Any]) -> Any:
    """Runs a cell; gives the value of the expression that it ends with."""
    tree = ast.parse(source)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, name, "exec"), namespace)
        return None
    tree.body.pop()
    exec(compile(tree, name, "exec"), namespace)
    value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)
    return None if source.rstrip().endswith(";") else value


def test_the_notebooks_have_pictures() -> None:
    texts = [path.read_text() for path in NOTEBOOKS]
    assert any("image/png" in text for text in texts)
    assert all("<svg" in text or "image/png" in text or "<table" in text for text in texts)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_cells_of_a_notebook_were_run_in_order(path: Path) -> None:
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_the_notebooks_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in NOTEBOOKS}
    assert max(sizes.values()) < 250_000, sizes


def test_there_is_a_notebook_for_each_kind_of_user() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["analyst", "detector_lab", "vibration_consultant"]
    for path in NOTEBOOKS:
        assert not re.search(r"/(home|root|work|tmp)/", path.read_text())
        assert path.name in (ROOT / "docs/python/README.md").read_text()


def test_the_reference_is_built_and_needs_no_network(tmp_path: Path) -> None:
    formatted = ("--docformat", "numpy", "--output-directory", str(tmp_path))
    built = python("-m", "pdoc", *formatted, "wavekeep", "wavekeep.epics", "wavekeep.scan")
    assert built.returncode == 0, built.stderr
    pages = {page.name: page.read_text() for page in tmp_path.rglob("*.html")}
    assert {"wavekeep.html", "gnz.html", "smurf.html", "epics.html"} <= set(pages)
    for name, page in pages.items():
        assert not re.search(r'(src|href)="https?://[^"]*\.(js|css|woff2?)"', page), name
    assert "read_stream_data" in pages["smurf.html"]


def test_the_package_says_what_it_is() -> None:
    facts = metadata("wavekeep")
    assert facts["Version"] == wavekeep.__version__ and facts["Requires-Python"] == ">=3.10"
    needed = [line for line in facts.get_all("Requires-Dist") or [] if "extra ==" not in line]
    assert needed == ["numpy>=1.25"]
    plugins = {point.name for point in entry_points(group="obspy.plugin.waveform")}
    assert {"BLASTWARE", "THOR", "SMURF"} <= plugins
    assert "wavekeep" in {point.name for point in entry_points(group="xarray.backends")}


def test_the_version_is_the_workspaces() -> None:
    manifest = (ROOT / "Cargo.toml").read_text()
    assert f'version = "{wavekeep.__version__}"' in manifest
    assert json.dumps(wavekeep.__version__)
