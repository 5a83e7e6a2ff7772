# SPDX-License-Identifier: Apache-2.0
"""An independent device to compare the reference DPU with: QEMU's own legacy virtio devices."""
