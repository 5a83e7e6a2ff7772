# SPDX-License-Identifier: Apache-2.0
"""Readable Python: the relay, the DPU behind it, and the lockstep comparison."""
