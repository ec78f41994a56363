"""Measures the server in one run and prints a table in Markdown.

    python bench/server/run.py [--quick]

One client asks for the plot of a 3-s event and for lists over a million rows without files. Then 200
clients at once import, list, read samples and review for two minutes (`--quick`: ten seconds); after
that every event that was answered as saved must be there, with the last review that was answered. The
clients are threads of one Python process: their own time is in the percentiles. `WAVEKEEP` names the
program; without it, the release build is measured.
"""

import collections
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "bench" / "archive"))
from run import PROGRAM, fill  # noqa: E402

CLIENTS = 200
EVENT = (ROOT / "samples" / "M529LKIQ.7M0W").read_bytes()


@contextmanager
def server(archive):
    command = [PROGRAM, "serve", "--json", "--create", "--archive", str(archive), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        host, port = json.loads(process.stdout.readline())["listening"].rsplit(":", 1)
        yield lambda: http.client.HTTPConnection(host, int(port), timeout=60)
    finally:
        process.terminate()
        process.wait()


def ask(connection, method, path, body=None, kind="application/json"):
    """The answer, its status, and the milliseconds that it took."""
    start = time.perf_counter()
    connection.request(method, path, body, {"Content-Type": kind} if body else {})
    answer = connection.getresponse()
    content = answer.read()
    return content, answer.status, (time.perf_counter() - start) * 1e3


def send(connection, serial, number):
    name = f"{'MNPTUVWXYZ'[number // 1000 % 10]}{number % 1000:03}LKIQ.7M0W"
    head = f'--edge\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'
    body = head.encode() + EVENT + b"\r\n--edge--\r\n"
    path = f"/api/v1/import?serial={serial}"
    return ask(connection, "POST", path, body, "multipart/form-data; boundary=edge")


def percentile(sorted_times, share):
    return sorted_times[min(len(sorted_times) - 1, int(len(sorted_times) * share))]


def repeated(connection, path, runs=100):
    times = []
    for _ in range(runs):
        _, status, took = ask(connection, "GET", path)
        assert status == 200, (path, status)
        times.append(took)
    return f"{percentile(sorted(times), 0.5):.2f} ms, p99 {percentile(sorted(times), 0.99):.2f} ms"


class Client(threading.Thread):
    """Imports an event, lists, reads samples of it, reviews it; again and again."""

    def __init__(self, connect, number, end):
        super().__init__()
        self.connect, self.serial, self.end = connect, f"BE{20_000 + number}", end
        self.saved, self.reviews = [], {}
        self.times, self.statuses = collections.defaultdict(list), collections.Counter()

    def timed(self, what, content, status, took):
        self.times[what].append(took)
        self.statuses[status] += 1
        return json.loads(content) if status == 200 else None

    def run(self):
        connection = self.connect()
        turn = 0
        while time.monotonic() < self.end:
            answer = self.timed("import", *send(connection, self.serial, turn))
            if answer and answer["counts"]["new"] == 1:
                self.saved.append(answer["results"][0]["id"])
            path = f"/db/events?serial={self.serial}&limit=20"
            self.timed("list", *ask(connection, "GET", path))
            if self.saved:
                event = self.saved[turn * 7 % len(self.saved)]
                path = f"/api/v1/events/{event}/samples?points=500"
                self.timed("samples", *ask(connection, "GET", path))
                flag = turn % 2 == 0
                path, body = f"/api/v1/events/{event}/review", json.dumps({"false_trigger": flag})
                if self.timed("review", *ask(connection, "PATCH", path, body)):
                    self.reviews[event] = flag
            turn += 1


def load(connect, seconds):
    end = time.monotonic() + seconds
    clients = [Client(connect, number, end) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    statuses = sum((client.statuses for client in clients), collections.Counter())
    assert set(statuses) == {200}, statuses
    connection, lost = connect(), 0
    for client in clients:
        found = json.loads(ask(connection, "GET", f"/db/events?serial={client.serial}&limit=10000")[0])
        flags = {event["id"]: event["false_trigger"] for event in found["events"]}
        assert found["total"] == len(client.saved), (client.serial, found["total"])
        lost += sum(event not in flags for event in client.saved)
        lost += sum(flags[event] != flag for event, flag in client.reviews.items())
    assert lost == 0, lost
    saved = sum(len(client.saved) for client in clients)
    rows = [
        (f"{CLIENTS} clients for {seconds} s", f"{statuses[200]:,} answers, none lost, none refused"),
        ("events saved by them, durable", f"{saved:,}"),
    ]
    for what in ["import", "list", "samples", "review"]:
        times = sorted(took for client in clients for took in client.times[what])
        value = f"{percentile(times, 0.5):.0f} ms, p99 {percentile(times, 0.99):.0f} ms"
        rows.append((f"{what} under this load", value))
    return rows


def main():
    quick = "--quick" in sys.argv
    table = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("WAVEKEEP_BENCH_DIR")) as folder:
        archive, big = Path(folder) / "archive", Path(folder) / "big"
        with server(archive) as connect:
            connection = connect()
            send(connection, "BE11529", 0)
            table.append(("plot of a 3-s event", repeated(connection, "/api/v1/events/1/plot")))
            table += load(connect, 10 if quick else 120)
        rows = 100_000 if quick else 1_000_000
        with server(big):
            pass
        fill(big / ".wavekeep" / "index.sqlite", rows)
        with server(big) as connect:
            connection = connect()
            for name, question in [
                ("of one unit", "serial=BE11007"),
                ("over 9.9 in/s by PPV", "min_ppv_in_s=9.9&sort=-ppv"),
                ("with a text", "text=quarry%204"),
            ]:
                took = repeated(connection, f"/db/events?{question}", 20)
                table.append((f"/db/events {name}, {rows:,} rows", took))
    print("| what | median of one client, or under load |\n|---|---|")
    for what, measured in table:
        print(f"| {what} | {measured} |")


if __name__ == "__main__":
    main()
