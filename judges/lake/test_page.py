"""What docs/lake.md shows works as it stands there."""

import re

import duckdb
import pytest
from readers import connect, extension, spark

from conftest import ROOT, SAMPLES, Program

PAGE = (ROOT / "docs" / "lake.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def fleet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fleet = Program(tmp_path)
    fleet.run("import", SAMPLES)
    return fleet


@pytest.fixture
def lakes(fleet):
    fleet.run("export", "--to", "lake", "lake")
    fleet.run("export", "--to", "lake", "delta", "--delta")
    return fleet


def test_the_commands_print_what_the_page_says(fleet):
    [console] = blocks("console")
    commands = re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]
    assert len(commands) == 4
    for command in commands:
        line, _, printed = command.partition("\n")
        program, *args = re.findall(r"'[^']*'|\S+", line)
        assert program == "wavekeep"
        out = fleet.run(*(arg.strip("'") for arg in args))
        assert not printed or out == printed


def run(connection, script):
    """A script of SQL; extensions are loaded from where PyPI put them. The rows of its last question."""
    script = re.sub(r"INSTALL \w+;\n", "", script)
    script = re.sub(r"LOAD (\w+);", lambda found: f"LOAD '{extension(found[1])}';", script)
    return connection.execute(script).fetchall()


def sql(words):
    [script] = [block for block in blocks("sql") if words in block]
    return script


def test_duckdb_answers_over_a_folder(lakes):
    rows = run(connect(), sql("month >= '2026-01'"))
    assert [(month, events) for month, events, _ in rows] == [
        ("2026-04", 1),
        ("2026-05", 2),
        ("2026-06", 4),
        ("2026-07", 3),
    ]


def test_duckdb_answers_over_s3(fleet, s3):
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=s3["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket="company")
    fleet.env.update(s3)
    fleet.run("export", "--to", "lake", "s3://company/vibration")
    script = sql("INSTALL httpfs")
    assert "localhost:9000" in script
    server = s3["AWS_ENDPOINT_URL"].removeprefix("http://")
    rows = run(connect(), script.replace("localhost:9000", server))
    assert sum(events for _, events in rows) == 13


def test_duckdb_answers_over_delta_lake(lakes):
    assert sum(events for _, events in run(connect(), sql("INSTALL delta"))) == 13


def test_polars_pyarrow_and_deltalake_answer(lakes, capsys):
    scripts = blocks("python")
    for words in ["polars.scan_parquet", "pyarrow.dataset", "deltalake.DeltaTable"]:
        [script] = [script for script in scripts if words in script]
        exec(compile(script, "docs/lake.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "BE11529" in printed and "0 13 13" in printed


def test_spark_answers(lakes):
    [script] = [script for script in blocks("python") if "spark" in script]
    names = {}
    # The server of Spark has a folder of its own.
    script = script.replace('"delta/events"', f'"{lakes.folder}/delta/events"')
    exec(compile(script, "docs/lake.md", "exec"), names)
    assert sum(row["count"] for row in names["by_month"](spark()).collect()) == 13


def test_a_panel_of_grafana_gets_its_series_and_sees_later_updates(lakes):
    run(connect(), sql("CREATE OR REPLACE VIEW"))
    june = r"\1 BETWEEN '2026-06-01' AND '2026-06-30'"
    panel = re.sub(r"\$__timeFilter\((.*?)\)", june, sql("$__timeFilter"))
    database = duckdb.connect("fleet.duckdb", read_only=True)
    before = database.execute(panel).fetchall()
    assert before
    when, unit, value = before[0]
    assert when.isoformat() and unit and value > 0
    ids = database.execute("SELECT id FROM events WHERE month = '2026-06'").fetchall()
    for (number,) in ids:
        lakes.run("review", number, "--false-trigger")
    lakes.run("export", "--to", "lake", "lake")
    assert database.execute(panel).fetchall() == []


def test_every_block_is_tried():
    assert len(blocks("sql")) == 5 and len(blocks("python")) == 4
