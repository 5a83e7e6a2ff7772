# SPDX-License-Identifier: Apache-2.0
"""Concrete inputs of the model: members as tests name them, and hypothesis strategies for whatever can happen."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from straightwire.model.vocabulary import NO_DOORBELL, Access, Doorbell, Event, Own, Reply, Transport

SAMPLED = settings(deadline=None, derandomize=True, max_examples=150)
"""The same inputs in every run."""

DOORBELL = Doorbell(True, 2, 4, 0x1000)
"""The member's BAR 4, at 4096."""

CONFIG_LENS = {1: 28, 2: 96, 3: 12, 4: 0, 5: 16}
"""Bytes of device configuration by virtio id (virtio 1.4, the structure of each device type)."""


def transport(
    virtio_id: int = 1, *, decode: bool = True, msix: bool = False, bar0: int = 0, doorbell: Doorbell = NO_DOORBELL
) -> Transport:
    """Transport state of member 2 of a device type (1 net, 2 blk, 3 console, 4 rng, 5 balloon)."""
    return Transport(Own(2, virtio_id, CONFIG_LENS[virtio_id]), doorbell, decode, msix, bar0)


def bar(offset: int, length: int, payload: int | None = None) -> Access:
    """A read of the BAR, or with a payload a write."""
    return Access(False, payload is not None, offset, length, payload or 0)


def pci(offset: int, length: int, payload: int | None = None) -> Access:
    """A read of configuration space, or with a payload a write."""
    return Access(True, payload is not None, offset, length, payload or 0)


_EDGES = (0, 1, 2, 4, 12, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 25, 31, 32, 63, 64, 127, 128, 255, 256)
_numbers = st.one_of(
    st.sampled_from(_EDGES), st.integers(0, 300), st.integers(0, 2**64 - 1), st.sampled_from((2**63, 2**64 - 1))
)
_lengths = st.one_of(st.sampled_from((0, 1, 2, 3, 4, 8)), _numbers)
payloads = st.integers(0, 2**2048 - 1)

transports = st.builds(
    transport,
    st.sampled_from(sorted(CONFIG_LENS)),
    decode=st.booleans(),
    msix=st.booleans(),
    bar0=st.integers(0, 2**32 - 1),
    doorbell=st.sampled_from((NO_DOORBELL, DOORBELL)),
)
accesses = st.builds(Access, st.booleans(), st.booleans(), _numbers, _lengths, payloads)
_headers = st.sampled_from((0, 0, 0, 11, 22, 0x0003_0000, 0x0003_0016))
replies = st.builds(
    lambda header, data, written: Reply(header | data << 64, written),
    _headers,
    payloads,
    st.one_of(st.integers(0, 12), st.just(264), st.integers(0, 2**64 - 1)),
)
events = st.builds(Event, st.integers(0, 3), st.booleans())
