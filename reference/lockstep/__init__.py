# SPDX-License-Identifier: Apache-2.0
"""Lockstep: any two subjects, driven access by access through the plug-in ABI and compared."""
