"""The DataWriter as process variables, judged by clients of others: pyepics, caproto and p4p.

All servers and clients run on this machine alone, on ports of their own.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq

import wavekeep
from conftest import counts_of, frame
from control_port import CHANNELS, free_port, recorder
from epics_lab import (
    CHANNEL_ACCESS,
    CLIENTS,
    PREFIX,
    Client,
    Failed,
    client,
    environment,
    eventually,
    gateway,
)
from wavekeep import epics, smurf
from wavekeep.epics._source import ControlSource
from wavekeep.epics._variables import VARIABLES

#: EPICS' numbers.
NO_ALARM, MAJOR, INVALID = 0, 2, 3


@pytest.fixture(params=CLIENTS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def env() -> dict[str, str]:
    return environment()


class Lab:
    """A writer of this process that is served, and its folder."""

    def __init__(self, writer: smurf.DataWriter, folder: Path, env: dict[str, str]) -> None:
        self.writer, self.folder, self.env = writer, folder, env

    def frames(self, count: int) -> None:
        """Writes frames."""
        for number in range(count):
            samples = counts_of(range(CHANNELS), [number])[:, 0]
            self.writer.write(frame(samples, 20 * number, 10**18 + number))


@contextmanager
def serving(folder: Path) -> Iterator[Lab]:
    """A lab that keeps its files in `folder`."""
    env, writer = environment(), smurf.DataWriter()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            if name.startswith("EPICS_"):
                patch.setenv(name, value)
        served = epics.serve(writer, prefix=PREFIX, root=folder)
    with served:
        yield Lab(writer, folder, env)
    if writer.IsOpen:
        writer.Close()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    folder = tmp_path / "data"
    folder.mkdir()
    with serving(folder) as lab:
        yield lab


@pytest.fixture
def lab_client(lab: Lab, kind: str) -> Iterator[Client]:
    with client(kind, lab.env) as connected:
        yield connected


@pytest.fixture(scope="module")
def one_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One for all tests whose puts change nothing."""
    with serving(tmp_path_factory.mktemp("one")) as lab:
        yield lab


@pytest.fixture(scope="module", params=CLIENTS)
def one_client(one_lab: Lab, request: pytest.FixtureRequest) -> Iterator[Client]:
    with client(str(request.param), one_lab.env) as connected:
        yield connected


@pytest.mark.parametrize(
    ("name", "channel_access", "pv_access"),
    [
        ("DataFile", "char", "s"),
        ("Open", "long", "s"),
        ("Close", "long", "s"),
        ("AutoName", "long", "s"),
        ("IsOpen", "enum", "enum"),
        ("BufferSize", "long", "I"),
        ("MaxFileSize", "char", "L"),
        ("CurrentSize", "char", "L"),
        ("TotalSize", "char", "L"),
        ("FrameCount", "long", "I"),
        ("Bandwidth", "double", "d"),
    ],
)
def test_every_variable_has_the_type_that_smurf_users_know(
    name: str, channel_access: str, pv_access: str, served: dict[str, Client]
) -> None:
    for kind, connected in served.items():
        found = connected.read(name)
        assert found["type"] == (pv_access if kind == "p4p" else channel_access), kind
        if found["type"] == "enum":
            assert found["choices"] == ["False", "True"], kind
        if kind == "p4p":
            assert found["id"] == f"epics:nt/{'NTEnum' if name == 'IsOpen' else 'NTScalar'}:1.0"
        else:
            # 300 characters and the zero behind them.
            assert found["count"] == (301 if channel_access == "char" else 1), kind
        assert found["severity"] == NO_ALARM, kind


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Client]]:
    """One client of each kind, for tests that only look."""
    env = environment()
    with recorder(tmp_path_factory.mktemp("looked_at")) as control, gateway(control, env):
        with client("pyepics", env) as a, client("caproto", env) as b, client("p4p", env) as c:
            yield {"pyepics": a, "caproto": b, "p4p": c}


