"""Compresses wheels anew, as small as deflate can be: by libdeflate, which saves 3 % over zlib's best.

    python packaging/repack.py target/wheels/*.whl
"""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import deflate

LEVEL = 12


class Smallest:
    """One member of a zip file, compressed as a whole."""

    def __init__(self) -> None:
        self.all = bytearray()

    def compress(self, some: bytes) -> bytes:
        self.all += some
        return b""

    def flush(self) -> bytes:
        return bytes(deflate.deflate_compress(self.all, LEVEL))


def repack(wheel: Path) -> None:
    aside = wheel.with_suffix(".part")
    with zipfile.ZipFile(wheel) as before, zipfile.ZipFile(aside, "w") as after:
        for info in before.infolist():
            new = zipfile.ZipInfo(info.filename, info.date_time)
            new.external_attr, new.compress_type = info.external_attr, zipfile.ZIP_DEFLATED
            with after.open(new, "w") as member:
                # zipfile has no place to name another encoder.
                member._compressor = Smallest()  # type: ignore[attr-defined]
                member.write(before.read(info))
    with zipfile.ZipFile(wheel) as before, zipfile.ZipFile(aside) as after:
        # Reading compares the checksums too.
        same = before.namelist() == after.namelist() and all(
            before.read(name) == after.read(name) for name in before.namelist()
        )
        assert same, f"{wheel}: it would not be the same"
    print(f"{wheel.name}: {wheel.stat().st_size:,} → {aside.stat().st_size:,} bytes")
    os.replace(aside, wheel)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        repack(Path(name))
