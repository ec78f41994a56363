"""Builds the Python package: the extension by maturin, and the program, as the command of the wheel.

maturin builds an extension or a program. This backend (PEP 517) lets it build everything but the program,
which cargo builds for the same target and which becomes a script of the wheel. Editable installs and
source distributions are maturin's alone.

Build arguments are maturin's; those that the program is built with are passed on to cargo:

    pip wheel --no-deps --config-settings build-args="--locked --profile dev" .
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import maturin
from maturin import (  # noqa: F401
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

Settings = Mapping[str, Any] | None


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    needed = maturin.get_requires_for_build_wheel(config_settings)
    return [*needed, "cargo-zigbuild", "ziglang"] if arguments(config_settings).zig else needed


def build_wheel(
    wheel_directory: str,
    config_settings: Settings = None,
    metadata_directory: str | None = None,
) -> str:
    with tempfile.TemporaryDirectory() as folder:
        name = maturin.build_wheel(folder, config_settings, metadata_directory)
        program = build_program(arguments(config_settings))
        add_program(Path(folder, name), program, Path(wheel_directory))
    return name


def arguments(config_settings: Settings) -> argparse.Namespace:
    """What maturin and cargo both have to know; the rest concerns maturin alone."""
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    for switch in ("--locked", "--offline", "--frozen", "--zig"):
        parser.add_argument(switch, action="store_true")
    parser.add_argument("--profile", default="release")
    parser.add_argument("--target")
    parser.add_argument("--compatibility", "--manylinux", default="off")
    return parser.parse_known_args(maturin.get_maturin_pep517_args(config_settings))[0]


def build_program(options: argparse.Namespace) -> Path:
    # With the features of the whole workspace, the extension and the program share their dependencies.
    command = ["cargo", "zigbuild" if options.zig else "build"]
    command += ["--workspace", "--all-features", "--bin", "wavekeep", "--profile", options.profile]
    command += [f"--{one}" for one in ("locked", "offline", "frozen") if getattr(options, one)]
    if options.target:
        command += ["--target", zig_target(options) if options.zig else options.target]
    command += ["--message-format", "json-render-diagnostics"]
    print(f"Running `{' '.join(command)}`", flush=True)
    built = subprocess.run(command, stdout=subprocess.PIPE, env=environment(), check=True)
    messages = map(json.loads, built.stdout.splitlines())
    (program,) = (message["executable"] for message in messages if message.get("executable"))
    return Path(program)


def zig_target(options: argparse.Namespace) -> str:
    """The target, with the version of the C library that the wheel promises: manylinux_2_28 → gnu.2.28."""
    platform, _, version = options.compatibility.partition("_")
    return f"{options.target}.{version.replace('_', '.')}" if platform == "manylinux" else options.target


def environment() -> dict[str, str]:
    """Where no Rust is installed, maturin uses a temporary one, and so does the program."""
    if shutil.which("cargo"):
        return dict(os.environ)
    from puccinialin import setup_rust

    return {**os.environ, **setup_rust()}


def add_program(wheel: Path, program: Path, wheel_directory: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run_wheel("unpack", "--dest", folder, wheel)
        (unpacked,) = Path(folder).iterdir()
        scripts = unpacked / f"{unpacked.name}.data/scripts"
        scripts.mkdir(parents=True)
        shutil.copy2(program, scripts)
        run_wheel("pack", "--dest-dir", wheel_directory, unpacked)


def run_wheel(*command: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "wheel", *command], check=True)
