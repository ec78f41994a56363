"""The engines of users, each of which reads a lake by itself: the table as pyarrow has it.

A reader of a plain lake is given the folder or URL of the lake, and so is one of Delta Lake.
"""

import importlib.util
from functools import cache
from pathlib import Path

import deltalake
import duckdb
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.fs


def extension(name):
    """The file of an extension of DuckDB, as its package from PyPI brings it."""
    package = Path(importlib.util.find_spec(f"duckdb_extension_{name}").origin).parent
    return next(package.glob(f"extensions/*/{name}.duckdb_extension"))


def connect(s3=None, *extensions):
    connection = duckdb.connect()
    for name in extensions:
        connection.execute(f"LOAD '{extension(name)}'")
    if s3:
        endpoint = s3["AWS_ENDPOINT_URL"].removeprefix("http://")
        connection.execute(
            f"CREATE SECRET (TYPE s3, KEY_ID '{s3['AWS_ACCESS_KEY_ID']}',"
            f" SECRET '{s3['AWS_SECRET_ACCESS_KEY']}', ENDPOINT '{endpoint}',"
            " URL_STYLE 'path', USE_SSL false, REGION 'us-east-1')"
        )
    return connection


def by_duckdb(place, s3=None):
    connection = connect(s3, *(["httpfs"] if s3 else []))
    query = f"FROM read_parquet('{place}/events/*/*.parquet', hive_partitioning = true)"
    return connection.sql(query).to_arrow_table()


def by_polars(place, s3=None):
    options = storage(s3) if s3 else None
    scan = polars.scan_parquet(
        f"{place}/events/**/*.parquet", hive_partitioning=True, storage_options=options
    )
    return scan.collect().to_arrow()


def by_pyarrow(place, s3=None):
    folder, system = f"{place}/events", None
    if s3:
        system = pyarrow.fs.S3FileSystem(
            access_key=s3["AWS_ACCESS_KEY_ID"],
            secret_key=s3["AWS_SECRET_ACCESS_KEY"],
            endpoint_override=s3["AWS_ENDPOINT_URL"],
        )
        folder = folder.removeprefix("s3://")
    data = pyarrow.dataset.dataset(folder, partitioning="hive", filesystem=system)
    return data.to_table()


def by_sail(place):
    return spark().read.parquet(f"{place}/events").toArrow()


def storage(s3):
    return {**s3, "AWS_ALLOW_HTTP": "true"}


def delta_by_deltalake(place, s3=None):
    table = deltalake.DeltaTable(f"{place}/events", storage_options=storage(s3) if s3 else None)
    return table.to_pyarrow_table()


def delta_by_polars(place, s3=None):
    options = storage(s3) if s3 else None
    return polars.scan_delta(f"{place}/events", storage_options=options).collect().to_arrow()


def delta_by_duckdb(place, s3=None):
    connection = connect(s3, "delta", *(["httpfs"] if s3 else []))
    return connection.sql(f"FROM delta_scan('{place}/events')").to_arrow_table()


def delta_by_sail(place):
    return spark().read.format("delta").load(f"{place}/events").toArrow()


@cache
def sail():
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer()
    server.start(background=True)
    return server


def spark():
    """A session of its own: the server ends those that are idle for long."""
    from pyspark.sql import SparkSession

    _, port = sail().listening_address
    return SparkSession.builder.remote(f"sc://127.0.0.1:{port}").create()


PLAIN = [by_duckdb, by_polars, by_pyarrow]
DELTA = [delta_by_deltalake, delta_by_polars, delta_by_duckdb]


def assert_equal(found, truth, context=""):
    """Every event of the archive, once, with all its values, in the partition of its month."""
    columns = [name for name in found.column_names if name != "month"]
    assert columns == truth.column_names, context
    found = found.sort_by("id")
    months = found["month"].to_pylist()
    starts = found["timestamp"].to_pylist()
    assert months == [str(start)[:7] if start else "unknown" for start in starts], context
    assert found["id"].to_pylist() == truth["id"].to_pylist(), context
    for name in columns:
        assert found[name].to_pylist() == truth[name].to_pylist(), f"{context}: {name}"
