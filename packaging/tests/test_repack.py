"""A wheel that is compressed anew is the same wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from conftest import ROOT


def test_a_wheel_is_smaller_with_the_same_members_and_modes(tmp_path: Path) -> None:
    wheel = tmp_path / "x-1-py3-none-any.whl"
    text = "\n".join(f"{n}: {n * n}" for n in range(20_000))
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as members:
        program = zipfile.ZipInfo("x-1.data/scripts/x", (2026, 5, 1, 0, 0, 0))
        program.external_attr, program.compress_type = 0o100755 << 16, zipfile.ZIP_DEFLATED
        members.writestr(program, text)
        members.writestr("x/__init__.py", "")
        members.writestr("x-1.dist-info/RECORD", "x/__init__.py,,\n")
    before, size = seen(wheel), wheel.stat().st_size
    subprocess.run([sys.executable, ROOT / "packaging/repack.py", wheel], check=True)
    assert seen(wheel) == before
    assert wheel.stat().st_size < size
    assert list(tmp_path.iterdir()) == [wheel]


def seen(wheel: Path) -> list[tuple[str, tuple[int, ...], int, bytes]]:
    with zipfile.ZipFile(wheel) as members:
        assert members.testzip() is None
        every = members.infolist()
        return [(one.filename, one.date_time, one.external_attr, members.read(one)) for one in every]
