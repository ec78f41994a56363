"""Those who use the archive while it is attacked: each is a thread that works until it is stopped, and
remembers what it was answered."""

import hashlib
import http.client
import json
import os
import random
import threading
import time
import uuid

from serving import SAMPLES

SAMPLE = (SAMPLES / "M529LIY6.N00").read_bytes()
#: Where its footer has the day and the time of the start, and of the stop.
START, STOP = len(SAMPLE) - 24, len(SAMPLE) - 16


def event(number):
    """An event that begins at another second than any other one: other bytes, and nothing else differs."""
    day, second = divmod(number, 86_400)
    moment = bytes([1 + day % 28, 4, 0x07, 0xEA, 0, second // 3600, second // 60 % 60, second % 60])
    return SAMPLE[:START] + moment + moment + SAMPLE[STOP + 8 :]


class Actor(threading.Thread):
    """Does one piece of work after another. What fails is counted; what was answered is kept."""

    def __init__(self, site, pause_s):
        super().__init__(daemon=True)
        self.site, self.pause_s = site, pause_s
        self.stopping = threading.Event()
        self.failures = 0
        self.broken = None

    def run(self):
        try:
            while not self.stopping.is_set():
                try:
                    self.work()
                except (OSError, http.client.HTTPException):
                    self.failures += 1
                self.stopping.wait(self.pause_s)
        except Exception as error:  # A mistake in the test itself must not pass for silence.
            self.broken = error

    def stop(self):
        self.stopping.set()
        self.join(60)
        assert not self.is_alive(), f"{type(self).__name__} hangs"
        assert self.broken is None, f"{type(self).__name__}: {self.broken!r}"


class Sender(Actor):
    """Sends events that differ, and remembers the numbers of those that were confirmed."""

    def __init__(self, site, pause_s, name):
        super().__init__(site, pause_s)
        self.name, self.sent, self.confirmed = name, 0, {}

    def work(self):
        self.sent += 1
        name = f"{self.name}{self.sent:06}.N00"
        border = uuid.uuid4().hex
        body = (
            f"--{border}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n"
        ).encode() + event(self.sent) + f"\r\n--{border}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={border}"}
        status, answer = self.site.ask("POST", f"/api/v1/import?serial={self.name}", body, kind)
        if status != 200:
            self.failures += 1
            return
        [result] = json.loads(answer)["results"]
        if "error" in result:
            self.failures += 1
            return
        self.confirmed[result["id"]] = result["sha256"]


class Reviewer(Actor):
    """Writes a note to events one after the other, and remembers the last one that was confirmed."""

    def __init__(self, site, pause_s, senders):
        super().__init__(site, pause_s)
        self.senders, self.turn, self.confirmed, self.tried = senders, 0, {}, {}

    def work(self):
        known = [id for sender in self.senders for id in list(sender.confirmed)]
        if not known:
            return
        self.turn += 1
        id, note = random.choice(known), f"turn {self.turn}"
        self.tried.setdefault(id, []).append(note)
        body = json.dumps({"notes": note, "false_trigger": self.turn % 2 == 0})
        kind = {"Content-Type": "application/merge-patch+json"}
        status, _ = self.site.ask("PATCH", f"/api/v1/events/{id}/review", body, kind)
        if status == 200:
            self.confirmed[id] = note
        else:
            self.failures += 1


class Listener(Actor):
    """Hears of changes, and goes on from the last one after a break."""

    def __init__(self, site):
        super().__init__(site, 0.2)
        self.last, self.heard, self.connection = None, set(), None

    def work(self):
        headers = {} if self.last is None else {"Last-Event-ID": self.last}
        self.connection = self.site.connect()
        self.connection.request("GET", self.site.path("/api/v1/live"), None, self.site.headers(headers))
        answer = self.connection.getresponse()
        if answer.status != 200:
            raise OSError(answer.status)
        event = None
        while not self.stopping.is_set():
            line = answer.readline()
            if not line:
                return
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "id":
                self.last = value
            elif field == "event":
                event = value
            elif field == "data" and event == "change":
                self.heard.add(json.loads(value)["id"])


class Watch(Actor):
    """Asks for the health, and remembers everything that was wrong."""

    def __init__(self, site):
        super().__init__(site, 0.25)
        self.wrong = set()

    def work(self):
        try:
            status, answer = self.site.ask("GET", "/health")
        except (OSError, http.client.HTTPException):
            self.wrong.add("no answer")
            raise
        checks = json.loads(answer).get("checks", {}) if answer.startswith(b"{") else {}
        fine = ("ok", "none", "not written to")
        self.wrong |= {name for name, found in checks.items() if found not in fine}
        if status >= 500:
            self.wrong.add(status)


class Resources(Actor):
    """Memory and descriptors of a process, second by second."""

    def __init__(self, pid):
        super().__init__(None, 1)
        self.pid, self.memory, self.descriptors = pid, [], []

    def work(self):
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as status:
            [resident] = [line.split()[1] for line in status if line.startswith("VmRSS")]
        self.memory.append(int(resident) / 1024)
        self.descriptors.append(len(os.listdir(f"/proc/{self.pid}/fd")))


class Dropper(Actor):
    """Puts files into the folder that is watched."""

    def __init__(self, folder, pause_s):
        super().__init__(None, pause_s)
        self.folder, self.dropped = folder, {}

    def work(self):
        number = len(self.dropped)
        name = f"DROP{number:05}.N00"
        part = self.folder / f"{name}.part"
        part.write_bytes(event(number))
        part.rename(self.folder / name)
        self.dropped[name] = hashlib.sha256(event(number)).hexdigest()


def until(what, seconds, check):
    """Waits until something holds."""
    end = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < end, f"{what} does not come true within {seconds} s"
        time.sleep(0.2)
    return found
