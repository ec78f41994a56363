"""Where the server listens, what it speaks, and what it says to systemd."""

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time

import pytest

from provider import CLIENT, Provider
from serving import PROGRAM, SAMPLES, await_port, certify, free_port


class Service:
    """A server that runs as a service manager starts it."""

    def __init__(self, folder, *options, prefix=(), **env):
        self.folder, self.archive = folder, folder / "fleet"
        if not self.archive.exists():
            subprocess.run([PROGRAM, "import", "--quiet", "--archive", self.archive, SAMPLES / "M529LKIQ.7M0W"], check=True)
        command = [*prefix, PROGRAM, "serve", "--json", "--archive", self.archive, *options]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ, **env)
        )
        line = json.loads(self.process.stdout.readline())
        # Why it does not start is a document too.
        self.started = line if "listening" in line else None
        self.refusal = line.get("error", {}).get("message")

    def end(self):
        self.process.terminate()
        _, complaint = self.process.communicate(timeout=30)
        return complaint

    @property
    def port(self):
        return int(self.started["listening"].rsplit(":", 1)[1])


@pytest.fixture
def service(tmp_path):
    running = []

    def start(*options, **env):
        running.append(Service(tmp_path, *options, **env))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.end()


class OverUnix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def events(connection):
    connection.request("GET", "/api/v1/events")
    answer = connection.getresponse()
    assert answer.status == 200
    return json.loads(answer.read())["total"]


def test_a_unix_socket_is_taken_used_and_removed(service, tmp_path):
    path = tmp_path / "http.sock"
    server = service("--listen", f"unix:{path}")
    assert server.started["listening"] == f"unix:{path}"
    assert events(OverUnix(path)) == 1
    assert oct(path.stat().st_mode)[-3:] == "660"
    second = service("--listen", f"unix:{path}")
    assert second.started is None and second.process.wait(timeout=30) == 1
    server.end()
    assert not path.exists()


def test_a_socket_that_a_killed_server_left_is_replaced_and_another_file_is_not(service, tmp_path):
    path = tmp_path / "http.sock"
    first = service("--listen", f"unix:{path}")
    first.process.kill()
    first.process.wait()
    assert path.exists()
    assert service("--listen", f"unix:{path}").started
    assert events(OverUnix(path)) == 1
    other = tmp_path / "notes.txt"
    other.write_text("kept")
    refused = service("--listen", f"unix:{other}")
    assert refused.started is None and refused.process.wait(timeout=30) == 1
    assert other.read_text() == "kept"


def test_names_and_ports_are_places(service):
    server = service("--listen", f"localhost:{free_port()}")
    assert events(http.client.HTTPConnection("localhost", server.port)) == 1
    # All addresses: not without tokens.
    refused = service("--listen", f":{free_port()}")
    assert "has no tokens" in refused.refusal


