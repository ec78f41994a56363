"""Alerts of the server, by a real SMTP server (aiosmtpd, with STARTTLS and AUTH) and a web server on loopback."""

import email
import email.policy
import http.server
import json
import re
import ssl
import subprocess
import threading
import time
import urllib.request

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from serving import PROGRAM, SAMPLES, await_port, certify, free_port

BLAST = "M529LMOK.DK0W"
REPORT = "M529LMOK_DK0W_ASCII.TXT"
RULES = """
public_url = "https://office.example/wavekeep/"
[smtp]
host = "localhost"
port = {smtp}
user = "wavekeep"
password_file = "password"
ca_file = "ca.pem"
from = "Alerts <alerts@office.example>"
[[rule]]
on = ["exceeds"]
mail = ["kim@office.example", "Sam <sam@office.example>"]
webhook = "http://127.0.0.1:{hook}/hooks/1"
"""


def sign(folder):
    """A certificate of localhost, by the authority in the folder."""
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    for command in (
        ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
         "-keyout", "office.key", "-out", "office.csr"],
        ["x509", "-req", "-in", "office.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
         "-extfile", "names", "-out", "office.pem"],
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True, cwd=folder)


class Letters:
    """What an SMTP server was given."""

    def __init__(self):
        self.letters = []

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        self.letters.append((envelope.rcpt_tos, message))
        return "250 kept"


