"""An archive as the libraries of its users see it: `python archive.py ROOT SCHEMA`.

Every sidecar is JSON by the schema, its source has its hash and length, h5py finds the same peaks in
the arrays, numpy maps the same values where there is a .gnz, pickle loads the frames, and SQLite's own types in the index are numbers or null.
"""

import hashlib
import json
import math
import pickle
import sqlite3
import sys
from pathlib import Path

import gnz_file
import h5py
import jsonschema_rs
import numpy


def no_constant(word):
    raise ValueError(f"{word} is no JSON")


def judge_event(path, document):
    source = path.with_name(path.name.removesuffix(".sfm.json"))
    stated = document["blastware"]
    content = source.read_bytes()
    assert stated["filename"] == document["event"]["filename"] == source.name
    assert stated["filesize"] == len(content)
    assert stated["sha256"] == hashlib.sha256(content).hexdigest()
    judge_arrays(Path(f"{source}.h5"), document)
    stated_gnz = document["wavekeep"].get("gnz_sha256")
    gnz = Path(f"{source}.gnz")
    assert gnz.is_file() == (stated_gnz is not None)
    if stated_gnz:
        assert hashlib.sha256(gnz.read_bytes()).hexdigest() == stated_gnz
        judge_gnz(gnz, Path(f"{source}.h5"), document)
    if frames := document["source"]["a5_pickle_filename"]:
        loaded = pickle.loads(path.with_name(frames).read_bytes())
        assert loaded["version"] == 1 and loaded["frames"][0]["sub"] == 0xA5
    if text := document["source"]["txt_filename"]:
        assert path.with_name(text).is_file()


def judge_arrays(path, document):
    with h5py.File(path, "r") as file:
        facts, peaks = document["event"], document["peak_values"]
        assert file.attrs["serial"] == facts["serial"]
        assert file.attrs["source_sha256"] == document["blastware"]["sha256"]
        assert sorted(file.attrs["assumed"]) == sorted(facts["assumed"])
        if facts["record_type"] == "waveform":
            assert file.attrs["NX_class"] == "NXdata"
            assert math.isclose(1 / file["time"].attrs["step"], facts["sample_rate"])
        gaps = document["extensions"]["decode"]["gaps"]
        assert len(file["gaps"]) == sum(map(len, gaps.values()))
        for name, count in facts["sample_counts"].items():
            values = file[name] if isinstance(file[name], h5py.Dataset) else file[name]["peak"]
            assert values.dtype == numpy.float32 and values.shape == (count,)
            missing = sum(gap["count"] for gap in gaps.get(name, []))
            assert numpy.isnan(values[:]).sum() == missing
            if document["bw_report"] is None:
                field = "mic_psi" if name == "MicL" else name.lower()
                largest = numpy.nanmax(numpy.abs(values[:]))
                assert math.isclose(largest, peaks[field], rel_tol=1e-6), (name, largest, peaks)


def judge_gnz(path, hdf5, document):
    """Mapped, it holds the values of the .h5."""
    arrays, facts = gnz_file.read(path)
    arrays = {name: array for name, array, _ in arrays}
    assert facts["units"] == "physical"
    assert facts["serial"]["value"] == document["event"]["serial"]
    with h5py.File(hdf5, "r") as file:
        for name in document["event"]["sample_counts"]:
            is_plain = isinstance(file[name], h5py.Dataset)
            mapped = arrays[name if is_plain else f"{name}_peak"]
            assert isinstance(mapped, numpy.memmap) and mapped.dtype == numpy.float32
            values = file[name] if is_plain else file[name]["peak"]
            numpy.testing.assert_array_equal(mapped, values[:])


def judge_index(path, events):
    index = sqlite3.connect(path)
    columns = index.execute("PRAGMA table_info(events)").fetchall()
    for _, name, declared, *_ in columns:
        allowed = {"REAL": {"real", "null"}, "INTEGER": {"integer", "null"}}.get(declared)
        found = {row[0] for row in index.execute(f"SELECT DISTINCT typeof({name}) FROM events")}
        assert allowed is None or found <= allowed, (name, found)
    rows = index.execute("SELECT serial, filename, id FROM events").fetchall()
    assert sorted(rows) == sorted(events)


def main(root, schema):
    schema = json.loads(Path(schema).read_text(encoding="utf-8"))
    validator = jsonschema_rs.validator_for(schema)
    events = []
    for path in sorted(Path(root).glob("*/*.sfm.json")):
        document = json.loads(path.read_text(encoding="utf-8"), parse_constant=no_constant)
        for error in validator.iter_errors(document):
            sys.exit(f"{path}: {error}")
        facts = document["event"]
        events.append((facts["serial"], facts["filename"], document["wavekeep"]["id"]))
        if document["kind"] == "sfm.event":
            judge_event(path, document)
    judge_index(Path(root) / ".wavekeep" / "index.sqlite", events)
    print(len(events))


if __name__ == "__main__":
    main(*sys.argv[1:])
