# SPDX-License-Identifier: Apache-2.0
"""How much Hypothesis tries: ``dev`` by default, ``ci`` (the same cases every time) and ``nightly`` by name.

``HYPOTHESIS_PROFILE=nightly make test``, or pytest's ``--hypothesis-profile``.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow]  # a loaded machine is no failure

settings.register_profile("dev", max_examples=50, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("ci", max_examples=200, deadline=None, suppress_health_check=_SLOW, derandomize=True)
settings.register_profile(
    "nightly", max_examples=5000, stateful_step_count=100, deadline=None, suppress_health_check=_SLOW
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))
