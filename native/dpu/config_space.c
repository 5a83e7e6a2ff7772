/* SPDX-License-Identifier: Apache-2.0
 *
 * A member's own PCI configuration space: a virtual function that is a non-transitional virtio device (LD6),
 * with one capability, MSI-X. Its I/O bit and its BARs are hardwired to zero, as PCI has them for a VF.
 */
#include "dpu.h"

#define VENDOR_ID 0x00u
#define STATUS 0x06u
#define STATUS_CAPABILITIES 0x10u
#define CLASS_CODE 0x09u
#define CAPABILITIES 0x34u
#define NON_TRANSITIONAL_DEVICE_ID 0x1040u	/* and the virtio id (virtio 1.4, 4.1.2) */
#define NON_TRANSITIONAL_REVISION 1u

#define COMMAND_MEMORY 0x2u
#define COMMAND_BUS_MASTER 0x4u
#define COMMAND_INTX_DISABLE 0x400u

#define MSIX 0x40u
#define MSIX_ID 0x11u
#define MSIX_CONTROL (MSIX + 2)
#define MSIX_TABLE (MSIX + 4)
#define MSIX_PENDING (MSIX + 8)
#define MSIX_ENABLE 0x8000u
#define MSIX_MASK 0x4000u
#define MSIX_BAR 1u
#define MSIX_ENTRY_LEN 16u

static uint32_t class_code(uint16_t virtio_id)
{
	switch (virtio_id) {
	case SW_ID_NET:
		return 0x020000;
	case SW_ID_BLK:
		return 0x010000;
	case SW_ID_CONSOLE:
		return 0x078000;
	default:	/* entropy and balloon have no class of their own */
		return 0x00ff00;
	}
}

void sw_config_space_init(struct sw_member_device *member)
{
	uint8_t *space = member->config_space;

	memset(space, 0, SW_PCI_CONFIG_SPACE_LEN);
	sw_put_le(space + VENDOR_ID, SW_PCI_VIRTIO_VENDOR, 2);
	sw_put_le(space + SW_PCI_DEVICE_ID, NON_TRANSITIONAL_DEVICE_ID + member->virtio_id, 2);
	sw_put_le(space + STATUS, STATUS_CAPABILITIES, 2);
	space[SW_PCI_REVISION_ID] = NON_TRANSITIONAL_REVISION;
	sw_put_le(space + CLASS_CODE, class_code(member->virtio_id), 3);
	sw_put_le(space + SW_PCI_SUBSYSTEM_VENDOR_ID, SW_PCI_VIRTIO_VENDOR, 2);
	sw_put_le(space + SW_PCI_SUBSYSTEM_ID, NON_TRANSITIONAL_DEVICE_ID + member->virtio_id, 2);
	space[CAPABILITIES] = MSIX;
	space[MSIX] = MSIX_ID;
	sw_put_le(space + MSIX_CONTROL, member->vectors - 1u, 2);
	sw_put_le(space + MSIX_TABLE, MSIX_BAR, 4);
	sw_put_le(space + MSIX_PENDING, (uint64_t)member->vectors * MSIX_ENTRY_LEN | MSIX_BAR, 4);
}

/* Which bits of a byte can be written. */
static uint8_t writable(uint32_t at)
{
	if (at == SW_PCI_COMMAND)
		return COMMAND_MEMORY | COMMAND_BUS_MASTER;
	if (at == SW_PCI_COMMAND + 1)
		return COMMAND_INTX_DISABLE >> 8;
	if (at == MSIX_CONTROL + 1)
		return (MSIX_ENABLE | MSIX_MASK) >> 8;
	return 0;
}

/* Past the end there is nothing: those bytes stay as they are. */
void sw_config_space_read(const struct sw_member_device *member, uint16_t offset, uint8_t *to, size_t len)
{
	for (size_t i = 0; i < len && offset + i < SW_PCI_CONFIG_SPACE_LEN; i++)
		to[i] = member->config_space[offset + i];
}

void sw_config_space_write(struct sw_member_device *member, uint16_t offset, const uint8_t *from, size_t len)
{
	for (size_t i = 0; i < len && offset + i < SW_PCI_CONFIG_SPACE_LEN; i++) {
		uint8_t mask = writable((uint32_t)(offset + i));
		uint8_t *byte = &member->config_space[offset + i];

		*byte = (uint8_t)((*byte & ~mask) | (from[i] & mask));
	}
}

int sw_msix_enabled(const struct sw_member_device *member)
{
	return (sw_get_le(member->config_space + MSIX_CONTROL, 2) & MSIX_ENABLE) != 0;
}

int sw_bus_master(const struct sw_member_device *member)
{
	return (member->config_space[SW_PCI_COMMAND] & COMMAND_BUS_MASTER) != 0;
}
