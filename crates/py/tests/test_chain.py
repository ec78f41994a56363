"""The chain before the writer against the real processor's output."""

from __future__ import annotations

import json
import struct
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conftest import ROOT, RUNS
from wavekeep.smurf import Chain

VECTORS = ROOT / "crates/recorder/tests/data/chain"
CASES: dict[str, Any] = json.loads((VECTORS / "cases.json").read_text())


def load(name: str) -> NDArray[Any]:
    array: NDArray[Any] = np.load(VECTORS / f"{name}.npy")
    return array


@cache
def payloads() -> list[bytes]:
    """Frames of 4096 channels, of which those in the mask walk."""
    walk, bits, mask = load("in_walk"), load("bits"), load("mask")
    frames = []
    for number in range(len(walk)):
        header = bytearray(128)
        header[0] = 1
        struct.pack_into("<I", header, 4, 4096)
        struct.pack_into("<Q", header, 48, 1000 + number)
        struct.pack_into("<I", header, 80, int(bits[number]))
        struct.pack_into("<I", header, 84, number)
        samples = np.full(4096, 0x5A5A, "<i2")
        samples[mask] = walk[number]
        frames.append(bytes(header) + samples.tobytes())
    return frames


def settings(case: dict[str, Any]) -> dict[str, Any]:
    internal = case["mode"] == "internal"
    mode = (
        {"internal": {"factor": case["factor"]}}
        if internal
        else {"external": {"mask": case["external_bitmask"]}}
    )
    return {
        "mapper": {"mask": load("mask"), "payload_size": case["payload_size"]},
        "unwrap": case["unwrap"],
        "filter": {"enabled": case["filter"]}
        | {key: case[key] for key in ("order", "gain", "a", "b")},
        "downsampler": {"enabled": case["downsample"], "mode": mode},
    }


@pytest.mark.parametrize("name", CASES)
def test_every_case_gives_the_processors_samples_bit_for_bit(name: str) -> None:
    chain = Chain(**settings(CASES[name]))
    passed = [out for out in map(chain.process, payloads()) if out is not None]
    expected = load(f"out_{name}")
    words = max(expected.shape[1], CASES[name]["payload_size"])
    made = np.stack([np.frombuffer(out, "<i4", offset=128) for out in passed])
    assert made.shape == (len(expected), words)
    assert np.array_equal(made[:, : expected.shape[1]], expected)
    assert not made[:, expected.shape[1] :].any()
    statistics = chain.statistics
    assert statistics["frames"] == len(payloads()) and statistics["passed"] == len(expected)


def test_the_stamp_changes_the_time_and_nothing_else() -> None:
    plain, stamped = (Chain(downsampler={"enabled": False}) for _ in range(2))
    one = plain.process(payloads()[0])
    other = stamped.process(payloads()[0], stamp_ns=1_700_000_000_000_000_000)
    assert one is not None and other is not None
    assert struct.unpack_from("<Q", other, 48) == (1_700_000_000_000_000_000,)
    assert one[:48] + one[56:] == other[:48] + other[56:]


def test_bad_and_late_frames_are_dropped_and_counted() -> None:
    chain = Chain(downsampler={"enabled": False})
    first, second = payloads()[:2]
    assert chain.process(second) is not None
    assert chain.process(first) is None
    assert chain.process(second, error=1) is None and chain.process(b"short") is None
    assert chain.statistics == {"frames": 2, "lost": 0, "out_of_order": 1, "bad": 2, "passed": 1}
    chain.clear_statistics()
    assert chain.statistics["bad"] == 0


def test_settings_can_be_read_changed_and_refused() -> None:
    chain = Chain(unwrap=False)
    chain.configure(downsampler={"mode": {"internal": {"factor": 3}}})
    assert chain.config["unwrap"] is False
    assert chain.config["downsampler"]["mode"] == {"internal": {"factor": 3}}
    for wrong in (
        {"downsampler": {"mode": {"internal": {"factor": 0}}}},
        {"filter": {"order": 10_000}},
        {"volume": 3},
        {"unwrap": object()},
        {"filter": {"gain": float("nan")}},
    ):
        with pytest.raises(ValueError):
            chain.configure(**wrong)
    assert chain.config["downsampler"]["mode"] == {"internal": {"factor": 3}}
    chain.reset_filter()
    chain.reset_unwrapper()


def test_a_mask_past_the_input_is_refused() -> None:
    with pytest.raises(ValueError, match="5000"):
        Chain(mapper={"mask": [5000]}).process(payloads()[0])