def knows(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"wavekeep", b"secret"))


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.given.append((self.path, self.headers["Idempotency-Key"], json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


class Office:
    """An archive with a level, rules, and receivers that can be switched off."""

    def __init__(self, folder, rules=RULES):
        self.folder, self.archive = folder, folder / "fleet"
        self.smtp_port, self.hook_port, self.port = free_port(), free_port(), free_port()
        (folder / "password").write_text("secret\n")
        certify(folder / "ca.pem", folder / "ca.key")
        sign(folder)
        rules = rules.format(smtp=self.smtp_port, hook=self.hook_port)
        (folder / "alerts.toml").write_text(rules)
        self.run("import", "--archive", self.archive, SAMPLES / "M529LIY6.N00")
        self.run("level", "set", "--archive", self.archive, "--curve", "din-3", "--air-db", "140")
        self.letters, self.smtp, self.hook, self.server = Letters(), None, None, None

    def run(self, *arguments):
        return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)

    def receive(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "office.pem", self.folder / "office.key")
        self.smtp = Controller(
            self.letters, hostname="127.0.0.1", port=self.smtp_port, tls_context=context,
            require_starttls=True, auth_required=True, authenticator=knows,
        )
        self.smtp.start()
        self.hook = http.server.ThreadingHTTPServer(("127.0.0.1", self.hook_port), Hook)
        self.hook.given, self.hook.status = [], 204
        threading.Thread(target=self.hook.serve_forever, daemon=True).start()

    def serve(self):
        self.server = subprocess.Popen(
            [PROGRAM, "serve", "--archive", self.archive, "--listen", f"127.0.0.1:{self.port}",
             "--alerts", self.folder / "alerts.toml"],
            stdout=subprocess.DEVNULL, stderr=open(self.folder / "log", "a"),
        )
        await_port(self.server, self.port)

    def stop(self):
        self.server.terminate()
        assert self.server.wait(30) == 0

    def get(self, path):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            return answer.read().decode()

    def number(self, metric):
        return float(re.search(rf"^{metric} (\S+)$", self.get("/metrics"), re.M)[1])

    def blast(self, name=BLAST, serial="BE11529"):
        """An event that exceeds comes in."""
        folder = self.folder / f"in-{serial}"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes((SAMPLES / BLAST).read_bytes())
        (folder / f"{name}.TXT").write_bytes((SAMPLES / REPORT).read_bytes())
        begun = time.monotonic()
        assert self.run("import", "--archive", self.archive, "--serial", serial, folder).returncode == 0
        return time.monotonic() - begun

    def end(self):
        for one in (self.smtp, self.hook):
            if one is not None:
                one.stop() if one is self.smtp else one.shutdown()
        if self.server is not None and self.server.poll() is None:
            self.server.kill()


@pytest.fixture
def office(tmp_path):
    offices = []

    def office(rules=RULES):
        offices.append(Office(tmp_path, rules))
        return offices[-1]

    yield office
    for one in offices:
        one.end()


def until(check, seconds=60):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_an_event_that_exceeds_is_mailed_once_with_its_numbers_and_its_picture(office):
    at = office()
    at.receive()
    at.serve()
    at.blast()
    until(lambda: at.letters.letters and at.hook.given)
    [(to, letter)] = at.letters.letters
    assert to == ["kim@office.example", "sam@office.example"]
    assert letter["subject"].startswith("EXCEEDS: unit BE11529, ")
    assert "10.4" in letter["subject"] and "mm/s" in letter["subject"]
    text, picture = letter.iter_parts()
    words = text.get_content()
    row = json.loads(at.run("list", "--archive", at.archive, "--json", "--where", "verdict=exceeds").stdout)
    assert row["judged"]["ground"]["reason"] in words
    assert f"https://office.example/wavekeep/?event={row['id']}" in words
    assert picture.get_content_type() == "image/png"
    assert picture.get_content().startswith(b"\x89PNG")
    [(path, key, body)] = at.hook.given
    assert (path, len(key)) == ("/hooks/1", 32)
    [alert] = body["alerts"]
    assert (alert["key"], alert["event"]["sha256"]) == (f"exceeds:{row['id']}", row["sha256"])
    # Whatever happens to it afterwards, it is not sent again.
    at.run("review", "--archive", at.archive, str(row["id"]), "--notes", "seen")
    at.run("level", "set", "--archive", at.archive, "--curve", "din-3", "--warn", "50")
    at.stop()
    at.serve()
    at.blast(serial="BE22")
    until(lambda: len(at.letters.letters) == 2 and len(at.hook.given) == 2)
    assert at.number("wavekeep_alerts_sent_total") == 2 and at.number("wavekeep_alerts_waiting") == 0
    assert json.loads(at.get("/health"))["checks"]["alerts"] == "ok"
    at.stop()


def test_receivers_that_are_away_hold_up_no_import_and_get_it_when_they_are_back(office):
    at = office()
    at.serve()
    assert at.blast() < 20
    until(lambda: at.number("wavekeep_alerts_failures_total") > 0)
    until(lambda: at.number("wavekeep_alerts_waiting") == 2)
    time.sleep(1.2)
    assert "not sent" in json.loads(at.get("/health"))["checks"]["alerts"]
    assert "alerts wait: " in (at.folder / "log").read_text()
    # Neither a restart nor a kill forgets it.
    at.server.kill()
    at.server.wait()
    at.receive()
    at.serve()
    until(lambda: at.letters.letters and at.hook.given)
    at.stop()
    assert len(at.letters.letters) == 1 and len(at.hook.given) == 1


def test_what_turned_out_to_be_a_false_trigger_meanwhile_is_not_sent(office):
    at = office()
    at.serve()
    at.blast()
    until(lambda: at.number("wavekeep_alerts_waiting") == 2)
    at.run("review", "--archive", at.archive, "--where", "verdict=exceeds", "--false-trigger", "--yes")
    at.receive()
    until(lambda: at.number("wavekeep_alerts_waiting") == 0)
    assert (at.letters.letters, at.hook.given) == ([], [])
    at.stop()


def test_many_at_once_are_one_message(office):
    at = office()
    at.serve()
    for n in range(7):
        at.blast(serial=f"BE{n}")
    until(lambda: at.number("wavekeep_alerts_waiting") == 14)
    at.receive()
    until(lambda: at.number("wavekeep_alerts_waiting") == 0, 90)
    at.stop()
    text = "\n".join(letter.get_body(["plain"]).get_content() for _, letter in at.letters.letters)
    assert len(at.letters.letters) < 7
    assert [n for n in range(7) if f"Unit: BE{n}\n" not in text.replace("\r\n", "\n")] == [], text


def test_events_that_were_there_before_are_no_news(office):
    at = office()
    at.blast()
    at.receive()
    time.sleep(2.1)
    at.serve()
    at.blast(serial="BE22")
    until(lambda: len(at.letters.letters) == 1)
    assert "BE22" in at.letters.letters[0][1]["subject"]
    at.stop()


def test_units_with_low_batteries_and_old_calibrations_are_named(office):
    at = office(RULES.split("[[rule]]")[0] + """
[[rule]]
on = ["battery", "calibration"]
mail = ["kim@office.example"]
battery_below_v = 99.5
calibration_months = 1
""")
    at.blast()
    at.receive()
    at.serve()
    until(lambda: len(at.letters.letters) == 2)
    subjects = sorted(letter["subject"] for _, letter in at.letters.letters)
    assert subjects[0].startswith("The battery of unit BE11529 had ")
    assert subjects[1].startswith("The calibration of unit BE11529 is of ")
    at.stop()


def test_a_password_that_the_server_does_not_take_is_named_and_tried_again(office):
    at = office()
    (at.folder / "password").write_text("wrong\n")
    at.receive()
    at.serve()
    at.blast()
    until(lambda: at.number("wavekeep_alerts_failures_total") > 0)
    until(lambda: "the mail server localhost" in (at.folder / "log").read_text())
    (at.folder / "password").write_text("secret\n")
    until(lambda: at.letters.letters)
    at.stop()


def test_rules_are_checked_tried_out_and_refused_with_the_line(office):
    at = office()
    checked = at.run("alerts", "check", at.folder / "alerts.toml")
    assert checked.stdout.splitlines() == [
        "mail kim@office.example,sam@office.example", f"webhook http://127.0.0.1:{at.hook_port}/hooks/1",
    ]
    assert at.run("alerts", "test", at.folder / "alerts.toml").returncode == 1, "nobody listens"
    at.receive()
    assert at.run("alerts", "test", at.folder / "alerts.toml").returncode == 0
    assert at.letters.letters[0][1]["subject"] == "wavekeep: test of alerts"
    assert at.hook.given[0][2] == {"alerts": [], "test": True}
    (at.folder / "alerts.toml").write_text("[[rule]]\non = ['loud']\n")
    for command in (["alerts", "check"], ["serve", "--archive", at.archive, "--alerts"]):
        refused = at.run(*command, at.folder / "alerts.toml")
        assert refused.returncode == 1 and "alerts.toml: line 2: unknown variant" in refused.stderr
