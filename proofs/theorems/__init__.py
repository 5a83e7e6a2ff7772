# SPDX-License-Identifier: Apache-2.0
"""The theorems, one module each, named after their ids in the contract."""
