"""A small model of the GNZ writer: what `docs/formats/gnz.md` says, in Python."""

import json

PAGE = 4096


def round_up(number):
    return -(-number // PAGE) * PAGE


def gnz(arrays, metadata):
    """The bytes of a file.

    `arrays` is a list of (name, numpy array, order); the array is in row-major
    or, for "F", column-major memory.
    """
    raw = [array.tobytes(order=order) for _, array, order in arrays]
    header_end = PAGE
    while True:
        entries, offset = {}, header_end
        for (name, array, order), data in zip(arrays, raw):
            entries[name] = {
                "dtype": array.dtype.str,
                "offset": offset,
                "order": order,
                "shape": list(array.shape),
            }
            offset = round_up(offset + len(data))
        header = {"arrays": entries, "metadata": metadata, "version": 1}
        text = json.dumps(header, sort_keys=True).encode()
        if round_up(8 + len(text)) <= header_end:
            break
        header_end = round_up(8 + len(text))

    out = b"GNZ1" + len(text).to_bytes(4, "little") + text
    for data in [b"", *raw]:
        out += data
        out += bytes(-len(out) % PAGE)
    return out
