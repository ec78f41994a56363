"""What the judges of lakes share: the program, an archive that changes at random, a server of S3.

`WAVEKEEP_BIN` names the program. `cargo test -p wavekeep --test it lakes` runs these judges.
"""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet
import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"


class Program:
    """The program, with an archive."""

    def __init__(self, folder, env=None):
        self.folder = folder
        self.archive = folder / "fleet"
        self.env = dict(os.environ, WAVEKEEP_ARCHIVE=str(self.archive), **(env or {}))

    def start(self, *args):
        command = [os.environ["WAVEKEEP_BIN"], *map(str, args)]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, env=self.env, cwd=self.folder, stdout=pipe, stderr=pipe, text=True
        )

    def run(self, *args, codes=(0, 3)):
        process = self.start(*args)
        out, complaint = process.communicate(timeout=120)
        assert process.returncode in codes, f"{args}: {process.returncode}\n{out}{complaint}"
        return out if process.returncode in (0, 3) else complaint

    def events(self):
        """The archive's own export of all events, by their numbers."""
        path = self.folder / "truth.parquet"
        try:
            self.run("export", "--to", "parquet", "-o", path, "--force")
        except AssertionError as none:
            assert "no event matches" in str(none)
            return None
        return pyarrow.parquet.read_table(path).sort_by("id")


class Fleet(Program):
    """An archive that changes at random, as archives do."""

    def __init__(self, folder, seed, env=None):
        super().__init__(folder, env)
        self.random = random.Random(seed)
        self.number = 0
        self.ids = []
        self.arriving = folder / "arriving"
        self.arriving.mkdir()
        for _ in range(3):
            self.arrives()

    def imported(self, *paths):
        self.run("import", "--quiet", *paths)
        self.number += 1
        shown = self.run("list", "--json", "--limit", 100_000, "--sort", "id").splitlines()
        self.ids = [json.loads(line)["id"] for line in shown]

    def event(self, sample, name):
        """A file of its own: what is behind the event differs."""
        path = self.arriving / name
        path.write_bytes((SAMPLES / sample).read_bytes() + self.number.to_bytes(2, "big"))
        return path

    def arrives(self):
        """Some events of any month of three years."""
        month = f"{self.random.randrange(2024, 2027)}{self.random.randrange(1, 13):02}"
        unit = f"UM{self.random.randrange(11_000, 11_003)}"
        files = []
        for _ in range(self.random.randrange(1, 5)):
            self.number += 1
            name = f"{unit}_{month}{1 + self.number % 28:02}{self.number % 86_400:06}.IDFW"
            if self.number % 100 >= 60 or self.number // 100 % 100 >= 60:
                continue
            files.append(self.event("UM11719_20260714153012.IDFW", name))
        if self.random.random() < 0.3:
            # Its start stands in its content, or in no place at all.
            stem = "".join(self.random.choices("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=4))
            dated = ("M529LKIQ.7M0W", f"M529{stem}.7M0W")
            undated = ("UM11719_20260714153012.IDFW", f"event-{self.number}.bin")
            files.append(self.event(*self.random.choice([dated, undated])))
        if files:
            self.imported(*files)

    def report_arrives(self):
        """A report moves its event to another month: it states another start."""
        events = [path for path in self.arriving.glob("M529*.7M0W")]
        if not events:
            return self.arrives()
        event = self.random.choice(events)
        report = self.arriving / f"{event.name}.TXT"
        report.write_bytes((SAMPLES / "M529LN1C.QE0W.TXT").read_bytes())
        self.imported(event, report)

    def some(self):
        return self.random.choice(self.ids) if self.ids else None

    def reviewed(self):
        words = ["a lorry", "=1+1", 'quoted "text", and a comma', "Gebäude\nzwei", "", "0"]
        options = self.random.choice([["--false-trigger"], ["--false-trigger=no"], ["--reviewed"]])
        self.run("review", self.some(), *options, "--notes", self.random.choice(words))

    def undone(self):
        self.run("review", self.some(), "--undo", codes=(0, 1, 2, 3))

    def removed(self):
        gone = self.some()
        self.run("remove", gone, "--reason", "asked for", "--yes")
        self.ids.remove(gone)

    def forgotten(self):
        gone = self.some()
        place = self.run("list", "--json", "--id", gone)
        row = json.loads(place)
        serial, name = row["serial"], row["filename"]
        (self.archive / serial / f"{name}.sfm.json").unlink()
        self.run("forget", gone, "--reason", "the disk failed")
        self.ids.remove(gone)

    def rederived(self):
        self.run("rebuild", "--all", "--id", self.some())

    def indexed(self):
        self.run("rebuild", "--index", codes=(0, 3))

    def change(self):
        kinds = {
            self.arrives: 5,
            self.report_arrives: 2,
            self.reviewed: 8,
            self.undone: 2,
            self.removed: 2,
            self.forgotten: 1,
            self.rederived: 1,
            self.indexed: 0.2,
        }
        change = self.random.choices(list(kinds), kinds.values())[0]
        if not self.ids:
            change = self.arrives
        change()

    def export(self, place, *options):
        return self.run("export", "--to", "lake", place, *options, "--json")

    def export_killed(self, place, *options):
        """An update that is killed at any moment."""
        process = self.start("export", "--to", "lake", place, *options)
        time.sleep(self.random.random() * self.random.choice([0.02, 0.08, 0.2]))
        process.kill()
        process.communicate()


@pytest.fixture
def fleet(tmp_path):
    return Fleet(tmp_path, seed=int(os.environ.get("WAVEKEEP_LAKE_SEED", "1")))


SERVER = """
import sys
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="session")
def s3():
    """A server of S3 on this machine: the environment of those that use it."""
    # It chooses its port by itself: one that was free a moment before may be another server's by now.
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        port = process.stdout.readline().strip()
        assert port.isdigit(), "the server of S3 ended"
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        }
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def bucket(s3, request):
    """A bucket of its own, and its client."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=s3["AWS_ENDPOINT_URL"],
        region_name=s3["AWS_DEFAULT_REGION"],
        aws_access_key_id=s3["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=s3["AWS_SECRET_ACCESS_KEY"],
    )
    name = "".join(letter for letter in request.node.name.lower() if letter.isalnum())[-60:]
    client.create_bucket(Bucket=name)
    return name, client
