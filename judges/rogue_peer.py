"""What Rogue is to a recorder: sockets of libzmq that send frames and ask for values.

Commands come as JSON, one a line, on standard input; each is answered by one line:

    {"do": "open", "name": "data", "kind": "PUSH", "bind": "tcp://127.0.0.1:*"}  -> {"port": 40001}
    {"do": "send", "name": "data", "parts": ["0000", "00", "00", "6162"]}        -> {}
    {"do": "frames", "name": "data", "first": 0, "count": 10, "channels": 4}     -> {}
    {"do": "ask", "name": "control", "text": "{...}"}                            -> {"answer": "True"}
    {"do": "close", "name": "data"}                                              -> {}
"""

import json
import struct
import sys

import zmq

#: As Rogue's TcpServer sets them, and its clients of the JSON port.
ROGUE = {
    "PUSH": {zmq.IMMEDIATE: 1, zmq.LINGER: 0},
    "REQ": {zmq.REQ_CORRELATE: 1, zmq.REQ_RELAXED: 1, zmq.LINGER: 0},
}
#: How long anything may take, in ms.
PATIENCE = 60_000


def data(counter: int, channels: int) -> bytes:
    """A frame of data whose samples tell where they belong."""
    header = bytearray(128)
    struct.pack_into("<BBBBI", header, 0, 1, 1, 2, 0, channels)
    struct.pack_into("<Q", header, 48, 1_700_000_000_000_000_000 + counter * 250_000)
    struct.pack_into("<I", header, 84, counter & 0xFFFFFFFF)
    samples = (counter * 1000 + channel for channel in range(channels))
    return bytes(header) + struct.pack(f"<{channels}i", *samples)


class Peer:
    def __init__(self) -> None:
        self.context = zmq.Context()
        self.sockets: dict[str, zmq.Socket[bytes]] = {}

    def open(self, name, kind, bind=None, connect=None, options=None, plain=False):
        socket = self.context.socket(getattr(zmq, kind))
        socket.setsockopt(zmq.SNDTIMEO, PATIENCE)
        socket.setsockopt(zmq.RCVTIMEO, PATIENCE)
        for option, value in ({} if plain else ROGUE.get(kind, {})).items():
            socket.setsockopt(option, value)
        for option, value in (options or {}).items():
            socket.setsockopt(getattr(zmq, option), value)
        if bind is not None:
            socket.bind(bind)
        if connect is not None:
            socket.connect(connect)
        self.sockets[name] = socket
        endpoint = socket.getsockopt_string(zmq.LAST_ENDPOINT)
        return {"port": int(endpoint.rpartition(":")[2])}

    def send(self, name, parts, times=1):
        parts = [bytes.fromhex(part) for part in parts]
        for _ in range(times):
            self.sockets[name].send_multipart(parts)

    def frames(self, name, first, count, channels, step=1):
        for number in range(first, first + count):
            payload = data(number * step, channels)
            self.sockets[name].send_multipart([b"\0\0", b"\0", b"\0", payload])

    def large(self, name, count, size):
        """Frames of metadata of many bytes."""
        for number in range(count):
            payload = b"%08d" % number + b" " * (size - 8)
            self.sockets[name].send_multipart([b"\0\0", b"\0", b"\0", payload])

    def ask(self, name, text=None, hex=None, blanks=0):
        request = text.encode() if hex is None else bytes.fromhex(hex)
        self.sockets[name].send(request + b" " * blanks)
        return {"answer": self.sockets[name].recv().decode()}

    def post(self, name, text):
        """Asks without waiting for the answer."""
        self.sockets[name].send(text.encode())

    def answer(self, name):
        return {"answer": self.sockets[name].recv().decode()}

    def close(self, name):
        self.sockets.pop(name).close()


def main() -> None:
    peer = Peer()
    for line in sys.stdin:
        command = json.loads(line)
        result = getattr(peer, command.pop("do"))(**command)
        print(json.dumps(result or {}), flush=True)


main()
