"""GNZ through numpy.memmap and the header's offsets, and what its Python writer makes of arrays."""

import json
import runpy
from pathlib import Path

import numpy

MODEL = Path(__file__).parent.parent / "crates/gnz/tests/python/model.py"
CHECKSUMS = "gnz.crc32c"

write = runpy.run_path(str(MODEL))["gnz"]


def read(path):
    """The arrays in the order of the file, as (name, array, order), and the metadata."""
    with open(path, "rb") as file:
        assert file.read(4) == b"GNZ1"
        header = json.loads(file.read(int.from_bytes(file.read(4), "little")))
    assert header["version"] == 1
    found = []
    # Names of arrays without bytes share the offset of the next: they come in the text's order.
    for name, entry in sorted(header["arrays"].items(), key=lambda item: item[1]["offset"]):
        assert entry["offset"] % 4096 == 0
        dtype, shape = numpy.dtype(entry["dtype"]), tuple(entry["shape"])
        if 0 in shape:
            array = numpy.empty(shape, dtype, order=entry["order"])
        else:
            array = numpy.memmap(path, dtype, "r", entry["offset"], shape, entry["order"])
        found.append((name, array, entry["order"]))
    return found, header["metadata"]
