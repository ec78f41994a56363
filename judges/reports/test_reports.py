"""openpyxl, pandas, Polars and DuckDB read the report of a period: the numbers of the archive.

`WAVEKEEP_BIN` names the program.
"""

import csv
import datetime
import json
import os
import subprocess
from pathlib import Path

import duckdb
import openpyxl
import pandas
import polars
import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = os.environ["WAVEKEEP_BIN"]


def run(folder, *args, code=(0, 3)):
    done = subprocess.run([PROGRAM, *args], cwd=folder, capture_output=True, text=True)
    assert done.returncode in code, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """An archive of the samples, and its rows of 2026 in the order of time."""
    folder = tmp_path_factory.mktemp("fleet")
    run(folder, "import", "--archive", "fleet", str(ROOT / "samples"))
    listed = run(
        folder, "list", "--archive", "fleet", "--json", "--sort", "timestamp",
        "--from", "2026-01-01", "--to", "2026-12-31",
    )
    return folder, [json.loads(line) for line in listed.splitlines()]


def report(folder, name, *more):
    run(folder, "report", "--archive", "fleet", "--period", "2026", "--curve", "din-3",
        "--velocity", "mm/s", "--print-date", "2027-01-02", "-o", name, *more)
    return folder / name


@pytest.fixture(scope="module", params=["en", "de", "fr", "es", "pt"])
def book(request, fleet):
    folder, rows = fleet
    path = report(folder, f"year-{request.param}.xlsx", "--language", request.param)
    return openpyxl.load_workbook(path), rows


def test_a_workbook_has_a_row_for_every_event(book):
    workbook, rows = book
    assert len(workbook.sheetnames) == 4
    sheet = workbook.worksheets[1]
    assert sheet.max_row == len(rows) + 1
    assert [cell.value for cell in sheet["A"][1:]] == [row["id"] for row in rows]
    times = [cell.value for cell in sheet["B"][1:]]
    assert all(isinstance(time, datetime.datetime) for time in times)
    assert [time.isoformat() for time in times] == [row["timestamp"] for row in rows]


def test_numbers_are_numbers_and_bounds_are_texts_with_their_signs(book):
    workbook, rows = book
    sheet = workbook.worksheets[1]
    columns = {"tran": "F", "vert": "H", "long": "J", "peak_vector_sum": "L"}
    named = {"tran": "tran_in_s", "vert": "vert_in_s", "long": "long_in_s", "peak_vector_sum": "pvs_in_s"}
    bounds = 0
    for number, row in enumerate(rows, 2):
        for name, column in columns.items():
            cell, value = sheet[f"{column}{number}"].value, row[named[name]]
            if value is None:
                assert cell is None
            elif name in row["flags"]:
                assert isinstance(cell, str) and cell[0] in "≥><?", cell
                bounds += 1
            else:
                assert cell == pytest.approx(value * 25.4, rel=1e-3)
    assert bounds > 0


def test_a_workbook_holds_checksums_and_what_was_monitored(book):
    workbook, rows = book
    sheet = workbook.worksheets[1]
    sums = [row[-1].value for row in sheet.iter_rows(min_row=2)]
    assert sums == [row["sha256"] for row in rows]
    units = [row[0] for row in workbook.worksheets[2].iter_rows(min_row=2, values_only=True)]
    assert units == sorted({row["serial"] for row in rows})
    for _, start, stop in workbook.worksheets[3].iter_rows(min_row=2, values_only=True):
        assert start < stop and start.year == 2026


def test_a_csv_reads_the_same_everywhere(fleet):
    folder, rows = fleet
    path = report(folder, "year.csv")
    with open(path, newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert [int(row["id"]) for row in read] == [row["id"] for row in rows]
    frame = pandas.read_csv(path)
    frames = [frame, polars.read_csv(path, infer_schema_length=None).to_dict(as_series=False)]
    frames.append(duckdb.sql(f"select * from read_csv('{path}', sample_size=-1)").df())
    for found in frames:
        assert list(found["id"]) == [row["id"] for row in rows]
        for name, column in (("tran_in_s", "tran_mm_s"), ("vert_in_s", "vert_mm_s"), ("mic_db_l", "mic_level")):
            for value, row in zip(found[column], rows):
                if row[name] is None:
                    # pandas has NaN for it.
                    assert value is None or value != value
                else:
                    factor = 1 if name == "mic_db_l" else 25.4
                    assert value == pytest.approx(row[name] * factor, rel=1e-3, abs=0.006)
    assert set(frame["standing"]) == {"exceeds", "within", "no_verdict"}

