"""Writes the hostile files beside this script: one for each refusal rule.

Run it again after adding a rule; the files are kept in the repository.
"""

import json
import struct
from pathlib import Path

FOLDER = Path(__file__).parent
PAGE = 4096


def save(name, text, tail=b"\0", length=None, magic=b"GNZ1"):
    """One file: `text` as header, padded to a page, then `tail`."""
    if isinstance(text, str):
        text = text.encode()
    head = magic + struct.pack("<I", len(text) if length is None else length) + text
    if tail:
        head += bytes(-len(head) % PAGE)
    (FOLDER / f"{name}.gnz").write_bytes(head + tail)


def header(arrays, **more):
    return json.dumps({"arrays": arrays, "metadata": {}, "version": 1, **more}, sort_keys=True)


def entry(**changes):
    return {"dtype": "|u1", "offset": PAGE, "order": "C", "shape": [1], **changes}


def one(name, **changes):
    save(name, header({"a": entry(**changes)}))


GOOD = header({"a": entry()})

# The container.
(FOLDER / "too_short.gnz").write_bytes(b"GNZ1\x02\0")
save("bad_magic", GOOD, magic=b"GNZ2")
save("header_too_long", GOOD, length=0xFFFF_FFFF)
save("header_past_end", "{}", length=4096, tail=b"")
save("not_utf8", GOOD.encode().replace(b'"a"', b'"\xff"'))
save("not_json", GOOD.replace('"offset": ', '"offset" '))
save("not_json_trailing_comma", GOOD.replace('"version": 1}', '"version": 1,}'))
save("not_json_two_values", GOOD + " {}")
save("too_deep", '{"metadata": ' + "[" * 5000)
save("lone_surrogate_key", header({"\ud800": entry()}))
save("not_an_object", "[1, 2]")
save("duplicate_key", GOOD.replace('"metadata": {}', '"metadata": {"k": 1, "k": 2}'))
save("duplicate_key_in_entry", GOOD.replace('"order": "C"', '"offset": 8192'))
save("duplicate_key_in_header", GOOD.replace('"version": 1', '"version": 1, "version": 1'))
save("duplicate_array", '{"arrays": {"a": %s, "a": %s}, "metadata": {}, "version": 1}' % ((json.dumps(entry()),) * 2))
save("missing_arrays", '{"metadata": {}, "version": 1}')
save("missing_shape", header({"a": {"dtype": "|u1", "offset": PAGE}}))
save("arrays_not_an_object", header([]))
save("metadata_not_an_object", header({}, metadata=[1]))
save("entry_not_an_object", header({"a": 4096}))
one("shape_not_a_list", shape=5)
one("offset_not_a_number", offset="4096")
one("shape_of_booleans", shape=[True])
save("version_2", '{"arrays": {"a": {"codec": "zstd"}}, "metadata": {}, "version": 2}')
save("version_text", header({}, version="1"))

# One entry.
one("unknown_dtype", dtype="|O8")
one("unknown_order", order="K")
one("negative_offset", offset=-4096)
one("negative_shape", shape=[-1])
one("fractional_offset", offset=4096.5)
one("fractional_shape", shape=[1.0])
save("exponent_in_shape", GOOD.replace("[1]", "[1e0]"))
one("huge_offset", offset=2**63)
one("huge_shape", shape=[2**64])
one("shape_overflow", shape=[2**32, 2**32])
one("shape_overflow_beside_zero", shape=[0, 2**32, 2**32])
one("shape_overflow_by_item_size", dtype="<f8", shape=[2**60])

# Entries against the file and each other.
one("overlaps_header", offset=16)
one("empty_inside_header", offset=0, shape=[0])
one("array_past_end", shape=[2])
one("array_past_end_by_its_offset", offset=2**62)
one("array_past_end_by_its_size", dtype="<f8", shape=[2**40])
save(
    "arrays_overlap",
    header({"a": entry(shape=[5000]), "b": entry(offset=2 * PAGE)}),
    tail=bytes(2 * PAGE),
)
save(
    "arrays_overlap_from_far",
    header({"a": entry(shape=[9000]), "b": entry(offset=2 * PAGE, shape=[0]), "c": entry(offset=3 * PAGE)}),
    tail=bytes(3 * PAGE),
)
save("trailing_bytes", GOOD, tail=bytes(PAGE + 1))

# Not refused: read, and reported.
save("note_missing_version", '{"arrays": {}, "metadata": {}}', tail=b"")
one("note_dtype_without_order", dtype="u1")
save("note_misaligned_offset", header({"a": entry(dtype="<i2", offset=PAGE + 1)}), tail=b"\0\x39\x30")