PASSES_A_SOCKET = """
import os, socket, sys
sock = socket.create_server(("127.0.0.1", 0))
print(sock.getsockname()[1], file=sys.stderr, flush=True)
os.dup2(sock.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_the_socket_of_systemd_is_used(service):
    server = service("--listen", "systemd", prefix=(sys.executable, "-c", PASSES_A_SOCKET))
    assert server.port == int(server.process.stderr.readline())
    assert events(http.client.HTTPConnection("127.0.0.1", server.port)) == 1


def test_without_a_socket_of_systemd_it_says_what_is_missing(service):
    server = service("--listen", "systemd")
    assert "systemd passed 0 sockets" in server.refusal


def test_http_2_is_spoken_with_and_without_tls(service, tmp_path, certificate):
    server = service("--listen", "127.0.0.1:0")
    port = free_port()
    (tmp_path / "Caddyfile").write_text(
        f"{{\n admin off\n auto_https off\n}}\n:{port} {{\n reverse_proxy h2c://127.0.0.1:{server.port} {{\n"
        " header_up -X-Forwarded-For\n header_up -X-Forwarded-Proto\n header_up -X-Forwarded-Host\n"
        " header_up -Via\n header_up Host localhost\n }\n}\n"
    )
    caddy = subprocess.Popen(
        ["caddy", "run", "--config", tmp_path / "Caddyfile", "--adapter", "caddyfile"],
        env=dict(os.environ, HOME=str(tmp_path)), stderr=subprocess.DEVNULL,
    )
    try:
        await_port(caddy, port)
        for _ in range(3):
            assert events(http.client.HTTPConnection("localhost", port)) == 1
    finally:
        caddy.terminate()
        caddy.wait()
    server.end()
    server = service("--listen", "127.0.0.1:0", "--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1]))
    context = ssl.create_default_context(cafile=certificate[0])
    for offered, spoken in [(["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1")]:
        context.set_alpn_protocols(offered)
        with socket.create_connection(("127.0.0.1", server.port)) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as secured:
                assert secured.selected_alpn_protocol() == spoken


def served(port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port)) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secured:
            return secured.getpeercert(binary_form=True)


def test_systemd_is_notified_and_sighup_reads_certificate_and_configuration_again(service, tmp_path):
    files = tmp_path / "office.pem", tmp_path / "office.key"
    certify(*files)
    config = tmp_path / "config.toml"
    text = f'[serve]\nlisten = "127.0.0.1:0"\ntls-cert = "{files[0]}"\ntls-key = "{files[1]}"\n'
    config.write_text(text)
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(tmp_path / "notify"))
    heard.settimeout(30)
    # systemd names the process that it expects to hear of.
    server = service(
        prefix=("sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "sh"),
        WAVEKEEP_CONFIG=str(config), NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="400000"
    )
    assert heard.recv(100).strip() == b"READY=1"
    assert heard.recv(100).strip() == b"WATCHDOG=1"

    def ask():
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=ssl._create_unverified_context())
        connection.request("GET", "/api/v1/events", headers={"host": "localhost"})
        return connection.getresponse().status

    def reload():
        server.process.send_signal(signal.SIGHUP)
        while heard.recv(100).strip() != b"RELOADING=1":
            pass
        while heard.recv(100).strip() != b"READY=1":
            pass

    first = served(server.port)
    assert {ask() for _ in range(10)} == {200}
    certify(*files)
    config.write_text(text + "rate = 2\n")
    reload()
    second = served(server.port)
    assert second != first
    assert 429 in {ask() for _ in range(10)}
    # What cannot be used changes nothing.
    files[0].write_text("no certificate")
    reload()
    assert served(server.port) == second
    config.write_text("[serve]\nrate = 'many'\n")
    reload()
    assert served(server.port) == second
    complaint = server.end()
    assert "nothing was changed" in complaint and "config.toml:2: rate" in complaint
    assert re.search("office.pem.*no TLS with this file", complaint), complaint
    while heard.recv(100).strip() != b"STOPPING=1":
        pass


def test_no_connection_is_lost_when_it_is_asked_to_reload(service):
    server = service("--listen", "127.0.0.1:0")
    ends = time.monotonic() + 2
    while time.monotonic() < ends:
        server.process.send_signal(signal.SIGHUP)
        assert events(http.client.HTTPConnection("127.0.0.1", server.port)) == 1


def test_the_levels_of_the_log_change_at_sighup_and_lines_for_the_journal_have_priorities(service, tmp_path):
    config = tmp_path / "config.toml"
    text = '[serve]\nlisten = "127.0.0.1:0"\nlog = '
    config.write_text(text + '"warn"\n')
    server = service(WAVEKEEP_CONFIG=str(config), JOURNAL_STREAM="8:1")

    def ask(path):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", path)
        assert connection.getresponse().status == 200

    ask("/api/v1/units")
    config.write_text(text + '"wavekeep_server::requests=debug,warn"\n')
    server.process.send_signal(signal.SIGHUP)
    ends = time.monotonic() + 3
    while time.monotonic() < ends:
        ask("/api/v1/months")
        time.sleep(0.05)
    log = server.end()
    assert re.search("^<4>certificates and configuration were read again", log, re.MULTILINE), log
    assert re.search("^<7>.*/api/v1/months", log, re.MULTILINE), log
    assert "/api/v1/units" not in log


def test_roles_of_people_who_signed_in_change_at_sighup(service, tmp_path):
    provider = Provider("kim", ["office"])
    (tmp_path / "secret").write_text("s3cret\n")
    config = tmp_path / "config.toml"
    text = (
        f'[serve]\nlisten = "127.0.0.1:0"\noidc-issuer = "{provider.issuer}"\noidc-client-id = "{CLIENT}"\n'
        f'oidc-client-secret-file = "{tmp_path / "secret"}"\noidc-role = '
    )
    config.write_text(text + '["group:office=read"]\n')
    server = service(WAVEKEEP_CONFIG=str(config))

    def ask(path, cookie=""):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", path, headers={"cookie": cookie})
        answer = connection.getresponse()
        cookies = [cookie.split(";")[0] for cookie in answer.headers.get_all("set-cookie", [])]
        return answer.status, answer.headers["location"], cookies, answer.read()

    _, location, [browser], _ = ask("/sign-in")
    _, back = provider.sign_in(location)
    status, _, cookies, _ = ask(back, browser)
    assert status == 303
    [who] = [cookie for cookie in cookies if cookie.startswith("wavekeep_signed_in=")]

    def role():
        status, _, _, body = ask("/api/v1/session", who)
        return json.loads(body)["role"] if status == 200 else status

    def reload(becomes):
        server.process.send_signal(signal.SIGHUP)
        ends = time.monotonic() + 30
        while role() != becomes:
            assert time.monotonic() < ends, role()
            time.sleep(0.05)

    assert role() == "read"
    config.write_text(text + '["group:office=admin"]\n')
    reload("admin")
    config.write_text(text + '["user:sam=admin"]\n')
    reload(403)
    config.write_text(text + '["group:office=review"]\n')
    reload("review")
    # What cannot be used changes nothing.
    (tmp_path / "secret").unlink()
    config.write_text(text + '["group:office=read"]\n')
    server.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert role() == "review"
    complaint = server.end()
    assert "nothing was changed" in complaint and "oidc-client-secret-file" in complaint, complaint
    assert "s3cret" not in complaint
    provider.end()
