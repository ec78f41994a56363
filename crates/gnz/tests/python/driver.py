"""Random GNZ files for `tests/python.rs`: makes inputs, then judges outputs.

    driver.py make SEED COUNT          prints one input a line, as JSON
    driver.py judge SEED COUNT FOLDER  compares FOLDER/<number>.gnz with the model,
                                       and reads them with numpy.memmap
"""

import json
import math
import random
import struct
import sys
from pathlib import Path

import numpy as np
from model import gnz

DTYPES = (
    "|b1 |i1 |u1 <i2 >i2 <u2 <i4 >u4 <i8 >i8 <u8 <f2 >f2 <f4 >f4 <f8 >f8 <c8 >c8 <c16 "
    "|S1 |S10 <U1 <U5 >U3 |V7 <M8[ns] <M8[D] >M8[25s] <m8[us] <m8"
).split()


def random_text(rng):
    kind = rng.random()
    if kind < 0.4:
        return "".join(rng.choice("abcXYZ019_- ./") for _ in range(rng.randrange(12)))
    if kind < 0.5:
        return "".join(map(chr, (rng.randrange(0, 0x100) for _ in range(rng.randrange(8)))))
    points = (rng.choice([rng.randrange(0x20), rng.randrange(0xD800), rng.randrange(0xE000, 0x110000)]) for _ in range(rng.randrange(8)))
    return "".join(map(chr, points))


def random_float(rng):
    kind = rng.random()
    if kind < 0.3:
        return struct.unpack("<d", rng.randbytes(8))[0]
    if kind < 0.5:
        return rng.choice([-1, 1]) * 10.0 ** rng.randrange(-25, 25)
    if kind < 0.7:
        return math.ldexp(rng.choice([1.0, 1.5, -1.0, 1.0 - 2.0**-53]), rng.randrange(-1074, 1023))
    if kind < 0.8:
        return float(rng.randrange(-(2**70), 2**70))
    if kind < 0.9:
        return round(rng.uniform(-1000, 1000), rng.randrange(8))
    return rng.choice([0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1e16, 1e-5, 9999999999999998.0])


def random_value(rng, depth):
    kind = rng.random()
    if depth and kind < 0.15:
        return [random_value(rng, depth - 1) for _ in range(rng.randrange(5))]
    if depth and kind < 0.3:
        return random_object(rng, depth - 1)
    if kind < 0.5:
        return random_float(rng)
    if kind < 0.65:
        return rng.randrange(-(2 ** rng.randrange(1, 300)), 2 ** rng.randrange(1, 300))
    if kind < 0.7:
        return rng.choice([None, True, False, 2**63, -(2**63), 2**63 - 1, -(2**63) - 1, 2**64, 0])
    text = random_text(rng)
    if kind < 0.75:
        # As the names of files that are not UTF-8 come.
        at = rng.randrange(len(text) + 1)
        text = text[:at] + chr(rng.randrange(0xD800, 0xE000)) + text[at:]
    return text


def random_object(rng, depth):
    return {random_text(rng): random_value(rng, depth) for _ in range(rng.randrange(6))}


def random_array(rng):
    dtype = np.dtype(rng.choice(DTYPES))
    shape = [rng.choice([0, 1, 1, 2, 3, 5, 17]) if rng.random() < 0.2 else rng.randrange(1, 7) for _ in range(rng.randrange(5))]
    count = math.prod(shape)
    if dtype.kind == "U":
        points = [rng.choice([0, 0x41, 0xE9, 0x1F30D]) for _ in range(count * dtype.itemsize // 4)]
        data = struct.pack(f"{dtype.byteorder if dtype.byteorder != '=' else '<'}{len(points)}I", *points)
    else:
        data = rng.randbytes(count * dtype.itemsize)
    order = "F" if rng.random() < 0.15 else "C"
    array = np.ndarray(tuple(shape), dtype, bytearray(data) or bytearray(1), order=order)
    return array, order


def case(seed, number):
    """The same input whenever it is asked for."""
    rng = random.Random(f"{seed}/{number}")
    metadata = random_object(rng, 4)
    names = list({random_text(rng): None for _ in range(rng.randrange(6))})
    if number % 50 == 0:
        names = [f"channel-{n}" for n in range(rng.randrange(30, 60))]
    arrays = [(name, *random_array(rng)) for name in names]
    if number % 3 == 0:
        # Headers whose end falls near a page's end.
        length = len(gnz(arrays, {**metadata, "pad": ""}).split(b', "version": 1}')[0]) + 15
        pages = rng.randrange(1, 26)
        metadata["pad"] = "x" * max(0, 4096 * pages - length + rng.randrange(-60, 60))
    return arrays, metadata


def make(seed, count):
    for number in range(count):
        arrays, metadata = case(seed, number)
        line = {
            "metadata": metadata,
            "arrays": [
                {
                    "name": name,
                    "dtype": array.dtype.str,
                    "order": order,
                    "shape": array.shape,
                    "data": array.tobytes(order=order).hex(),
                }
                for name, array, order in arrays
            ],
        }
        print(json.dumps(line))


def judge(seed, count, folder):
    for number in range(count):
        arrays, metadata = case(seed, number)
        path = Path(folder) / f"{number}.gnz"
        ours, model = path.read_bytes(), gnz(arrays, metadata)
        if ours != model:
            at = next((i for i, (a, b) in enumerate(zip(ours, model)) if a != b), min(len(ours), len(model)))
            sys.exit(
                f"case {seed}/{number} differs at byte {at} ({len(ours)} and {len(model)} bytes):\n"
                f"  ours  {ours[max(0, at - 40):at + 40]}\n  model {model[max(0, at - 40):at + 40]}"
            )
        header = json.loads(ours[8 : 8 + int.from_bytes(ours[4:8], "little")])
        for name, array, order in arrays:
            entry = header["arrays"][name]
            if array.size == 0:
                continue
            back = np.memmap(path, entry["dtype"], "r", entry["offset"], tuple(entry["shape"]), entry["order"])
            if (back.shape, back.dtype) != (array.shape or (), array.dtype) or back.tobytes() != array.tobytes():
                sys.exit(f"case {seed}/{number}: numpy.memmap reads array {name!r} differently")
    print(f"{count} files are the same, and numpy reads them")


if __name__ == "__main__":
    command, seed, count, *rest = sys.argv[1:]
    sys.stdout.reconfigure(encoding="utf-8")
    {"make": make, "judge": judge}[command](seed, int(count), *rest)
