"""The server behind nginx and Caddy, configured as docs/proxies.md shows."""

import base64
import http.client
import json
import os
import random
import re
import shlex
import ssl
import subprocess
import time
from urllib.parse import urljoin

import pytest

from provider import CLIENT, Provider
from serving import PROGRAM, ROOT, SAMPLES, await_port, free_port

PAGE = (ROOT / "docs" / "proxies.md").read_text(encoding="utf-8")
BASE = "/wavekeep"


def block(language):
    [found] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return found


def command(with_users):
    """The arguments of the page's command, with users whom the proxy signs in or without."""
    lines = re.findall(r"^wavekeep serve .*$", PAGE, re.MULTILINE)
    [found] = [line for line in lines if ("--user-header" in line) == with_users]
    return shlex.split(found)[1:]


class Server:
    """A server over an archive with some events, behind a proxy."""

    def __init__(self, folder, options):
        self.folder = folder
        self.archive = folder / "fleet"
        self.upstream = free_port()
        self.run("import", "--quiet", "--archive", self.archive, SAMPLES / "M529LKIQ.7M0W")
        self.token = self.run("token", "add", "kim", "--role", "admin", "--archive", self.archive)
        self.token = re.search(r"wk_\S+", self.token)[0]
        place = options.index("fleet")
        options = [*options[:place], str(self.archive), *options[place + 1 :]]
        self.process = subprocess.Popen(
            [PROGRAM, *options, "--json", "--listen", f"127.0.0.1:{self.upstream}", "--log-requests"],
            stdout=subprocess.PIPE, stderr=open(folder / "log", "w"), text=True,
        )
        assert json.loads(self.process.stdout.readline())["listening"]

    def run(self, *args):
        return subprocess.check_output([PROGRAM, *map(str, args)], text=True)

    def log(self):
        return (self.folder / "log").read_text()


class Proxy:
    def __init__(self, process, port, certificate):
        self.process, self.port = process, port
        self.context = ssl.create_default_context(cafile=certificate[0])

    def connect(self):
        # Another address than the proxy's.
        connection = http.client.HTTPSConnection(
            "localhost", self.port, context=self.context, timeout=60, source_address=("127.0.0.9", 0)
        )
        connection.connect()
        return connection

    def ask(self, method, path, body=None, headers=None):
        connection = self.connect()
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, dict((name.lower(), value) for name, value in answer.getheaders()), answer.read()


def nginx(folder, upstream, certificate):
    port = free_port()
    site = block("nginx").replace("443 ssl http2", f"127.0.0.1:{port} ssl http2")
    site = site.replace("office.example", "localhost").replace("127.0.0.1:8080", f"127.0.0.1:{upstream}")
    site = site.replace("/etc/ssl/office.pem", str(certificate[0]))
    site = site.replace("/etc/ssl/private/office.key", str(certificate[1]))
    kinds = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;\n"
        f"events {{}}\nhttp {{ access_log off; {kinds}\n{site}\n}}\n"
    )
    process = subprocess.Popen(["/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf"])
    return process, port


def caddy(folder, upstream, certificate):
    port = free_port()
    site = block("caddy").replace("office.example {", f"localhost:{port} {{")
    site = site.replace("127.0.0.1:8080", f"127.0.0.1:{upstream}")
    site = site.replace("/etc/ssl/office.pem", str(certificate[0]))
    site = site.replace("/etc/ssl/private/office.key", str(certificate[1]))
    (folder / "Caddyfile").write_text(f"{{\n admin off\n auto_https off\n}}\n{site}")
    process = subprocess.Popen(
        ["caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"],
        env=dict(os.environ, HOME=str(folder), XDG_DATA_HOME=str(folder), XDG_CONFIG_HOME=str(folder)),
        stderr=open(folder / "caddy.log", "w"),
    )
    return process, port


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
def start(request, tmp_path, certificate):
    """Starts a server with the options of a command of the page, and a proxy before it."""
    running = []

    def start(with_users=False, more=()):
        server = Server(tmp_path, [*command(with_users), *more])
        running.append(server.process)
        process, port = request.param(tmp_path, server.upstream, certificate)
        running.append(process)
        await_port(process, port)
        return server, Proxy(process, port, certificate)

    yield start
    for process in running:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def office(start):
    return start()