def test_a_run_is_recorded_from_start_to_end(
    kind: str, env: dict[str, str], tmp_path: Path
) -> None:
    with recorder(tmp_path) as control, gateway(control, env), client(kind, env) as lab_client:
        path = tmp_path / "night.dat"
        lab_client.put("DataFile", str(path))
        assert lab_client.get("DataFile") == str(path)
        assert lab_client.get("IsOpen") == 0
        lab_client.call("Open")
        assert lab_client.get("IsOpen") == 1
        assert eventually(lambda: lab_client.get("FrameCount") > 20)
        assert eventually(lambda: lab_client.get("Bandwidth") > 0)
        lab_client.call("Close")
        assert lab_client.get("IsOpen") == 0
        counted, total = lab_client.get("FrameCount"), int(lab_client.get("TotalSize"))
        assert int(lab_client.get("CurrentSize")) == total
    run = wavekeep.open(path)
    assert isinstance(run, wavekeep.Stream)
    metadata_records = run.metadata["metadata_records"]
    assert run.n_frames + metadata_records == counted > 20
    assert path.stat().st_size == total and not run.report.damaged
    assert len(run.channels) == CHANNELS


def test_a_writer_of_this_process_is_served_as_it_is(lab: Lab, lab_client: Client) -> None:
    lab_client.put("DataFile", str(lab.folder / "run.dat"))
    lab_client.put("BufferSize", 4096)
    lab_client.put("MaxFileSize", 5_000_000_000 if lab_client.kind == "p4p" else "5000000000")
    assert (lab.writer.BufferSize, lab.writer.MaxFileSize) == (4096, 5_000_000_000)
    assert int(lab_client.get("MaxFileSize")) == 5_000_000_000
    lab_client.call("Open")
    assert lab.writer.IsOpen
    lab.frames(30)
    assert eventually(lambda: lab_client.get("FrameCount") == 30)
    lab_client.call("Close")
    assert not lab.writer.IsOpen
    # With a size of pieces, the first one has a number.
    assert int(lab_client.get("TotalSize")) == (lab.folder / "run.dat.1").stat().st_size


def test_auto_name_names_a_file_in_the_present_folder(lab: Lab, lab_client: Client) -> None:
    lab_client.put("DataFile", str(lab.folder / "x.dat"))
    lab_client.call("AutoName")
    named = Path(lab_client.get("DataFile"))
    assert named.parent == lab.folder and named.name.startswith("data_2")


def test_monitors_hear_what_changes_and_nothing_else(lab: Lab, lab_client: Client) -> None:
    lab_client.do("monitor", name=f"{PREFIX}:FrameCount")
    assert eventually(lambda: lab_client.do("events") == [0])
    lab.writer.DataFile = str(lab.folder / "run.dat")
    lab.writer.Open()
    lab.frames(7)
    assert eventually(lambda: lab_client.do("events")[-1:] == [7])
    lab.writer.Close()
    # Looked at once a second: each value once, and not one for every frame.
    seen = lab_client.do("events")
    assert seen == sorted(set(seen)) and len(seen) <= 4


def test_what_another_changes_is_heard(lab: Lab, lab_client: Client) -> None:
    for name in ("DataFile", "IsOpen"):
        lab_client.do("monitor", name=f"{PREFIX}:{name}")
    assert eventually(lambda: len(lab_client.do("events")) == 2)
    lab.writer.DataFile = str(lab.folder / "by_hand.dat")
    assert eventually(lambda: str(lab.folder / "by_hand.dat") in lab_client.do("events"))
    lab.writer.Open()
    assert eventually(lambda: lab_client.do("events")[-1] == 1)


def test_two_clients_at_once_see_the_same(lab: Lab) -> None:
    with client("pyepics", lab.env) as one, client("p4p", lab.env) as other:
        one.put("BufferSize", 111)
        assert eventually(lambda: other.get("BufferSize") == 111)
        other.put("BufferSize", 222)
        assert eventually(lambda: one.get("BufferSize") == 222)
        one.put("DataFile", str(lab.folder / "both.dat"))
        one.call("Open")
        assert other.get("IsOpen") == 1
        other.call("Close")
        assert one.get("IsOpen") == 0


@pytest.mark.parametrize("character", ["x", "é"])
def test_a_path_has_up_to_300_bytes_and_a_longer_one_is_refused(
    lab: Lab, lab_client: Client, character: str
) -> None:
    if character != "x" and lab_client.kind == "pyepics":
        # pyepics puts question marks for all that is not ASCII.
        character = "y"
    folder = f"{lab.folder}/"
    times, rest = divmod(300 - len(folder.encode()), len(character.encode()))
    longest = folder + character * times + "x" * rest
    assert len(longest.encode()) == 300
    lab_client.put("DataFile", longest)
    assert lab_client.get("DataFile") == longest == lab.writer.DataFile
    for longer in (longest + "z", longest + "z" * 100):
        with pytest.raises(Failed):
            lab_client.put("DataFile", longer)
        assert lab.writer.DataFile == longest
    assert lab_client.get("DataFile") == longest


