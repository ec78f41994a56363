"""What the judges of a listening server share: a free port, a certificate, and waiting for a port.

`WAVEKEEP_BIN` names the program.
"""

import os
import random
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "samples"
PROGRAM = os.environ["WAVEKEEP_BIN"]


def free_port():
    """None of those that a system gives to who asks for any."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def certify(certificate, key):
    """A new certificate of office.example and localhost, and its key."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=office.example", "-addext",
         "subjectAltName=DNS:office.example,DNS:localhost", "-out", certificate, "-keyout", key],
        check=True, capture_output=True,
    )


def await_port(process, port):
    for _ in range(300):
        assert process.poll() is None, "the server ended"
        with socket.socket() as answers:
            if answers.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server does not answer")