def signed_in(proxy, server):
    status, headers, _ = proxy.ask("PUT", f"{BASE}/api/v1/session", headers={"x-wavekeep-token": server.token})
    assert status == 200
    cookie = headers["set-cookie"]
    assert "; Secure" in cookie and f"; Path={BASE};" in cookie, cookie
    return {"cookie": cookie.split(";")[0]}


def test_the_page_and_what_it_loads_are_below_the_path(office):
    server, proxy = office
    assert proxy.ask("GET", BASE)[1]["location"].endswith(f"{BASE}/")
    status, _, page = proxy.ask("GET", f"{BASE}/")
    assert status == 200
    for address in re.findall(r'(?:src|href)="([^"#]+)"', page.decode()):
        assert not address.startswith("/"), address
        assert proxy.ask("GET", urljoin(f"{BASE}/", address))[0] in (200, 303, 307), address
    assert proxy.ask("GET", "/")[0] != 200 or b"wavekeep" not in proxy.ask("GET", "/")[2]


def test_the_documentation_of_the_api_finds_its_description(office):
    server, proxy = office
    who = signed_in(proxy, server)
    status, headers, _ = proxy.ask("GET", f"{BASE}/docs")
    assert status in (303, 307, 308) and headers["location"].endswith(f"{BASE}/docs/")
    _, _, script = proxy.ask("GET", f"{BASE}/docs/swagger-initializer.js")
    [address] = re.findall(r'"url":\s*"([^"]*openapi.json)"', script.decode())
    assert address == "../api/v1/openapi.json"
    assert proxy.ask("GET", f"{BASE}/api/v1/openapi.json", headers=who)[0] == 200


def test_people_sign_in_and_review(office):
    server, proxy = office
    assert proxy.ask("GET", f"{BASE}/api/v1/events")[0] == 401
    who = signed_in(proxy, server)
    # The proxy has an authorization of its own.
    basic = {"authorization": "Basic " + base64.b64encode(b"office:secret").decode()}
    status, _, body = proxy.ask("GET", f"{BASE}/api/v1/events", headers={**who, **basic})
    assert status == 200 and json.loads(body)["total"] == 1
    origin = {"origin": f"https://localhost:{proxy.port}", "content-type": "application/merge-patch+json"}
    patch = json.dumps({"review": {"false_trigger": True}})
    assert proxy.ask("PATCH", f"{BASE}/api/v1/events/1/review", patch, {**who, **origin})[0] == 200
    foreign = {**origin, "origin": "https://elsewhere.example"}
    assert proxy.ask("PATCH", f"{BASE}/api/v1/events/1/review", patch, {**who, **foreign})[0] == 403


def test_the_address_of_the_client_is_logged_and_no_client_chooses_it(office):
    server, proxy = office
    who = signed_in(proxy, server)
    proxy.ask("GET", f"{BASE}/api/v1/units", headers={**who, "x-forwarded-for": "203.0.113.9"})
    [line] = [line for line in server.log().splitlines() if "/api/v1/units" in line]
    assert line.endswith("peer=127.0.0.9"), line


def test_live_changes_come_at_once(office):
    server, proxy = office
    who = signed_in(proxy, server)
    connection = proxy.connect()
    connection.request("GET", f"{BASE}/api/v1/live", headers=who)
    answer = connection.getresponse()
    assert answer.status == 200
    patch = json.dumps({"review": {"notes": "a lorry"}})
    headers = {**who, "content-type": "application/merge-patch+json"}
    changed = time.monotonic()
    assert proxy.ask("PATCH", f"{BASE}/api/v1/events/1/review", patch, headers)[0] == 200
    while not answer.readline().startswith(b"event: change"):
        pass
    assert time.monotonic() - changed < 10