HOSTILE = [
    ("BufferSize", "many"),
    ("BufferSize", "1e400"),
    ("BufferSize", -1),
    ("MaxFileSize", "5 GB"),
    ("MaxFileSize", "-1"),
    ("MaxFileSize", str(2**64)),
    ("MaxFileSize", ""),
    ("DataFile", "../../etc/cron.d/x"),
    ("DataFile", "/etc/cron.d/x"),
    ("IsOpen", 1),
    ("FrameCount", 5),
]


@pytest.mark.parametrize(("name", "value"), HOSTILE)
def test_a_put_that_makes_no_sense_is_an_error_and_changes_nothing(
    one_lab: Lab, one_client: Client, name: str, value: Any
) -> None:
    lab, lab_client = one_lab, one_client

    def state() -> list[Any]:
        return [lab.writer.get(one) for one in ("DataFile", "BufferSize", "MaxFileSize", "IsOpen")]

    if lab_client.kind == "p4p" and str(value) == "-1":
        # p4p itself makes an unsigned number of it, and nobody else can know.
        value = "minus one"
    before = state()
    with pytest.raises(Failed):
        lab_client.put(name, value)
    assert state() == before
    lab_client.put("BufferSize", 77)
    assert lab.writer.BufferSize == 77


def test_a_link_that_leads_out_of_the_root_is_not_followed(lab: Lab, lab_client: Client) -> None:
    outside = lab.folder.parent / "outside"
    outside.mkdir()
    inside = lab.folder / "sub"
    inside.mkdir()
    lab_client.put("DataFile", str(inside / "x.dat"))
    inside.rmdir()
    inside.symlink_to(outside)
    with pytest.raises(Failed):
        lab_client.call("Open")
    assert not list(outside.iterdir())


def test_a_refused_put_leaves_an_alarm_until_one_succeeds(lab: Lab, lab_client: Client) -> None:
    with pytest.raises(Failed) as refused:
        lab_client.put("DataFile", "/etc/passwd")
    if lab_client.kind == "p4p":
        assert "DataFile is a file below" in str(refused.value)
        assert "below" in lab_client.read("DataFile")["message"]
    assert lab_client.read("DataFile")["severity"] == MAJOR
    assert lab_client.read("BufferSize")["severity"] == NO_ALARM
    with pytest.raises(Failed):
        lab_client.put("FrameCount", 1)
    # Nothing could end this one.
    assert lab_client.read("FrameCount")["severity"] == NO_ALARM
    lab_client.put("DataFile", str(lab.folder / "x.dat"))
    assert lab_client.read("DataFile")["severity"] == NO_ALARM


def test_a_command_that_fails_says_so(lab: Lab, lab_client: Client) -> None:
    (lab.folder / "there.dat").write_bytes(b"precious")
    lab_client.put("DataFile", str(lab.folder / "there.dat"))
    with pytest.raises(Failed) as refused:
        lab_client.call("Open")
    if lab_client.kind == "p4p":
        assert "exists" in str(refused.value)
    assert lab_client.read("Open")["severity"] == MAJOR
    assert lab_client.get("IsOpen") == 0
    assert (lab.folder / "there.dat").read_bytes() == b"precious"


def test_over_pv_access_a_command_is_called_and_not_put(lab: Lab) -> None:
    lab.writer.DataFile = str(lab.folder / "x.dat")
    with client("p4p", lab.env) as connected:
        with pytest.raises(Failed, match="Open is a command: call it by an RPC"):
            connected.put("Open", "1")
        assert not lab.writer.IsOpen
        with pytest.raises(Failed, match="DataFile is no command"):
            connected.call("DataFile")


def test_over_pv_access_a_put_without_a_value_is_refused(lab: Lab) -> None:
    lab.writer.DataFile = str(lab.folder / "x.dat")
    with client("p4p", lab.env) as connected:
        with pytest.raises(Failed, match="the put has no value"):
            connected.do("put_alarm", name=f"{PREFIX}:DataFile")
    assert lab.writer.DataFile == str(lab.folder / "x.dat")


