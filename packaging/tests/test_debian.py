"""The Debian package, on a fresh Debian."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import SAMPLE, copy_of_debian, in_root

UNIT = "/lib/systemd/system/wavekeep.service"
UNITS = [UNIT, UNIT.replace(".s", "-watch.s"), UNIT.replace(".s", "-record.s")]
CONFIG = "etc/wavekeep/config.toml"


def install(root: Path, package: Path) -> Path:
    shutil.copy(package, root / "wavekeep.deb")
    in_root(root, "dpkg", "--install", "/wavekeep.deb")
    return root


@pytest.fixture(scope="module")
def installed(debian_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """For tests that change nothing."""
    with copy_of_debian(tmp_path_factory.mktemp("installed")) as root:
        yield install(root, debian_package)


@pytest.fixture
def own(fresh_debian: Path, debian_package: Path) -> Path:
    """For a test that changes something."""
    return install(fresh_debian, debian_package)


def test_the_installed_command_runs(installed: Path, version: str) -> None:
    assert in_root(installed, "wavekeep", "--version") == version


def test_every_manual_page_renders_without_a_warning(installed: Path) -> None:
    pages = sorted(path.name for path in (installed / "usr/share/man/man1").glob("wavekeep*"))
    assert {"wavekeep.1.gz", "wavekeep-serve.1.gz"} <= set(pages)
    for page in pages:
        path = f"/usr/share/man/man1/{page}"
        script = f"man --warnings --local-file {path} 2>&1 >/dev/null"
        assert in_root(installed, "sh", "-c", script) == "", page
    assert "wavekeep serve" in in_root(installed, "man", "wavekeep-serve")


def test_bash_completes_commands(installed: Path) -> None:
    script = """
        source /usr/share/bash-completion/completions/wavekeep
        COMP_WORDS=(wavekeep inf) COMP_CWORD=1
        _wavekeep wavekeep inf wavekeep
        echo "${COMPREPLY[*]}"
    """
    assert in_root(installed, "bash", "-c", script).split() == ["info"]


def test_the_package_makes_a_user_that_owns_an_empty_folder(installed: Path) -> None:
    owner = in_root(installed, "stat", "--format", "%U:%G %a", "/var/lib/wavekeep")
    assert owner == "wavekeep:wavekeep 750\n"
    assert not any((installed / "var/lib/wavekeep").iterdir())


def test_the_licences_are_installed(installed: Path) -> None:
    documents = {path.name for path in (installed / "usr/share/doc/wavekeep").iterdir()}
    assert {"copyright", "LICENSE-APACHE", "LICENSE-MIT", "LICENSE-OFL", "LICENSE-uPlot"} <= documents


def test_every_installed_file_has_its_checksum(installed: Path) -> None:
    assert in_root(installed, "dpkg", "--verify", "wavekeep") == ""


def test_removal_keeps_the_archive(own: Path) -> None:
    (own / "var/lib/wavekeep/event").touch()
    in_root(own, "dpkg", "--purge", "wavekeep")
    assert (own / "var/lib/wavekeep/event").exists()
    assert not (own / "usr/bin/wavekeep").exists()
    assert not (own / CONFIG).exists()


def test_a_second_installation_keeps_the_options(own: Path) -> None:
    (own / CONFIG).write_text('[serve]\nlisten = "127.0.0.1:9"\n')
    in_root(own, "dpkg", "--install", "/wavekeep.deb")
    assert "127.0.0.1:9" in (own / CONFIG).read_text()


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_accepts_the_services(installed: Path, unit: str) -> None:
    checked = in_root(installed, "sh", "-c", f"systemd-analyze verify {unit} 2>&1")
    assert "wavekeep" not in checked


@pytest.mark.parametrize("unit", UNITS)
def test_the_services_are_hardened(installed: Path, unit: str) -> None:
    # From 0, sealed, to 100, exposed.
    limits = ["--offline=true", "--threshold=15", "--no-pager"]
    in_root(installed, "systemd-analyze", "security", *limits, unit)


def test_the_configuration_of_the_services_has_no_faults(installed: Path) -> None:
    assert "2 settings, no faults" in in_root(installed, "wavekeep", "config", "check")


def test_the_command_of_the_service_answers_with_the_token_of_its_first_user(own: Path) -> None:
    unit = (own / UNIT.removeprefix("/")).read_text()
    (line,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    command = line.removeprefix("ExecStart=").split()
    user = ["setpriv", "--reuid=wavekeep", "--regid=wavekeep", "--clear-groups"]
    add = [*user, "wavekeep", "token", "add", "kim", "--role", "admin", "--create"]
    token = in_root(own, *add).strip()
    shutil.copy(SAMPLE, own)
    in_root(own, *user, "wavekeep", "import", f"/{SAMPLE.name}")
    serve = ["chroot", own, *user, *command, "--json", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            url = json.loads(server.stdout.readline())["url"].rstrip("/")
            request = urllib.request.Request(
                f"{url}/api/v1/events", headers={"Authorization": f"Bearer {token}"}
            )
            with urllib.request.urlopen(request) as answer:
                assert b"BE11529" in answer.read()
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(f"{url}/api/v1/events")
        finally:
            server.terminate()
