# SPDX-License-Identifier: Apache-2.0
"""The contract as executable formulas: vocabulary, route, clauses, interposers, devices."""
