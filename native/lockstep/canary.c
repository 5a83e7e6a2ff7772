/* SPDX-License-Identifier: Apache-2.0
 *
 * The canary: the native relay with one planted fault. Every campaign runs it beside its subject and must
 * catch it; one that does not proves nothing about the subject either.
 *
 * The fault is a rare one: with MSI-X on, a successful read of three bytes that begins at offset 22 of
 * BAR0, the last common register, and so straddles the layout's split, comes back with its lowest bit
 * flipped.
 */
#define sw_core_bar_read honest_bar_read
#include "relay/core.c"
#undef sw_core_bar_read

int64_t sw_core_bar_read(const struct sw_core *core, uint64_t offset, uint8_t *buf, size_t len)
{
	int64_t result = honest_bar_read(core, offset, buf, len);

	if (result > 0 && core->split == SW_SPLIT_MSIX_ON && offset == SW_REG_MSI_QUEUE_VECTOR && len == 3)
		buf[0] ^= 1;
	return result;
}
