"""Prometheus reads the server, `watch` and the rules, and answers what the dashboard asks.

`promtool` and `prometheus` are Debian's (package prometheus). `cargo test -p wavekeep --test it
monitoring` runs these judges.
"""

import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from serving import PROGRAM, ROOT, SAMPLES, await_port, certify, free_port

MONITORING = ROOT / "docs/monitoring"
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))


def promtool(*arguments, text=None):
    ran = subprocess.run(["promtool", *map(str, arguments)], input=text, capture_output=True, text=True)
    return ran.returncode, ran.stdout + ran.stderr


def fetched(url):
    # A proxy of the environment is not for this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=20) as answer:
        return answer.read().decode()


def await_ready(url):
    """It listens before it can be asked."""
    for _ in range(600):
        try:
            return fetched(url)
        except urllib.error.HTTPError:
            time.sleep(0.1)
    raise AssertionError(f"{url} is not ready")


def families(text):
    return set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server with events, a certificate, and a nightly verification whose time has come."""
    folder = tmp_path_factory.mktemp("served")
    archive = folder / "fleet"
    subprocess.run([PROGRAM, "import", "--archive", archive, SAMPLES], capture_output=True)
    runs = [{"begun": "2026-01-01T00:00:00Z", "ended": "2026-01-01T00:00:01Z", "part": 1, "of": 3,
             "events": 4, "files": 9, "bytes": 100, "findings": 0, "first_findings": []}]
    (archive / ".wavekeep/verification.json").write_text(json.dumps(runs))
    port = free_port()
    process = subprocess.Popen(
        [PROGRAM, "serve", "--archive", archive, "--listen", f"127.0.0.1:{port}",
         "--verify-at", "02:30", "--verify-days", "3"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )
    await_port(process, port)
    yield archive, port
    process.terminate()
    assert process.wait(30) == 0


@pytest.fixture(scope="module")
def watched(tmp_path_factory, served):
    """The file of metrics that a watcher leaves."""
    folder = tmp_path_factory.mktemp("watched")
    for name in ["M529LKIQ.7M0W", "M529LKVQ.6S0W"]:
        shutil.copy(SAMPLES / name, folder / name)
    metrics = folder.with_name("watch.prom")
    ran = subprocess.run(
        [PROGRAM, "watch", "--archive", served[0], folder, "--settle", "0", "--once",
         "--metrics-file", metrics],
        capture_output=True, text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return metrics.read_text()


def test_promtool_accepts_what_the_server_says_and_every_family_has_help(served):
    _, port = served
    text = fetched(f"http://127.0.0.1:{port}/metrics")
    assert promtool("check", "metrics", text=text) == (0, "")
    assert families(text) == set(re.findall(r"^# HELP (\S+) \S", text, re.MULTILINE))
    assert "wavekeep_events 13\n" in text
    assert 'wavekeep_unit_events{serial="BE11529"}' in text


def test_promtool_accepts_what_a_watcher_says(watched):
    assert promtool("check", "metrics", text=watched) == (0, "")
    assert re.search(r'^wavekeep_watch_files_total\{archive=".+",fate="same"\} 2$', watched, re.M)


def test_promtool_accepts_what_a_recorder_says(tmp_path):
    metrics = tmp_path / "record.prom"
    subprocess.run(
        [PROGRAM, "record", "--from", "emulator", "--channels", "4", "--frames", "500",
         "-o", tmp_path / "run.dat", "--metrics-file", metrics],
        check=True, capture_output=True,
    )
    text = metrics.read_text()
    assert promtool("check", "metrics", text=text) == (0, "")
    assert 'wavekeep_record_frames_total{from="emulator"} 500\n' in text


def test_a_verification_that_was_missed_is_done_and_kept(served):
    archive, port = served
    for _ in range(600):
        status = json.loads(fetched(f"http://127.0.0.1:{port}/api/v1/verification"))
        if len(status["runs"]) > 1:
            break
        time.sleep(0.1)
    last = status["runs"][-1]
    assert (last["part"], last["of"], last["findings"]) == (2, 3, 0)
    assert (status["at"], status["days"], status["is_running"]) == ("02:30", 3, False)
    assert json.loads((archive / ".wavekeep/verification.json").read_text()) == status["runs"]
    assert json.loads(fetched(f"http://127.0.0.1:{port}/health"))["checks"]["verification"] == "ok"
    assert "wavekeep_verification_findings 0\n" in fetched(f"http://127.0.0.1:{port}/metrics")


def test_the_alerts_are_raised_when_they_must_be():
    for arguments in [("check", "rules", MONITORING / "alerts.yml"),
                      ("test", "rules", MONITORING / "alerts_test.yml")]:
        code, text = promtool(*arguments)
        assert code == 0, text


def expressions():
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    rules = (MONITORING / "alerts.yml").read_text(encoding="utf-8")
    for alert, expression in re.findall(r"alert: (\S+)\n\s+expr: (.+)", rules):
        yield alert, expression


def test_all_that_alerts_and_dashboard_ask_for_is_there(served, watched, tmp_path):
    archive, _ = served
    # All that a server may say: with a certificate, a lake and an identity provider too. People sign in there,
    # or have tokens: others use the archive without.
    archive = shutil.copytree(archive, tmp_path / "fleet")
    token = subprocess.check_output([PROGRAM, "token", "add", "kim", "--archive", archive], text=True).strip()
    certify(tmp_path / "a.pem", tmp_path / "a.key")
    rules = tmp_path / "alerts.toml"
    rules.write_text("[[rule]]\non = ['exceeds']\nwebhook = 'http://127.0.0.1:9/'\n")
    port = free_port()
    process = subprocess.Popen(
        [PROGRAM, "serve", "--archive", archive, "--listen", f"127.0.0.1:{port}",
         "--lake", tmp_path / "lake", "--verify-at", "02:30", "--audit", tmp_path / "audit.jsonl",
         "--alerts", rules,
         "--oidc-issuer", "http://127.0.0.1:1", "--oidc-client-id", "x", "--oidc-other-users", "read",
         "--tls-cert", tmp_path / "a.pem", "--tls-key", tmp_path / "a.key"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        await_port(process, port)
        ran = subprocess.run(["curl", "--silent", "--insecure", "--noproxy", "*",
                              "--header", f"X-Wavekeep-Token: {token}",
                              f"https://localhost:{port}/metrics"], capture_output=True, text=True)
    finally:
        process.terminate()
        process.wait(30)
    known = families(ran.stdout) | families(watched) | {"up"}
    for title, expression in expressions():
        asked = set(re.findall(r"\b(?:wavekeep|process)_[a-z_]+", expression)) - {"wavekeep_"}
        asked = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
        assert asked <= known, f"{title}: {asked - known}"


def test_prometheus_scrapes_the_server_and_answers_the_dashboard(served, tmp_path):
    _, port = served
    own = free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
        f"rule_files: [{MONITORING / 'alerts.yml'}]\n"
        "scrape_configs:\n"
        "  - job_name: wavekeep\n"
        f"    static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
    )
    process = subprocess.Popen(
        ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}",
         f"--web.listen-address=127.0.0.1:{own}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        await_port(process, own)

        def ask(expression):
            query = urllib.parse.urlencode({"query": expression})
            answer = json.loads(fetched(f"http://127.0.0.1:{own}/api/v1/query?{query}"))
            assert answer["status"] == "success"
            return answer["data"]["result"]

        await_ready(f"http://127.0.0.1:{own}/-/ready")
        for _ in range(900):
            if ask("up{job='wavekeep'} == 1 and on() count_over_time(wavekeep_events[5m]) > 2"):
                break
            time.sleep(0.1)
        for title, expression in expressions():
            expression = expression.replace("$instance", ".*").replace("$__rate_interval", "5m")
            result = ask(expression)
            if title in ["Ready", "Events", "Damaged", "Imports", "Requests", "Disk", "Process"]:
                assert result, title
        assert ask("wavekeep_events")[0]["value"][1] == "13"
        alerts = json.loads(fetched(f"http://127.0.0.1:{own}/api/v1/rules"))
        rules = alerts["data"]["groups"][0]["rules"]
        assert all(rule["health"] == "ok" for rule in rules), rules
    finally:
        process.terminate()
        process.wait(30)
