# SPDX-License-Identifier: Apache-2.0
"""What each device type does behind its registers and rings: one module a type."""
