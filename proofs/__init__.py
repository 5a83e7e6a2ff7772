# SPDX-License-Identifier: Apache-2.0
"""Everything that turns a claim into a verdict: obligations, solvers, the manifest, the control space."""
