"""An office and a laboratory at work while disk, processes and proxy fail: nothing that was confirmed is
lost, nothing grows, and every fault is seen where an operator looks.

`make soak` runs it for ten minutes (`SOAK_SECONDS=7200` for two hours), `make test` for a minute. The
archive is on a disk of limited size of a name space of its own, where the system lets a test mount one.
"""

import hashlib
import http.client
import json
import os
import re
import signal
import ssl
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from actors import Dropper, Listener, Resources, Reviewer, Sender, Watch, until
from serving import PROGRAM, ROOT, await_port, certify, free_port

SECONDS = float(os.environ.get("SOAK_SECONDS", "60"))
DISK_MB = max(96, int(SECONDS * 0.6))
PAGE = (ROOT / "docs/proxies.md").read_text(encoding="utf-8")


def run(*arguments, check=True):
    ran = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    assert not check or ran.returncode == 0, ran.stderr + ran.stdout
    return ran


class Site:
    """The archive with all that runs around it."""

    def __init__(self, folder):
        self.folder, self.disk = folder, folder / "disk"
        self.disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", self.disk], check=True)
        self.archive = self.disk / "fleet"
        run("import", "--archive", self.archive, ROOT / "samples/M529LMOK.DK0W")
        run("level", "set", "--archive", self.archive, "--curve", "din-2")
        made = run("token", "add", "office", "--role", "admin", "--archive", self.archive)
        self.token = re.search(r"wk_\S+", made.stdout)[0]
        self.upstream, self.port, self.asked = free_port(), free_port(), free_port()
        self.log = open(folder / "serve.log", "w", encoding="utf-8")
        self.server = None
        self.start()
        certificate = folder / "office.pem", folder / "office.key"
        certify(*certificate)
        self.context = ssl.create_default_context(cafile=certificate[0])
        self.others = [self.nginx(*certificate), self.prometheus()]
        await_port(self.others[0], self.port)
        await_port(self.others[1], self.asked)

    def start(self):
        self.server = subprocess.Popen(
            [PROGRAM, "serve", "--archive", self.archive, "--listen", f"127.0.0.1:{self.upstream}",
             "--public-url", f"https://localhost:{self.port}/wavekeep/", "--trusted-proxy", "127.0.0.1",
             "--audit", self.folder / "audit.jsonl", "--json"],
            stdout=subprocess.DEVNULL, stderr=self.log,
        )
        await_port(self.server, self.upstream)

    def nginx(self, certificate, key):
        [site] = re.findall(r"^```nginx\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
        for there, here in [
            ("443 ssl http2", f"127.0.0.1:{self.port} ssl http2"), ("office.example", "localhost"),
            ("127.0.0.1:8080", f"127.0.0.1:{self.upstream}"), ("/etc/ssl/office.pem", str(certificate)),
            ("/etc/ssl/private/office.key", str(key)),
        ]:
            site = site.replace(there, here)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in kinds)
        (self.folder / "nginx.conf").write_text(
            f"user root root; daemon off; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log;\n"
            f"worker_processes 1; master_process off; events {{}}\n"
            f"http {{ access_log off; {places}\n{site}\n}}\n"
        )
        return subprocess.Popen(["/usr/sbin/nginx", "-p", self.folder, "-c", self.folder / "nginx.conf"])

    def prometheus(self):
        config = self.folder / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            f"rule_files: [{ROOT / 'docs/monitoring/alerts.yml'}]\nscrape_configs:\n"
            f"  - job_name: wavekeep\n    authorization: {{credentials: {self.token}}}\n"
            f"    static_configs: [{{targets: ['127.0.0.1:{self.upstream}']}}]\n"
        )
        return subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'data'}",
             f"--web.listen-address=127.0.0.1:{self.asked}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    def path(self, path):
        return f"/wavekeep{path}"

    def headers(self, more):
        return {"X-Wavekeep-Token": self.token, **more}

    def connect(self):
        return http.client.HTTPSConnection("localhost", self.port, context=self.context, timeout=20)

    def ask(self, method, path, body=None, headers=None):
        connection = self.connect()
        try:
            connection.request(method, self.path(path), body, self.headers(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def asked_of_prometheus(self, expression):
        query = urllib.parse.urlencode({"query": expression})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.asked}/api/v1/query?{query}", timeout=20) as answer:
            result = json.loads(answer.read())["data"]["result"]
        return [float(one["value"][1]) for one in result]

    def end(self):
        for process in [self.server, *self.others]:
            process.terminate()
        for process in [self.server, *self.others]:
            process.wait(60)
        self.log.close()


def judged_in_a_name_space():
    """Runs this file again where it may mount; what it says there is the verdict."""
    inside = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-m", "pytest", "--quiet",
              "-p", "no:cacheprovider", "-rs", __file__]
    ran = subprocess.run(inside, env=dict(os.environ, SOAK_INSIDE="yes"), capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    print(ran.stdout)


def test_an_office_at_work_loses_nothing_and_every_fault_is_seen(tmp_path):
    if "SOAK_INSIDE" not in os.environ:
        return judged_in_a_name_space()
    soak(tmp_path)


def soak(folder):
    site = Site(folder)
    drop, backups = folder / "drop", folder / "backups"
    drop.mkdir()
    watcher = subprocess.Popen(
        [PROGRAM, "watch", "--archive", site.archive, drop, "--settle", "0", "--rescan", "1",
         "--metrics-file", folder / "watch.prom"],
        stdout=subprocess.DEVNULL, stderr=open(folder / "watch.log", "w"),
    )
    recorder = subprocess.Popen(
        [PROGRAM, "record", "--from", "emulator", "--channels", "64", "--rate", "200",
         "-o", folder / "run.dat", "--metrics-file", folder / "record.prom"],
        stdout=subprocess.DEVNULL, stderr=open(folder / "record.log", "w"),
    )
    senders = [Sender(site, 0.2, f"SOAK{n}") for n in range(3)]
    listener, health = Listener(site), Watch(site)
    dropper, reviewer = Dropper(drop, 0.5), Reviewer(site, 0.1, senders)
    actors = [*senders, reviewer, listener, health, dropper]
    for actor in actors:
        actor.start()
    begun = time.monotonic()
    resources = [Resources(site.server.pid)]
    resources[0].start()

    def sleep_until(share):
        """Meanwhile backups are made, one after the other."""
        while (left := begun + share * SECONDS - time.monotonic()) > 0:
            time.sleep(min(left, SECONDS / 20))
            run("backup", "--archive", site.archive, backups, "--keep", "3", "--quiet", check=False)

    sleep_until(0.3)
    # The disk gets full, and nobody is there for a while.
    ballast = site.disk / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass
    until("a full disk in /health", 30, lambda: "disk" in health.wrong)
    until("a full disk in the metrics", 30, lambda: site.asked_of_prometheus("wavekeep_ready == 0"))
    time.sleep(SECONDS / 20)
    ballast.unlink()
    until("imports with room again", 30, lambda: site.asked_of_prometheus("wavekeep_ready == 1"))
    sleep_until(0.5)
    # It is started again as an update does, and killed as a power cut does.
    for kill, share in [(signal.SIGTERM, 0.6), (signal.SIGKILL, 0.7)]:
        site.server.send_signal(kill)
        site.server.wait(60)
        resources[-1].stop()
        until("a server that is down in the metrics", 30, lambda: site.asked_of_prometheus("up == 0"))
        site.start()
        resources.append(Resources(site.server.pid))
        resources[-1].start()
        sleep_until(share)
    watcher.kill()
    watcher.wait()
    watcher = subprocess.Popen(watcher.args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    sleep_until(1.0)

    for actor in [*senders, reviewer, dropper]:
        actor.stop()
    confirmed = {id: sum for sender in senders for id, sum in sender.confirmed.items()}
    until("all changes were heard", 60, lambda: set(confirmed) <= listener.heard)
    until("all that was dropped came in", 60, lambda: dropped_ones(site) == set(dropper.dropped.values()))
    until("all are judged", 60, lambda: total(site, "verdict=no_verdict,within,warns,exceeds") == total(site, ""))
    listener.stopping.set()
    listener.connection.sock.shutdown(2)
    for actor in [health, *resources]:
        actor.stop()
    listener.join(60)
    faults_seen = site.asked_of_prometheus("sum(count_over_time((up == 0)[2h:1s]))")
    site.end()
    for process in [watcher, recorder]:
        process.send_signal(signal.SIGINT)
        process.wait(60)

    nothing_is_lost(site, confirmed, reviewer, backups)
    the_run_is_whole(folder)
    nothing_grows(resources)
    assert {"disk", "no answer"} <= health.wrong or {"disk", 502} <= health.wrong, health.wrong
    assert faults_seen, "Prometheus saw no server that was down"
    for log in ["serve.log", "watch.log"]:
        assert "No space left" in (folder / log).read_text(encoding="utf-8"), log
    failures = sum(sender.failures for sender in senders)
    assert failures, "the disk was full, and nobody was refused"
    print(f"{len(confirmed)} imports and {len(reviewer.confirmed)} reviews confirmed, {failures} refused, "
          f"{len(dropper.dropped)} files dropped, {total_of(site)} events in all")


def total(site, query):
    _, answer = site.ask("GET", f"/api/v1/events?limit=0&{query}")
    return json.loads(answer)["total"]


def total_of(site):
    return len(run("list", "--archive", site.archive, "--json", "--limit", "1000000").stdout.splitlines())


def dropped_ones(site):
    _, answer = site.ask("GET", "/api/v1/events?text=DROP&limit=10000")
    return {event["sha256"] for event in json.loads(answer)["events"]}


def nothing_is_lost(site, confirmed, reviewer, backups):
    """What was confirmed is there, as it was sent and as it was last reviewed; archive and backups verify."""
    rows = run("list", "--archive", site.archive, "--json", "--limit", "1000000").stdout.splitlines()
    rows = {row["id"]: row for row in map(json.loads, rows)}
    assert {id: rows[id]["sha256"] for id in confirmed} == confirmed
    for id, note in reviewer.confirmed.items():
        tried = reviewer.tried[id]
        # One that was not answered may have come through all the same.
        assert rows[id]["review_notes"] in tried[tried.index(note) :], (id, note)
    for row in rows.values():
        source = site.archive / row["serial"] / row["filename"]
        assert hashlib.sha256(source.read_bytes()).hexdigest() == row["sha256"]
    # What a full disk or a kill cut short may lie about until it is tidied; nothing else is found.
    found = json.loads(run("verify", "--archive", site.archive, "--json", check=False).stdout)
    assert {finding["kind"] for finding in found["findings"]} <= {"leftover"}, found["findings"]
    kept = [path for path in backups.iterdir() if path.is_dir() and not path.name.startswith(".")]
    assert kept
    for backup in kept:
        run("restore", "--check", "--hashes", backup)


def the_run_is_whole(folder):
    """The recording went on through all of it."""
    said = json.loads(run("info", folder / "run.dat", "--json").stdout)
    assert (said["gaps"], said["missing_frames"], said["bad_frames"]) == ([], 0, 0), said
    assert said["frames"] > 200 * SECONDS * 0.9


def nothing_grows(resources):
    """Within each life of the server, memory and descriptors of its end are those of its middle."""
    for life in resources:
        if len(life.memory) < 8:
            continue
        middle, end = life.memory[len(life.memory) // 3 : -4], life.memory[-4:]
        assert statistics.median(end) < statistics.median(middle) * 1.3 + 48, life.memory
        middle, end = life.descriptors[len(life.descriptors) // 3 : -4], life.descriptors[-4:]
        assert statistics.median(end) <= max(middle) + 16, life.descriptors
