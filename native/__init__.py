# SPDX-License-Identifier: Apache-2.0
"""The room ``native``: the relay in C11, the loader for any library with its ABI, and their Python binding."""
