# SPDX-License-Identifier: Apache-2.0
"""Sphinx extensions of this documentation."""
