"""A lake in a bucket of S3."""

import json
import threading

import pytest
from readers import DELTA, PLAIN, assert_equal

from conftest import Fleet


@pytest.fixture
def fleet(tmp_path, s3):
    return Fleet(tmp_path, seed=2, env=s3)


@pytest.mark.parametrize("options, readers", [([], PLAIN), (["--delta"], DELTA)])
def test_every_reader_finds_the_events_in_a_bucket_after_any_changes_and_kills(
    fleet, s3, bucket, options, readers
):
    lake = f"s3://{bucket[0]}/north/vibration"
    for _ in range(8):
        fleet.change()
        fleet.export_killed(lake, *options)
        fleet.change()
        fleet.export(lake, *options)
    for reader in readers:
        assert_equal(reader(lake, s3), fleet.events(), reader.__name__)


def test_a_bucket_that_is_up_to_date_is_not_written_to(fleet, bucket):
    name, client = bucket
    fleet.export(f"s3://{name}", "--delta")

    def written():
        listed = client.list_objects_v2(Bucket=name)["Contents"]
        return [(it["Key"], it["ETag"], it["LastModified"]) for it in listed]

    before = written()
    assert json.loads(fleet.export(f"s3://{name}", "--delta"))["update"]["written"] == []
    assert written() == before


@pytest.mark.parametrize("options, reader", [([], PLAIN[0]), (["--delta"], DELTA[0])])
def test_of_two_updates_at_once_one_may_lose_and_the_lake_is_right_after_the_next(
    fleet, s3, bucket, options, reader
):
    lake, ends = f"s3://{bucket[0]}/twice", []
    for _ in range(6):
        fleet.change()

        def update():
            process = fleet.start("export", "--to", "lake", lake, *options)
            complaint = process.communicate()[1]
            ends.append((process.returncode, complaint))

        both = [threading.Thread(target=update) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()
    for code, complaint in ends:
        assert code == 0 or "another process updated this lake" in complaint, complaint
    fleet.export(lake, *options)
    assert_equal(reader(lake, s3), fleet.events())




def test_an_object_that_another_program_put_into_the_table_is_refused(fleet, bucket):
    name, client = bucket
    fleet.export(f"s3://{name}/lake")
    key = "lake/events/month=2024-01/other.parquet"
    client.put_object(Bucket=name, Key=key, Body=b"PAR1")
    complaint = fleet.run("export", "--to", "lake", f"s3://{name}/lake", codes=(1,))
    assert key in complaint and "did not write it" in complaint


def test_a_server_that_cannot_be_reached_is_an_error_that_names_the_lake(fleet):
    fleet.env.update(AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_SECRET_ACCESS_KEY="nobody reads it")
    complaint = fleet.run("export", "--to", "lake", "s3://company/lake", codes=(1,))
    assert "s3://company/lake/_wavekeep/lake.json: cannot read the object" in complaint
    assert "nobody reads it" not in complaint


def test_a_bucket_that_is_not_there_is_an_error(fleet, s3):
    complaint = fleet.run("export", "--to", "lake", "s3://nowhere-at-all/lake", codes=(1,))
    assert "s3://nowhere-at-all/lake" in complaint and "NoSuchBucket" in complaint