@pytest.mark.parametrize("kind", CHANNEL_ACCESS)
@pytest.mark.parametrize("number", [0, 1, -7])
def test_over_channel_access_any_number_calls_a_command(
    lab: Lab, lab_client: Client, number: int
) -> None:
    lab.writer.DataFile = str(lab.folder / "x.dat")
    lab_client.put("Open", number)
    assert lab.writer.IsOpen
    assert lab_client.get("Open") == 0


def test_puts_that_nobody_waits_for_are_done_in_their_order(lab: Lab) -> None:
    puts = []
    for number in range(5):
        puts += [("DataFile", str(lab.folder / f"{number}.dat")), ("Open", 1), ("Close", 1)]
    with client("pyepics", lab.env) as connected:
        connected.do("unwaited", puts=[(f"{PREFIX}:{name}", value) for name, value in puts])
        last = lab.folder / "4.dat"
        assert eventually(lambda: last.exists() and not lab.writer.IsOpen)
    assert sorted(it.name for it in lab.folder.iterdir()) == [f"{it}.dat" for it in range(5)]


def test_a_client_that_does_not_wait_hears_the_reason(lab: Lab) -> None:
    with client("pyepics", lab.env) as connected:
        connected.do("unwaited", puts=[(f"{PREFIX}:DataFile", "/etc/passwd")])
        (heard,) = eventually(lambda: connected.do("heard"))
        assert "DataFile is a file below" in heard and "found /etc/passwd" in heard


