"""tests/collector/proven.yaml, which docs/devices.md is made of, is what the recordings prove today."""

from __future__ import annotations

import yaml

from collector.device.load import load
from tests.collector.proven import PROVEN, proven
from tests.peers import shared_devices


def test_what_the_recordings_prove_is_what_is_written() -> None:
    shared_devices()
    written, today = yaml.safe_load(PROVEN.read_text(encoding="utf-8")), proven()
    changed = {name for name in {*written, *today} if written.get(name) != today.get(name)}
    assert not changed, f"run: python -m tests.collector.proven && make docs; changed: {sorted(changed)}"


def test_each_proof_names_a_profile_that_is_there() -> None:
    profiles = load().profiles
    for name, proof in yaml.safe_load(PROVEN.read_text(encoding="utf-8")).items():
        assert proof["profile"] in profiles, name


def test_a_poll_is_few_pdus() -> None:
    """A controller with a dozen ports needs one or two GETs; only big switches need more."""
    for name, proof in yaml.safe_load(PROVEN.read_text(encoding="utf-8")).items():
        each_poll, _slow, walks = proof["pdus"]
        assert each_poll <= (6 if name.startswith("switch/") else 2), name
        assert walks <= 1, name
