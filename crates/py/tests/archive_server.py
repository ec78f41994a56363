"""A server that speaks the HTTP interface of an archive, as small as it can be: what the client is
tested against. Behind it is an archive on this machine."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import wavekeep
from wavekeep import _wavekeep

TOKEN = "wk_a-token-of-tests"
#: Events of one answer.
PAGE = 10_000
KINDS = {
    "NoSuchEvent": (404, "not_found"),
    "NothingToUndo": (409, "nothing_to_undo"),
    "BadArgument": (422, "query"),
    "Malformed": (409, "decode"),
}


class Held:
    """The archive, and what was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.archive = _wavekeep.Archive(folder, True)
        self.requests: list[tuple[str, str, Message]] = []
        #: Called before each request; for tests of what happens meanwhile.
        self.before: Callable[[str], object] = lambda path: None
        #: What is answered instead, by path: status, headers, body.
        self.instead: dict[str, tuple[int, dict[str, str], bytes]] = {}


class Handler(BaseHTTPRequestHandler):
    held: Held

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def answer(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {"Content-Type": "application/json"}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def problem(self, status: int, kind: str, detail: str) -> None:
        body = {
            "type": f"urn:wavekeep:{kind}",
            "title": "",
            "status": status,
            "detail": detail,
            "instance": self.path,
        }
        headers = {"Content-Type": "application/problem+json"}
        self.answer(json.dumps(body).encode(), status, headers)

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        self.held.requests.append((self.command, self.path, self.headers))
        self.held.before(parts.path)
        if parts.path in self.held.instead:
            status, headers, other = self.held.instead[parts.path]
            return self.answer(other, status, headers)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.problem(401, "token", "this archive asks for a token")
        try:
            found = self.route(parts.path.split("/")[3:], dict(parse_qsl(parts.query)), body)
        except wavekeep.Error as error:
            status, kind = KINDS.get(type(error).__name__, (500, "failed"))
            return self.problem(status, kind, str(error))
        if found is None:
            return self.problem(404, "not_found", "there is nothing at this path")
        self.answer(found if isinstance(found, bytes) else json.dumps(found).encode())

    do_GET = do_POST = do_PATCH = do_any

    def route(self, path: list[str], question: dict[str, str], body: bytes) -> Any:
        archive, who = self.held.archive, self.headers.get("X-Reviewer", "local")
        if self.command == "POST" and path == ["import"]:
            return self.take(question, body)
        if path[0] in ("units", "projects", "months") and len(path) == 1:
            return json.loads(getattr(archive, path[0])())
        if path == ["events"] and question.pop("format", None) == "arrow":
            return archive.query_arrow(json.dumps(_typed(question, most=10 * PAGE)))
        if path == ["events"]:
            page = json.loads(archive.query(json.dumps(_typed(question))))
            return {**page, "limit": int(question["limit"]), "offset": int(question["offset"])}
        if path[0] != "events":
            return None
        id, rest = int(path[1]), path[2:]
        row = json.loads(archive.event(id))
        if rest == []:
            sidecar = json.loads(archive.sidecar(id))
            return {"event": row, "sidecar": sidecar, "measurements": None, "notes": []}
        if rest == ["file"]:
            return Path(archive.source_path(id)).read_bytes()
        if rest == ["report.txt"]:
            text = Path(archive.source_path(id)).with_name(row["txt_filename"])
            return text.read_bytes() if text.exists() else None
        if rest == ["sidecar"]:
            return json.loads(archive.sidecar(id))
        if rest == ["log"]:
            return json.loads(archive.review_log(id, int(question["limit"])))
        if (self.command, rest) == ("POST", ["undo"]):
            return json.loads(archive.undo(id, who))
        if (self.command, rest) == ("PATCH", ["review"]):
            review = {"reviewer": who, **json.loads(body)}
            return json.loads(archive.patch(id, json.dumps({"review": review}), who))
        return None

    def take(self, question: dict[str, str], body: bytes) -> Any:
        mark = self.headers["Content-Type"].partition("boundary=")[2].encode()
        parts = body.split(b"--" + mark)
        assert parts[0] == b"" and parts[-1] == b"--\r\n"
        results: list[dict[str, Any]] = []

        def each(text: str) -> None:
            one = json.loads(text)
            name = Path(one.pop("path")).name
            fate = one.pop("fate")
            if fate in ("failed", "skipped"):
                detail = one.get("message") or one["reason"]
                results.append({"name": name, "error": {"kind": fate, "detail": detail}})
            else:
                results.append({"name": name, **one})

        with tempfile.TemporaryDirectory() as folder:
            for part in parts[1:-1]:
                head, _, content = part.partition(b"\r\n\r\n")
                name = head.decode().partition('filename="')[2].partition('"')[0]
                assert name and "/" not in name and content.endswith(b"\r\n")
                (Path(folder) / name).write_bytes(content[:-2])
            account = self.held.archive.import_files([folder], question.get("serial"), each=each)
        return {"session": json.loads(account)["session"], "results": results}


def _typed(question: dict[str, str], most: int = PAGE) -> dict[str, Any]:
    """The question as the archive takes it; what is out of range is refused, as the server does."""
    typed: dict[str, Any] = dict(question)
    for name in ("limit", "offset", "after_id", "changed_since"):
        if name in question:
            typed[name] = int(question[name])
    if typed["limit"] > most:
        raise wavekeep.BadArgument(f"limit is {typed['limit']}: an answer holds at most {most}")
    for name in ("false_trigger", "reviewed"):
        if name in question:
            typed[name] = {"true": True, "false": False}[question[name]]
    if "min_ppv_in_s" in question:
        typed["min_ppv_in_s"] = float(question["min_ppv_in_s"])
    return typed


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, Held]]:
    """A server of the archive in `folder`: its address, and what it holds."""
    held = Held(folder)
    handler = type("OneHandler", (Handler,), {"held": held})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", held
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