def test_without_a_control_port_all_is_invalid_and_comes_back_by_itself(
    kind: str, env: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()

    def severities() -> set[int]:
        names = ("DataFile", "IsOpen", "FrameCount", "MaxFileSize")
        return {connected.read(name)["severity"] for name in names}

    with gateway(f"tcp://127.0.0.1:{port}", env), client(kind, env) as connected:
        assert severities() == {INVALID}
        with recorder(tmp_path, port):
            assert eventually(lambda: severities() == {NO_ALARM})
            connected.put("DataFile", str(tmp_path / "x.dat"))
        assert eventually(lambda: severities() == {INVALID})
        # The value is still the last one that is known.
        assert connected.get("DataFile") == str(tmp_path / "x.dat")
        with pytest.raises(Failed):
            connected.put("DataFile", str(tmp_path / "y.dat"))
        with recorder(tmp_path, port):
            assert eventually(lambda: severities() == {NO_ALARM})
            # What was refused meanwhile is not done late.
            assert not connected.get("DataFile").endswith("y.dat")


def test_a_control_port_that_talks_nonsense_is_named() -> None:
    context = zmq.Context()
    port = context.socket(zmq.REP)
    number = port.bind_to_random_port("tcp://127.0.0.1")
    source = ControlSource(f"tcp://127.0.0.1:{number}", "AMCc.X")
    answers = {"BufferSize": "lots", "IsOpen": "None", "DataFile": "EXCEPTION: no disk"}
    variables = {one.name: one for one in VARIABLES}
    expected = {"BufferSize": "lots", "IsOpen": "has no AMCc.X.IsOpen", "DataFile": "^no disk$"}
    for name, answer in answers.items():
        answering = threading.Thread(target=lambda: (port.recv(), port.send_string(answer)))
        answering.start()
        with pytest.raises((epics.DisconnectedError, epics.RefusedError), match=expected[name]):
            source.read(variables[name])
        answering.join()
    source.close()
    port.close()
    context.term()


def test_only_this_machine_is_listened_to_unless_a_network_is_named(
    env: dict[str, str], tmp_path: Path
) -> None:
    with recorder(tmp_path) as control, gateway(control, env) as running:
        assert listeners(running.pid) == {"127.0.0.1"}
    with recorder(tmp_path) as control, gateway(control, env, "--interface", "0.0.0.0") as running:
        assert listeners(running.pid) == {"0.0.0.0"}


def listeners(pid: int) -> set[str]:
    """The addresses that this process takes connections on."""
    return {address for address, _ in sockets(pid)}


def listening_ports(pid: int) -> set[int]:
    """The ports that this process takes connections on."""
    return {port for _, port in sockets(pid)}


def sockets(pid: int) -> set[tuple[str, int]]:
    """TCP sockets that listen."""
    links = [entry.readlink() for entry in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {str(link)[8:-1] for link in links if str(link).startswith("socket:[")}
    found = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[9] in inodes and fields[3] == "0A":
            address, _, port = fields[1].partition(":")
            found.add((socket.inet_ntoa(bytes.fromhex(address)[::-1]), int(port, 16)))
    return found


def test_who_does_not_speak_the_protocols_hinders_nobody(lab: Lab) -> None:
    random = np.random.default_rng(7)
    ports = [int(lab.env[name]) for name in ("EPICS_CA_SERVER_PORT", "EPICS_PVAS_SERVER_PORT")]
    searches = [ports[0], int(lab.env["EPICS_PVAS_BROADCAST_PORT"])]
    held = []
    for number in range(20):
        noise = random.bytes(200) if number % 2 else bytes(200)
        for port in ports:
            held.append(socket.create_connection(("127.0.0.1", port)))
            held[-1].sendall(noise)
        with socket.socket(type=socket.SOCK_DGRAM) as sender:
            for port in searches:
                sender.sendto(noise, ("127.0.0.1", port))
    for kind in CLIENTS:
        with client(kind, lab.env) as connected:
            connected.put("BufferSize", 5)
            assert connected.get("BufferSize") == 5
    for one in held:
        one.close()


def test_a_path_that_is_too_long_for_channel_access_is_cut_there_alone(lab: Lab) -> None:
    path = str(lab.folder / ("x" * 400))
    lab.writer.DataFile = path
    with client("caproto", lab.env) as one, client("p4p", lab.env) as other:
        assert eventually(lambda: other.get("DataFile") == path)
        assert one.get("DataFile") == path[:300]


@pytest.mark.parametrize("option", ["--no-ca", "--no-pva"])
def test_either_protocol_may_be_left_out(option: str, env: dict[str, str], tmp_path: Path) -> None:
    left = "p4p" if option == "--no-ca" else "pyepics"
    options = (option, "--prefix", "lab:w")
    with recorder(tmp_path) as control, gateway(control, env, *options) as running:
        assert len(listening_ports(running.pid)) == 1
        with client(left, env) as connected:
            assert connected.do("get", name="lab:w:IsOpen")["value"] == 0


def test_a_writer_that_a_network_reaches_has_a_root() -> None:
    with pytest.raises(wavekeep.BadArgument, match="root="):
        epics.serve(smurf.DataWriter(), interface="0.0.0.0")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prefix": ""}, "not a prefix of EPICS names"),
        ({"prefix": "a b"}, "not a prefix of EPICS names"),
        ({"prefix": "lab:"}, "not a prefix of EPICS names"),
        ({"interface": "localhost"}, "not an IPv4 address"),
        ({"ca": False, "pva": False}, "both disabled"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(wavekeep.BadArgument, match=message):
        epics.serve(smurf.DataWriter(), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--control", "somewhere"], "'somewhere' is not the address of a control port"),
        (["--control", "tcp://127.0.0.1:9", "--prefix", "a b"], "not a prefix of EPICS names"),
    ],
)
def test_wrong_usage_is_named_and_ends_with_2(options: list[str], message: str) -> None:
    run = program_run(*options)
    assert run.returncode == 2 and message in run.stderr and "Traceback" not in run.stderr


@pytest.mark.parametrize("option", ["--no-ca", "--no-pva"])
def test_an_address_that_this_machine_does_not_have_is_named(option: str) -> None:
    run = program_run("--control", "tcp://127.0.0.1:9", "--interface", "203.0.113.7", option)
    assert run.returncode == 1 and "cannot be served on 203.0.113.7" in run.stderr
    assert "Traceback" not in run.stderr


def program_run(*options: str) -> subprocess.CompletedProcess[str]:
    """`python -m wavekeep.epics`, which ends by itself."""
    command = [sys.executable, "-m", "wavekeep.epics", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("missing", ["caproto", "p4p", "zmq"])
def test_a_package_that_is_missing_is_named(missing: str) -> None:
    code = (
        f"import sys; sys.modules['{missing}'] = None\n"
        "from wavekeep import epics\n"
        "epics.serve('tcp://127.0.0.1:9')"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    wanted = f"MissingLibraryError: wavekeep.epics needs {missing}: pip install 'wavekeep[epics]'"
    assert wanted in run.stderr
