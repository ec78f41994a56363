"""``python -m wavekeep.epics``: the DataWriter of a running recorder as process variables."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from .._errors import BadArgumentError, Error
from . import CONTROL_PATH, PREFIX, serve


def main(arguments: list[str] | None = None) -> int:
    """Serves until SIGINT or SIGTERM."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        served = serve(
            options.control,
            prefix=options.prefix,
            ca=options.ca,
            pva=options.pva,
            interface=options.interface or "127.0.0.1",
            control_path=options.control_path,
        )
    except Error as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, BadArgumentError) else 1
    with served:
        ports = [("Channel Access", served.ca_port), ("PV Access", served.pva_port)]
        over = " and ".join(f"{name} (TCP {port})" for name, port in ports if port)
        print(f"serving {options.prefix}:… over {over}; control {options.control}", flush=True)
        stop.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m wavekeep.epics",
        description="Serves the DataWriter of a running `wavekeep record --control` as process "
        "variables of EPICS, until Ctrl-C. Ports are taken from the environment, as for any "
        "EPICS server (EPICS_CA_SERVER_PORT, EPICS_PVAS_SERVER_PORT, …).",
    )
    parser.add_argument(
        "--control",
        required=True,
        metavar="ADDRESS",
        help="the control port of the recorder, as tcp://127.0.0.1:9002",
    )
    parser.add_argument(
        "--control-path",
        default=CONTROL_PATH,
        metavar="PATH",
        help="the writer behind the control port [default: %(default)s]",
    )
    parser.add_argument(
        "--prefix",
        default=PREFIX,
        help="what the names of the process variables begin with [default: %(default)s]",
    )
    parser.add_argument(
        "--interface",
        action="append",
        metavar="IP",
        help="the address of a network that may reach the variables; may be repeated; 0.0.0.0 for "
        "all [default: 127.0.0.1, this machine alone]",
    )
    parser.add_argument(
        "--no-ca", dest="ca", action="store_false", help="no Channel Access server"
    )
    parser.add_argument("--no-pva", dest="pva", action="store_false", help="no PV Access server")
    return parser


if __name__ == "__main__":
    sys.exit(main())
