"""pandas, Polars, DuckDB and numpy read tables of arrays: the same numbers, and filters that are right."""

import io

import duckdb
import numpy
import pandas
import polars
import pytest
from test_conversions import columns, source

TARGETS = {
    "test_numbers_of_a_csv_read_as_numbers": "csv",
    "test_text_of_a_csv_reads_as_text": "csv",
    "test_filters_of_a_parquet_file_miss_no_row": "parquet",
}


def held(conversion):
    """The columns of a table that was written; skipped where the target refused the arrays."""
    if conversion.file is None:
        return {}
    return {name: array for name, array in columns(source(conversion)[0]).items() if len(array)}


@pytest.fixture(params=["pandas", "pyarrow", "polars", "duckdb", "numpy"])
def reader(request):
    return request.param


def read_csv(path, reader, numbers):
    """The columns `numbers` of a CSV, without any option that says what they are."""
    if reader == "pandas":
        return pandas.read_csv(path)[numbers].to_dict("series")
    if reader == "pyarrow":
        # Its blocks have to hold what a field of text holds.
        return pandas.read_csv(path, engine="pyarrow")[numbers].to_dict("series")
    if reader == "polars":
        found = polars.read_csv(path, infer_schema_length=None).select(numbers)
        # Numbers of 128 bits have no array of numpy's.
        wide = {name: polars.UInt64 for name in numbers if found[name].dtype == polars.Int128}
        return found.cast(wide).to_dict()
    if reader == "duckdb":
        # It takes a column that begins with an infinity for text, unless its type is given.
        head = pandas.read_csv(path, nrows=1)
        types = {name: "DOUBLE" for name in numbers if numpy.isinf(float(head[name][0]))}
        text = "select {} from read_csv('{}', sample_size=-1, types={})"
        names = ", ".join(f'"{name}"' for name in numbers)
        return duckdb.sql(text.format(names, path, types or "{}")).fetchnumpy()
    # genfromtxt knows nothing of quotes.
    frame = pandas.read_csv(path, dtype=str, keep_default_na=False)[numbers]
    plain = io.StringIO(frame.to_csv(index=False))
    found = numpy.genfromtxt(plain, delimiter=",", names=True, dtype=None, encoding="utf8")
    return dict(zip(numbers, (numpy.atleast_1d(found[name]) for name in found.dtype.names)))


def test_numbers_of_a_csv_read_as_numbers(conversion, reader):
    table = held(conversion)
    numbers = [name for name, array in table.items() if array.dtype.kind in "biuf"]
    if not numbers:
        return
    found = read_csv(conversion.file, reader, numbers)
    for name in numbers:
        expected = table[name]
        values = numpy.asarray(found[name])
        if expected.dtype.kind == "b":
            assert values.dtype == bool
        elif expected.dtype.kind == "f":
            # Arrow reads a whole column of zeros and dots as what it is too.
            assert values.dtype.kind in "fi"
        elif expected.max() < 2**63:
            assert values.dtype.kind in "iu"
        exact = values.astype(expected.dtype.newbyteorder("="))
        # Above 2^63 some of them fall back to doubles, and say so by the type.
        if expected.dtype.kind == "u" and values.dtype.kind == "f":
            numpy.testing.assert_allclose(values, expected.astype(float), rtol=1e-15)
        else:
            numpy.testing.assert_array_equal(exact, expected)


def test_text_of_a_csv_reads_as_text(conversion):
    texts = {name: it for name, it in held(conversion).items() if it.dtype.kind == "U"}
    if not texts:
        return
    frame = pandas.read_csv(conversion.file, keep_default_na=False, dtype=dict.fromkeys(texts, str))
    polar = polars.read_csv(conversion.file, infer_schema=False)
    duck = duckdb.sql(f"select * from read_csv('{conversion.file}', all_varchar=true, allow_quoted_nulls=false)").df()
    for name, expected in texts.items():
        assert frame[name].tolist() == expected.tolist()
        assert polar[name].to_list() == expected.tolist()
        assert duck[name].tolist() == expected.tolist()


def test_filters_of_a_parquet_file_miss_no_row(conversion):
    table = held(conversion)
    for name, expected in table.items():
        if expected.dtype.kind != "f":
            continue
        values = expected.astype(float)
        # DuckDB takes NaN for larger than all else.
        ordered = numpy.where(numpy.isnan(values), numpy.inf, values)
        for limit in (-1e300, 0.0, 1.0, 1e300):
            query = f"select count(*) from '{conversion.file}' where \"{name}\" > {limit!r}"
            assert duckdb.sql(query).fetchall()[0][0] == (ordered > limit).sum(), (name, limit)
        nans = duckdb.sql(f"select count(*) from '{conversion.file}' where isnan(\"{name}\")")
        assert nans.fetchall()[0][0] == numpy.isnan(values).sum()
