# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator

import pytest

from straightwire.proofs.theorems import situations


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """Steps are kept between obligations; a test that changes the model's code must not meet them."""
    situations.step_of.cache_clear()
    situations.incident_of.cache_clear()
    yield
    situations.step_of.cache_clear()
    situations.incident_of.cache_clear()
