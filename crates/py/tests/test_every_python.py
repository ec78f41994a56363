"""The wheel goes into an empty environment of every Python that is at hand, and works there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

#: What a user does first, with numpy and nothing else.
FIRST_STEPS = """
import sys, tempfile, os
import numpy as np, wavekeep
from wavekeep import gnz, smurf

event = wavekeep.open("samples/M529LMOK.DK0W")
assert event["Vert"].to("mm/s").values.max().round(2) == 10.41
run = wavekeep.open("crates/smurf/tests/data/basic.dat")
counts = run.read([5, 2], raw=True)
assert counts[0, 3] == (5 * 65537 + 3 * 1001) % 2**32 - 2**31
t, phase, mask = smurf.read_stream_data("crates/smurf/tests/data/basic.dat")
assert phase.shape == (64, 20) and t.dtype == np.uint64
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "a.gnz")
    gnz.save(path, {"x": np.arange(5.0)})
    assert gnz.open(path)["x"].tolist() == [0, 1, 2, 3, 4]
    archive = wavekeep.Archive(os.path.join(folder, "archive"), create=True)
    assert archive.import_files(["samples/M529LMOK.DK0W"])["new"] == 1
try:
    wavekeep.open("README.md")
except wavekeep.Error as error:
    assert error.path == "README.md"
print(*sys.version_info[:2], wavekeep.__version__)
"""


def interpreter(minor: int) -> str | None:
    """A Python of this version: the one that runs this, on the path, or one of pyenv's."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = shutil.which(f"python3.{minor}")
    candidates = [sys.executable, *([found] if found else [])]
    candidates += [str(one / "bin/python") for one in sorted(kept.glob(f"3.{minor}.*"))]
    # A free-threaded one needs a wheel of its own.
    code = (
        "import sys, sysconfig as config; "
        "print(*sys.version_info[:2], config.get_config_var('Py_GIL_DISABLED') or 0)"
    )
    for candidate in candidates:
        run = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=False)
        if run.stdout.split() == ["3", str(minor), "0"]:
            return candidate
    return None


@pytest.mark.parametrize("minor", range(10, 16))
def test_the_wheel_works_in_an_empty_environment(minor: int, tmp_path: Path) -> None:
    python = interpreter(minor)
    if python is None:
        pytest.skip(f"Python 3.{minor} is not at hand")
    (wheel,) = (ROOT / "target/wheels").glob("wavekeep-*-abi3-*.whl")
    environment = tmp_path / "environment"
    subprocess.run([python, "-m", "venv", environment], check=True)
    inside = str(environment / ("Scripts" if os.name == "nt" else "bin") / "python")
    install = [inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    subprocess.run(install, check=True)
    run = subprocess.run(
        [inside, "-W", "error", "-c", FIRST_STEPS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split()[:2] == ["3", str(minor)]
    listed = [inside, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"]
    packages = subprocess.run(listed, check=True, capture_output=True, text=True).stdout
    names = {line.partition("==")[0].partition(" ")[0] for line in packages.splitlines()}
    assert names - {"pip", "setuptools"} == {"numpy", "wavekeep"}


def without_a_lock() -> str | None:
    """A Python that was built to run threads side by side."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    on_the_path = [shutil.which(f"python3.{minor}t") for minor in range(20, 13, -1)]
    of_pyenv = [str(one / "bin/python") for one in sorted(kept.glob("3.*t"))]
    return next((one for one in [*on_the_path, *of_pyenv] if one), None)


def test_a_wheel_of_its_own_works_in_a_free_threaded_python(tmp_path: Path) -> None:
    python = without_a_lock()
    if python is None:
        pytest.skip("no free-threaded Python is at hand")
    environment = tmp_path / "environment"
    subprocess.run([python, "-m", "venv", environment], check=True)
    inside = str(environment / ("Scripts" if os.name == "nt" else "bin") / "python")
    build = [sys.executable, "-m", "maturin", "build", "--locked", "--quiet", "--profile", "dev"]
    subprocess.run([*build, "--interpreter", inside, "--out", tmp_path], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("wavekeep-*.whl")
    install = [inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, str(wheel), "pytest"], check=True)
    # A module that needs the lock brings it back, with a warning.
    lock = "import wavekeep, sys; sys.exit(sys._is_gil_enabled())"
    subprocess.run([inside, "-W", "error", "-c", lock], cwd=ROOT, check=True)
    tests = [str(ROOT / "crates/py/tests" / f"test_{name}.py") for name in ("threads", "chain")]
    pytest_run = [inside, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(pytest_run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