def test_a_part_of_a_file_and_60_MiB_pass(office):
    server, proxy = office
    who = signed_in(proxy, server)
    whole = (SAMPLES / "M529LKIQ.7M0W").read_bytes()
    status, headers, body = proxy.ask("GET", f"{BASE}/api/v1/events/1/file", headers={**who, "range": "bytes=10-19"})
    assert (status, body) == (206, whole[10:20]) and headers["content-range"] == f"bytes 10-19/{len(whole)}"
    large = random.Random(1).randbytes(60 << 20)
    boundary = "----wavekeep"
    body = (
        f'--{boundary}\r\ncontent-disposition: form-data; name="file"; filename="large.bin"\r\n\r\n'.encode()
        + large
        + f"\r\n--{boundary}--\r\n".encode()
    )
    kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
    status, _, answer = proxy.ask("POST", f"{BASE}/api/v1/import", body, {**who, **kind})
    assert status == 200, answer
    [file] = json.loads(answer)["results"]
    assert file["name"] == "large.bin", file


def test_a_name_of_a_client_is_no_user(start):
    server, proxy = start(with_users=True)
    status, _, _ = proxy.ask("GET", f"{BASE}/api/v1/session", headers={"x-remote-user": "kim"})
    assert status == 401


def test_a_trusted_proxy_signs_users_in(start):
    """As the proxy would, from its address."""
    server, _ = start(with_users=True)

    def session(**headers):
        connection = http.client.HTTPConnection("127.0.0.1", server.upstream)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", "/api/v1/session", headers={"x-forwarded-for": "203.0.113.9", **headers})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    for name, role in [("kim", "admin"), ("sam", "review"), ("alex", "read")]:
        status, caller = session(x_remote_user=name)
        assert (status, caller["name"], caller["role"]) == (200, name, role)
    assert session()[0] == 401
    assert session(x_wavekeep_token=server.token)[1]["name"] == "kim"


def test_people_sign_in_with_an_identity_provider(start):
    provider = Provider("kim", ["office"])
    server, proxy = start(more=[
        "--oidc-issuer", provider.issuer, "--oidc-client-id", CLIENT, "--oidc-role", "group:office=review",
    ])
    status, headers, _ = proxy.ask("GET", f"{BASE}/sign-in?return=/%3Fevent=1")
    assert status == 303
    browser = headers["set-cookie"]
    assert "; SameSite=Lax; Secure" in browser and f"; Path={BASE};" in browser, browser
    address, back = provider.sign_in(headers["location"])
    # The public URL of the page's command.
    assert (address.scheme, address.netloc, address.path) == ("https", "office.example", f"{BASE}/sign-in/callback")
    status, headers, _ = proxy.ask("GET", back, headers={"cookie": browser.split(";")[0]})
    assert (status, headers["location"]) == (303, f"{BASE}/?event=1")
    assert proxy.ask("GET", back, headers={"cookie": browser.split(";")[0]})[0] == 400
    connection = proxy.connect()
    status, headers, _ = proxy.ask("GET", f"{BASE}/sign-in")
    browser = headers["set-cookie"].split(";")[0]
    _, back = provider.sign_in(headers["location"])
    connection.request("GET", back, headers={"cookie": browser})
    cookies = connection.getresponse().headers.get_all("set-cookie")
    [cookie] = [cookie for cookie in cookies if cookie.startswith("wavekeep_signed_in=")]
    assert "; SameSite=Strict; Secure" in cookie and f"; Path={BASE};" in cookie, cookie
    who = {"cookie": cookie.split(";")[0]}
    status, _, body = proxy.ask("GET", f"{BASE}/api/v1/session", headers=who)
    caller = json.loads(body)
    assert (status, caller["name"], caller["role"], caller["by"]) == (200, "kim", "review", "oidc")
    assert proxy.ask("DELETE", f"{BASE}/api/v1/session", headers=who)[0] == 204
    assert proxy.ask("GET", f"{BASE}/api/v1/session", headers=who)[0] == 401
    provider.end()
