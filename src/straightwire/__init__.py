# SPDX-License-Identifier: Apache-2.0
"""Straightwire: the relay contract for legacy virtio as definition, proof and reference.

The rooms: ``model`` (the contract as executable formulas), ``proofs`` (claims to verdicts), ``reference``
(readable Python relay, device and lockstep), ``native`` (the C relay and its binding).
"""

from importlib.metadata import version

__version__ = version("straightwire")
