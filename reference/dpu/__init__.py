# SPDX-License-Identifier: Apache-2.0
"""A DPU in readable Python: an owner function, its members, and the legacy device behind admin commands."""
