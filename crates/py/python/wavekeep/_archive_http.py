"""An archive behind a server, by the standard library alone."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from . import _wavekeep
from ._errors import (
    ArchiveError,
    BadArgumentError,
    Error,
    MalformedError,
    NoSuchEventError,
    NotAllowedError,
    NotLostError,
    NothingToUndoError,
    ServerError,
    UnsupportedError,
)
from ._head import Head

#: Events of one answer: as many as a server gives.
_PAGE = 10_000
#: Events of an answer of Arrow.
_ARROW_PAGE = 100_000
#: Events that are named in an address.
_NAMED = 1000
#: Bytes of a file that are in memory while it is sent.
_CHUNK = 1 << 20
#: How often a list is asked for again that changed while it was read.
_AGAIN = 3

_Kind = TypeVar("_Kind")
#: Called with what became of a file.
Each = Callable[[dict[str, Any]], object]


class _StayHere(HTTPRedirectHandler):
    """Follows nothing: a token belongs to the server that was named."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Server:
    """`_archive.Backend` for an archive behind a server."""

    def __init__(self, address: str, token: str | None, timeout_s: float) -> None:
        parts = urlsplit(address)
        if not parts.hostname or parts.query or parts.fragment or parts.username:
            raise BadArgumentError(
                f"{address!r} is no address of a server, such as https://archive:8080"
            )
        if token is not None and not (token.isascii() and token.isprintable() and token.strip()):
            raise BadArgumentError("the token holds characters that no token has: copy it again")
        self._base = address.rstrip("/")
        self._token = token
        self._timeout_s = timeout_s
        self._opener = build_opener(_StayHere())

    def query(self, question: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
        for _ in range(_AGAIN):
            found = self._pages(question)
            if found is not None:
                return found
        raise ServerError("the archive changed each time while it was read: ask for less, or again")

    def _pages(self, question: dict[str, Any]) -> tuple[int, list[dict[str, Any]]] | None:
        """All pages of an answer; `None` when they do not belong together."""
        limit = question["limit"]
        rows: list[dict[str, Any]] = []
        first_total: int | None = None
        while True:
            left = _PAGE if limit is None else min(limit - len(rows), _PAGE)
            asked = {**question, "limit": left}
            if rows:
                asked.update(offset=0, after_id=rows[-1]["id"])
            try:
                page = self._json("GET", "/events", asked)
            except NoSuchEventError:
                if not rows:
                    raise
                # The last one was taken out meanwhile.
                return None
            total, events = _field(page, "total", int), _field(page, "events", list)
            if first_total not in (None, total):
                return None
            first_total = total
            rows += events
            # How many there are behind an event nobody says.
            wanted = None if question["after_id"] is not None else max(total - question["offset"], 0)
            if wanted is not None and limit is not None:
                wanted = min(wanted, limit)
            is_whole = wanted is not None and len(rows) >= wanted
            if is_whole or len(events) < left or len(rows) == limit:
                is_whole = wanted is None or len(rows) == wanted
                is_whole = is_whole and len({row["id"] for row in rows}) == len(rows)
                return (total, rows) if is_whole else None

    def query_arrow(self, question: dict[str, Any], read: Callable[[bytes], Any]) -> list[Any]:
        limit, parts, taken = question["limit"], [], 0
        asked = {**question, "format": "arrow"}
        while True:
            left = _ARROW_PAGE if limit is None else min(limit - taken, _ARROW_PAGE)
            asked["limit"] = left
            part = read(self._send("GET", self._address("/events", asked)))
            parts.append(part)
            taken += part.num_rows
            if part.num_rows < left or taken == limit:
                return parts
            asked.update(offset=0, after_id=part["id"][-1].as_py())

    def samples_arrow(
        self, ids: list[int], raw: bool, read: Callable[[bytes], Any]
    ) -> list[Any]:
        units = "raw" if raw else "physical"
        named = [ids[first : first + _NAMED] for first in range(0, len(ids), _NAMED)] or [[]]
        texts = (",".join(map(str, part)) for part in named)
        asked = ({"ids": text, "units": units} if text else {"limit": 0} for text in texts)
        return [read(self._send("GET", self._address("/samples", one))) for one in asked]

    def event(self, id: int) -> dict[str, Any]:
        return _field(self._one(id), "event", dict)

    def recording(self, id: int) -> tuple[_wavekeep.Event, str]:
        found = self._one(id)
        row, sidecar = _field(found, "event", dict), _field(found, "sidecar", dict)
        source = self._bytes("GET", f"/events/{id}/file")
        report = None
        if row.get("txt_filename"):
            try:
                report = self._bytes("GET", f"/events/{id}/report.txt")
            except NoSuchEventError:
                # It was taken away meanwhile; the sidecar has what it stated.
                pass
        name = os.path.basename(row["filename"])
        path = f"{self._base}/#{id}/{quote(name)}"
        handle = _wavekeep.archived_event(name, source, report, json.dumps(sidecar))
        return handle, path

    def stream_path(self, id: int) -> str:
        raise UnsupportedError(
            f"event {id} is a run of a stream: it is opened where its files are, by wavekeep.open"
        )

    def sidecar(self, id: int) -> dict[str, Any]:
        return self._document("GET", f"/events/{id}/sidecar")

    def review(self, id: int, review: dict[str, Any], who: str | None) -> dict[str, Any]:
        body = json.dumps(review).encode()
        kind = {"Content-Type": "application/merge-patch+json"}
        del who  # A server signs reviews itself.
        return self._document("PATCH", f"/events/{id}/review", body, kind)

    def undo(self, id: int, who: str | None) -> dict[str, Any]:
        del who  # A server signs reviews itself.
        return self._document("POST", f"/events/{id}/undo", b"", {})

    def move_to_unit(self, id: int, serial: str, reason: str, who: str | None) -> dict[str, Any]:
        del who  # A server signs it itself.
        body = json.dumps({"serial": serial, "reason": reason}).encode()
        return self._document("POST", f"/events/{id}/unit", body, {"Content-Type": "application/json"})

    def review_log(self, id: int, limit: int) -> list[dict[str, Any]]:
        entries = self._json("GET", f"/events/{id}/log", {"limit": min(limit, _PAGE)})
        return _rows(entries)

    def report(
        self, question: dict[str, Any], asked: dict[str, Any], template: str | None
    ) -> bytes:
        if template is not None:
            raise UnsupportedError(
                "the template of a server is its own: it is named with --report-template when it is started"
            )
        return self._send("GET", self._address("/report", {**_conditions(question), **asked}))

    def scaled_distance(self, question: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        named = {**_conditions(question), **asked}
        events: list[dict[str, Any]] = []
        while True:
            answer = self._json("GET", "/scaled_distance", {**named, "rows": _PAGE, "offset": len(events)})
            found = _field(answer, "events", list)
            events += found
            if not found or len(events) >= _field(answer, "total", int):
                return {**answer, "events": events}

    def trend(self, question: dict[str, Any]) -> dict[str, Any]:
        return _mapping(self._json("GET", "/trend", _conditions(question)), "/trend")

    def unit(self, serial: str, to: str | None, calibration_months: int) -> dict[str, Any]:
        path = f"/units/{quote(serial, safe='')}"
        asked = {"to": to, "calibration_months": calibration_months}
        return _mapping(self._json("GET", path, asked), path)

    def summaries(self, of: str) -> list[dict[str, Any]]:
        return _rows(self._json("GET", f"/{of}"))

    def import_files(
        self, paths: list[str], serial: str | None, adopt: bool, each: Each | None
    ) -> dict[str, Any]:
        if adopt:
            raise UnsupportedError("a server cannot leave files where they are: adopt needs a folder")
        found, results = _files(paths)
        form, session = _Form(found), None
        asked = {} if serial is None else {"serial": serial}
        address = self._address("/import", asked)
        headers = {"Content-Type": form.content_type, "Content-Length": str(form.length)}
        if found:
            answer = _parsed(self._send("POST", address, form, headers))
            results += _field(answer, "results", list)
            session = answer.get("session")
        if each is not None:
            for result in results:
                each(_fate(result))
        return _account(results, session)

    def levels(self, all: bool) -> list[dict[str, Any]]:
        answer = self._document("GET", f"/levels?all={str(all).lower()}", None, {})
        return _field(answer, "levels", list)

    def set_level(self, level: dict[str, Any], who: str | None) -> dict[str, Any]:
        del who  # A server signs it itself.
        return self._document("POST", "/levels", json.dumps(level).encode(), {"Content-Type": "application/json"})

    def head(self) -> str:
        text = self._send("GET", self._address("/ledger/head"), headers={"Accept": "text/plain"})
        return text.decode("utf-8", "replace")

    def ledger(self, id: int | None, limit: int) -> list[dict[str, Any]]:
        asked = {"event": id, "limit": min(limit, _PAGE)}
        return _rows(self._json("GET", "/ledger", asked))

    def forget(self, id: int, reason: str, who: str | None) -> dict[str, Any]:
        del who  # As for reviews.
        return self._let_go(id, "forget", reason)

    def remove(self, id: int, reason: str, who: str | None) -> dict[str, Any]:
        del who
        return self._let_go(id, "remove", reason)

    def _let_go(self, id: int, what: str, reason: str) -> dict[str, Any]:
        body = json.dumps({"reason": reason}).encode()
        return self._document(
            "POST", f"/events/{id}/{what}", body, {"Content-Type": "application/json"}
        )

    def verify(
        self, since: Head | None, progress: Callable[[int, int], object] | None
    ) -> dict[str, Any]:
        raise UnsupportedError(
            "an archive is verified where its files are: open its folder, or run `wavekeep verify`"
        )

    def _one(self, id: int) -> dict[str, Any]:
        return self._document("GET", f"/events/{id}")

    def _address(self, path: str, question: dict[str, Any] | None = None) -> str:
        asked = {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in (question or {}).items()
            if value is not None
        }
        return f"{self._base}/api/v1{path}" + (f"?{urlencode(asked)}" if asked else "")

    def _json(self, method: str, path: str, question: dict[str, Any] | None = None) -> Any:
        return _parsed(self._send(method, self._address(path, question)))

    def _document(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        return _mapping(_parsed(self._send(method, self._address(path), body, headers)), path)

    def _bytes(self, method: str, path: str) -> bytes:
        return self._send(method, self._address(path))

    def _send(
        self,
        method: str,
        address: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        request = Request(address, data=body, headers=headers or {}, method=method)
        if self._token is not None:
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                answered: bytes = answer.read()
                return answered
        except HTTPError as error:
            with error:
                raise _refused(error, address) from None
        except URLError as error:
            if body is not None and isinstance(error.reason, ConnectionError):
                # A server that refuses an upload may do so before all of it is sent, and its answer
                # is lost then. What it says of the token it says of a question too.
                self._json("GET", "/units")
                message = (
                    f"{self._base} broke off what was being sent ({error.reason}): it is too large, "
                    "or the token does not allow it"
                )
            else:
                message = f"{self._base} cannot be reached: {error.reason}"
            raise ServerError(message, path=self._base) from error
        except (OSError, ValueError) as error:
            message = f"{self._base} does not answer as a server does: {error}"
            raise ServerError(message, path=self._base) from error


def _refused(error: HTTPError, address: str) -> Error:
    """What a problem (RFC 9457) means here."""
    try:
        problem = json.loads(error.read())
        kind, detail = str(problem["type"]).rpartition(":")[2], str(problem["detail"])
    except (OSError, ValueError, KeyError, TypeError):
        kind, detail = "", f"the server answers with status {error.code}"
    if 300 <= error.code < 400:
        elsewhere = error.headers.get("Location", "another address")
        detail = f"the archive is at {elsewhere}: open that address, if it is the one you mean"
    classes: dict[str, type[Error]] = {
        "nothing_to_undo": NothingToUndoError,
        "not_lost": NotLostError,
        "no_ledger": ArchiveError,
        "decode": MalformedError,
        "sidecar": MalformedError,
        "stream": UnsupportedError,
    }
    by_status: dict[int, type[Error]] = {
        401: NotAllowedError,
        403: NotAllowedError,
        404: NoSuchEventError,
        422: BadArgumentError,
    }
    made = classes.get(kind) or by_status.get(error.code, ServerError)
    if made is NotAllowedError:
        detail += "; give token=…, or set WAVEKEEP_TOKEN"
    return made(detail, path=address)


def _mapping(found: Any, path: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ServerError(f"the server answers {path} with something else than a document")
    return found


def _parsed(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except ValueError as error:
        raise ServerError(f"the server answers with something else than JSON: {error}") from error


def _conditions(question: dict[str, Any]) -> dict[str, Any]:
    """Which events, without their order and page."""
    page = ("sort", "limit", "offset", "after_id")
    return {name: value for name, value in question.items() if name not in page}


def _field(found: Any, name: str, kind: type[_Kind]) -> _Kind:
    """A member of an answer."""
    value = found.get(name) if isinstance(found, dict) else None
    if not isinstance(value, kind):
        raise ServerError(f"the server's answer has no {name}: is it the server of an archive?")
    return value


def _rows(found: Any) -> list[dict[str, Any]]:
    if not isinstance(found, list):
        raise ServerError("the server answers with something else than a list")
    return found


def _files(paths: list[str]) -> tuple[list[str], list[dict[str, Any]]]:
    """The files that are named and those of folders in the order of their names; results of what is
    neither."""
    found: list[str] = []
    results: list[dict[str, Any]] = []
    for path in paths:
        if os.path.isdir(path):
            for folder, folders, names in os.walk(path):
                folders.sort()
                inside = (os.path.join(folder, name) for name in sorted(names))
                # A pipe would block for ever.
                found += filter(os.path.isfile, inside)
        elif os.path.isfile(path):
            found.append(path)
        else:
            detail = "it is neither a file nor a folder that can be read"
            results.append({"name": path, "error": {"kind": "io", "detail": detail}})
    return found, results


class _Form:
    """Files as a form, read while they are sent: memory does not grow with them."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths
        self._mark = secrets.token_hex(16)
        self._lengths = [os.path.getsize(path) for path in paths]
        self.content_type = f"multipart/form-data; boundary={self._mark}"
        heads = sum(len(self._head(path)) + 2 for path in paths)
        self.length = heads + sum(self._lengths) + len(self._end())

    def _head(self, path: str) -> bytes:
        name = os.path.basename(path)
        # As browsers write it.
        for sign, code in (('"', "%22"), ("\r", "%0D"), ("\n", "%0A")):
            name = name.replace(sign, code)
        head = (
            f'--{self._mark}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        )
        return f"{head}Content-Type: application/octet-stream\r\n\r\n".encode("utf-8", "replace")

    def _end(self) -> bytes:
        return f"--{self._mark}--\r\n".encode()

    def __iter__(self) -> Iterator[bytes]:
        for path, length in zip(self.paths, self._lengths):
            yield self._head(path)
            sent = 0
            with open(path, "rb") as file:
                while chunk := file.read(_CHUNK):
                    sent += len(chunk)
                    yield chunk
            if sent != length:
                raise OSError(f"{path} changed while it was sent: send it again")
            yield b"\r\n"
        yield self._end()


def _fate(result: dict[str, Any]) -> dict[str, Any]:
    """The result for a file, in the form of an archive on this machine."""
    name = result.get("name", "")
    error = result.get("error")
    if error is None:
        fate = "monitor_log" if result.get("monitor_log") else "event"
        return {"path": name, "fate": fate, **result}
    message = error.get("detail", error.get("message", ""))
    return {"path": name, "fate": "failed", "kind": error.get("kind", ""), "message": message}


def _account(results: list[dict[str, Any]], session: Any) -> dict[str, Any]:
    """The summary of an import, in the form of an archive on this machine."""
    counts = {"new": 0, "same": 0, "paired_late": 0, "frames_added": 0, "conflict": 0}
    account: dict[str, Any] = {
        "monitor_logs": 0,
        "same_monitor_logs": 0,
        "moved": 0,
        "without_report": 0,
        "report_refused": 0,
        "unknown_serials": 0,
        "unknown": [],
        "damaged": 0,
        "failed": 0,
        "failures": [],
    }
    for result in results:
        fate = _fate(result)
        if fate["fate"] == "failed":
            account["failed"] += 1
            account["failures"].append({name: fate[name] for name in ("path", "kind", "message")})
            continue
        outcome = result["outcome"]
        if result.get("monitor_log"):
            account["monitor_logs" if outcome == "new" else "same_monitor_logs"] += 1
            continue
        counts["same" if outcome == "moved" else outcome] += 1
        account["moved"] += "moved_from" in result
        status = result["report"]["status"]
        account["without_report"] += status == "not_paired"
        account["report_refused"] += status in ("not_understood", "differs")
        account["damaged"] += bool(result["not_decoded"])
        if result["serial_unknown"]:
            account["unknown_serials"] += 1
            account["unknown"].append(fate["path"])
    counts["conflicts"] = counts.pop("conflict")
    rest = {"skipped": {}, "stopped": False}
    return {"session": session, **counts, "streams": 0, **account, **rest}
