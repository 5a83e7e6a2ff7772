/* SPDX-License-Identifier: Apache-2.0
 *
 * The relay core. Read it beside the contract: each function names the rule, clause or choice it obeys.
 */
#include "core.h"

/* Declared here, not included: a freestanding C has no string.h, yet its compilers call these two anyway. */
void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memset(void *to, int byte, size_t len);

#define BIT(opcode) (UINT64_C(1) << (opcode))

#define LEGACY_OPCODES \
	(BIT(SW_OP_LEGACY_COMMON_CFG_WRITE) | BIT(SW_OP_LEGACY_COMMON_CFG_READ) | \
	 BIT(SW_OP_LEGACY_DEV_CFG_WRITE) | BIT(SW_OP_LEGACY_DEV_CFG_READ))

#define MIGRATION_OPCODES \
	(BIT(SW_OP_RESOURCE_OBJ_CREATE) | BIT(SW_OP_RESOURCE_OBJ_DESTROY) | \
	 BIT(SW_OP_DEV_PARTS_METADATA_GET) | BIT(SW_OP_DEV_PARTS_GET) | \
	 BIT(SW_OP_DEV_PARTS_SET) | BIT(SW_OP_DEV_MODE_SET))

/* The wire is little-endian whatever the host, so numbers go byte by byte. */

/* 2, 4 or 8 bytes: written out, since compilers make one store of them where they would leave a loop. */
static inline void put_le(uint8_t *to, uint64_t value, size_t bytes)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
	if (bytes == 2)
		return;
	to[2] = (uint8_t)(value >> 16);
	to[3] = (uint8_t)(value >> 24);
	if (bytes == 4)
		return;
	to[4] = (uint8_t)(value >> 32);
	to[5] = (uint8_t)(value >> 40);
	to[6] = (uint8_t)(value >> 48);
	to[7] = (uint8_t)(value >> 56);
}

static uint64_t get_le(const uint8_t *from, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)from[i] << (8 * i);
	return value;
}

/* Inside [0, limit), for any offset and length: no sum that could wrap. */
static int inside(uint64_t offset, size_t len, uint64_t limit)
{
	return len <= limit && offset <= limit - len;
}

/* --- commands ------------------------------------------------------------------------------------ */

/* A zeroed command of len bytes for this relay's own member (C-MEMBER); reserved bytes stay zero. */
static void command_init(const struct sw_core *core, uint8_t *command, size_t len, uint16_t opcode)
{
	memset(command, 0, len);
	put_le(command + SW_COMMAND_OPCODE_AT, opcode, 2);
	put_le(command + SW_COMMAND_GROUP_TYPE_AT, SW_GROUP_SRIOV, 2);
	put_le(command + SW_COMMAND_GROUP_MEMBER_ID_AT, core->member.group_member_id, 8);
}

/* Execute a command; bytes of the reply that the device did not write are zero (A13, QR5), those of the
 * status included. Returns the used length, at most reply_len. */
static size_t execute(const struct sw_core *core, const uint8_t *command, size_t command_len,
		      uint8_t *reply, size_t reply_len)
{
	size_t used;

	memset(reply, 0, reply_len);
	used = core->device.admin(core->device.ctx, command, command_len, reply, reply_len);
	if (used > reply_len)
		used = reply_len;
	if (used < reply_len)
		memset(reply + used, 0, reply_len - used);
	return used;
}

/* C-STATUS: 0 on success, else the status; the qualifier plays no part and nothing is retried (A14). */
static int64_t result_of(const uint8_t *reply)
{
	uint64_t status = get_le(reply + SW_REPLY_STATUS_AT, 2);

	return status == SW_STATUS_OK ? 0 : -(int64_t)(SW_STATUS_BASE + status);
}

/* Execute a command that has no result but its status. */
static int64_t execute_bare(const struct sw_core *core, const uint8_t *command, size_t command_len)
{
	uint8_t reply[SW_REPLY_HEADER_LEN];

	execute(core, command, command_len, reply, sizeof(reply));
	return result_of(reply);
}

/* --- open ---------------------------------------------------------------------------------------- */

int sw_core_check(const struct sw_member *member)
{
	if (member->virtio_device_id < SW_ID_NET || member->virtio_device_id > SW_ID_BALLOON)
		return SW_INVALID;
	if (member->device_config_len > SW_MAX_DEVICE_CONFIG)
		return SW_INVALID;
	if ((member->commands & LEGACY_OPCODES) != LEGACY_OPCODES)
		return SW_NOTSUP;
	return 0;
}

/* Rule 1: the next power of two that holds the common registers and the whole device configuration. */
static uint32_t window_for(uint16_t device_config_len)
{
	uint32_t window = 1;

	while (window < SW_SPLIT_MSIX_ON + device_config_len)
		window *= 2;
	return window;
}

/* LR6, for an entry that does not end the list. */
static int entry_stands(const struct sw_core *core, const struct sw_doorbell *entry)
{
	if (entry->bar_owner != SW_BAR_OF_OWNER && entry->bar_owner != SW_BAR_OF_MEMBER)
		return 0;
	if (entry->bar < SW_NOTIFY_BAR_FIRST || entry->bar > SW_NOTIFY_BAR_LAST)
		return 0;
	if (entry->offset % SW_NOTIFY_ALIGN != 0)
		return 0;
	return inside(entry->offset, SW_NOTIFY_LEN,
		      core->device.bar_len(core->device.ctx, entry->bar_owner, entry->bar));
}

/* Take the first of four entries (C1) that LR5 and LR6 let stand; none, or a failed command: no doorbell. */
static void find_doorbell(struct sw_core *core)
{
	uint8_t command[SW_COMMAND_HEADER_LEN];
	uint8_t reply[SW_REPLY_HEADER_LEN + SW_NOTIFY_ENTRIES * SW_NOTIFY_ENTRY_LEN];

	command_init(core, command, sizeof(command), SW_OP_LEGACY_NOTIFY_INFO);
	execute(core, command, sizeof(command), reply, sizeof(reply));
	if (result_of(reply) != 0)
		return;
	for (size_t i = 0; i < SW_NOTIFY_ENTRIES; i++) {
		const uint8_t *at = reply + SW_REPLY_HEADER_LEN + i * SW_NOTIFY_ENTRY_LEN;
		struct sw_doorbell entry = {
			.offset = get_le(at + SW_NOTIFY_ENTRY_OFFSET_AT, 8),
			.bar_owner = at[SW_NOTIFY_ENTRY_FLAGS_AT],
			.bar = at[SW_NOTIFY_ENTRY_BAR_AT],
		};

		if (entry.bar_owner == 0)	/* LR5: and all that follow */
			return;
		if (entry_stands(core, &entry)) {
			core->doorbell = entry;
			return;
		}
	}
}

int sw_core_open(struct sw_core *core, const struct sw_device *device, const struct sw_member *member)
{
	int error = sw_core_check(member);

	if (error)
		return error;
	memset(core, 0, sizeof(*core));
	core->device = *device;
	core->member = *member;
	core->window = window_for(member->device_config_len);
	core->split = SW_SPLIT_MSIX_OFF;
	if (member->commands & BIT(SW_OP_LEGACY_NOTIFY_INFO))
		find_doorbell(core);
	return 0;
}

/* --- the legacy BAR ------------------------------------------------------------------------------ */

/* Rule 3: which register file an access falls into, by its first byte alone, and where in it. */
struct route {
	uint16_t opcode;
	uint8_t offset;
};

static struct route route_of(const struct sw_core *core, uint64_t offset, uint16_t common, uint16_t device)
{
	struct route route;

	if (offset < core->split) {
		route.opcode = common;
		route.offset = (uint8_t)offset;
	} else {
		route.opcode = device;
		route.offset = (uint8_t)(offset - core->split);
	}
	return route;
}

/* C-REFUSE: the PCI rule and no other. */
static int decodes(const struct sw_core *core, uint64_t offset, size_t len)
{
	return core->io_decode && inside(offset, len, core->window);
}

/* Rule 4: exactly the 16-bit write at Queue Notify, and only where there is a doorbell. */
static int rings(const struct sw_core *core, uint64_t offset, size_t len)
{
	return core->doorbell.bar_owner != 0 &&
	       offset == SW_REG_QUEUE_NOTIFY && len == SW_REG_QUEUE_NOTIFY_LEN;
}

int64_t sw_core_bar_size(const struct sw_core *core)
{
	return core->window;
}

int64_t sw_core_bar_read(const struct sw_core *core, uint64_t offset, uint8_t *buf, size_t len)
{
	uint8_t command[SW_LEGACY_READ_LEN];	/* unpadded: A1 */
	uint8_t reply[SW_REPLY_HEADER_LEN + SW_MAX_WINDOW];
	struct route route;
	int64_t result;

	if (len == 0)
		return 0;
	if (!decodes(core, offset, len))
		return SW_REFUSED;
	route = route_of(core, offset, SW_OP_LEGACY_COMMON_CFG_READ, SW_OP_LEGACY_DEV_CFG_READ);
	command_init(core, command, sizeof(command), route.opcode);
	command[SW_LEGACY_OFFSET_AT] = route.offset;
	execute(core, command, sizeof(command), reply, SW_REPLY_HEADER_LEN + len);
	result = result_of(reply);
	if (result)
		return result;
	memcpy(buf, reply + SW_REPLY_HEADER_LEN, len);
	return (int64_t)len;
}

int64_t sw_core_bar_write(const struct sw_core *core, uint64_t offset, const uint8_t *buf, size_t len)
{
	uint8_t command[SW_LEGACY_WRITE_LEN + SW_MAX_WINDOW];
	const struct sw_doorbell *doorbell = &core->doorbell;
	struct route route;
	int64_t result;

	if (len == 0)
		return 0;
	if (!decodes(core, offset, len))
		return SW_REFUSED;
	if (rings(core, offset, len)) {
		core->device.doorbell(core->device.ctx, doorbell->bar_owner, doorbell->bar, doorbell->offset,
				      (uint16_t)get_le(buf, SW_REG_QUEUE_NOTIFY_LEN));
		return (int64_t)len;
	}
	route = route_of(core, offset, SW_OP_LEGACY_COMMON_CFG_WRITE, SW_OP_LEGACY_DEV_CFG_WRITE);
	command_init(core, command, SW_LEGACY_WRITE_LEN, route.opcode);
	command[SW_LEGACY_OFFSET_AT] = route.offset;
	memcpy(command + SW_LEGACY_DATA_AT, buf, len);
	result = execute_bare(core, command, SW_LEGACY_WRITE_LEN + len);
	return result ? result : (int64_t)len;
}

/* --- configuration space ------------------------------------------------------------------------- */

static uint16_t transitional_id(uint16_t virtio_device_id)
{
	switch (virtio_device_id) {
	case SW_ID_NET:
		return SW_PCI_ID_NET;
	case SW_ID_BLK:
		return SW_PCI_ID_BLK;
	case SW_ID_CONSOLE:
		return SW_PCI_ID_CONSOLE;
	case SW_ID_RNG:
		return SW_PCI_ID_RNG;
	default:	/* open let nothing else in */
		return SW_PCI_ID_BALLOON;
	}
}

/* Replace what of [at, at + bytes) the access [offset, offset + len) shows: those bits of each byte that
 * mask has, by those of value. */
static void overlay(uint8_t *own, uint64_t offset, size_t len, uint64_t at, size_t bytes,
		    uint32_t mask, uint32_t value)
{
	for (size_t i = 0; i < bytes; i++) {
		uint8_t byte_mask = (uint8_t)(mask >> (8 * i));
		uint8_t byte_value = (uint8_t)(value >> (8 * i));
		uint8_t *byte;

		if (at + i < offset || at + i - offset >= len)
			continue;
		byte = own + (at + i - offset);
		*byte = (uint8_t)((*byte & ~byte_mask) | (byte_value & byte_mask));
	}
}

/* Rule 6: a function of transport state alone, the same whatever the member answered. */
static void overlay_all(const struct sw_core *core, uint8_t *own, uint64_t offset, size_t len)
{
	uint16_t virtio_id = core->member.virtio_device_id;
	uint32_t bar0 = (core->bar0 & ~(core->window - 1)) | SW_PCI_BAR_IO;

	overlay(own, offset, len, SW_PCI_DEVICE_ID, 2, UINT16_MAX, transitional_id(virtio_id));
	overlay(own, offset, len, SW_PCI_COMMAND, 1, SW_PCI_COMMAND_IO, core->io_decode);
	overlay(own, offset, len, SW_PCI_REVISION_ID, 1, UINT8_MAX, SW_PCI_TRANSITIONAL_REVISION);
	overlay(own, offset, len, SW_PCI_BAR0, 4, UINT32_MAX, bar0);
	overlay(own, offset, len, SW_PCI_SUBSYSTEM_VENDOR_ID, 2, UINT16_MAX, SW_PCI_VIRTIO_VENDOR);
	overlay(own, offset, len, SW_PCI_SUBSYSTEM_ID, 2, UINT16_MAX, virtio_id);
}

int64_t sw_core_config_read(const struct sw_core *core, uint64_t offset, uint8_t *buf, size_t len)
{
	uint8_t own[SW_PCI_CONFIG_SPACE_LEN];

	if (len == 0)
		return 0;
	if (!inside(offset, len, SW_PCI_CONFIG_SPACE_LEN))
		return SW_REFUSED;
	memset(own, 0, sizeof(own));	/* C-RESIDUE, should the member leave bytes unwritten */
	core->device.config_read(core->device.ctx, (uint16_t)offset, own, len);
	overlay_all(core, own, offset, len);
	memcpy(buf, own, len);
	return (int64_t)len;
}

/* Rule 6: the shadows follow exactly the bytes written. */
static void update_shadows(struct sw_core *core, uint64_t offset, const uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint64_t where = offset + i;

		if (where == SW_PCI_COMMAND) {
			core->io_decode = buf[i] & SW_PCI_COMMAND_IO;
		} else if (where >= SW_PCI_BAR0 && where < SW_PCI_BAR0 + 4) {
			uint32_t shift = (uint32_t)(8 * (where - SW_PCI_BAR0));

			core->bar0 &= ~(UINT32_C(0xff) << shift);
			core->bar0 |= (uint32_t)buf[i] << shift;
		}
	}
}

int64_t sw_core_config_write(struct sw_core *core, uint64_t offset, const uint8_t *buf, size_t len)
{
	if (len == 0)
		return 0;
	if (!inside(offset, len, SW_PCI_CONFIG_SPACE_LEN))
		return SW_REFUSED;
	core->device.config_write(core->device.ctx, (uint16_t)offset, buf, len);
	update_shadows(core, offset, buf, len);
	return (int64_t)len;
}

/* --- transport events: none issues an operation (C-INIT, rule 7) --------------------------------- */

void sw_core_set_msix(struct sw_core *core, int enabled)
{
	core->split = enabled ? SW_SPLIT_MSIX_ON : SW_SPLIT_MSIX_OFF;
}

void sw_core_reset(struct sw_core *core)
{
	core->io_decode = 0;
	core->bar0 = 0;
}

void sw_core_tick(const struct sw_core *core)
{
	(void)core;
}

/* --- host requests: exactly the commands that relay_abi.h lists ----------------------------------- */

int sw_core_can_migrate(const struct sw_core *core)
{
	return (core->member.commands & MIGRATION_OPCODES) == MIGRATION_OPCODES ? 0 : SW_NOTSUP;
}

int64_t sw_core_stop(const struct sw_core *core, int stop)
{
	uint8_t command[SW_MODE_SET_LEN];

	if (sw_core_can_migrate(core))
		return SW_NOTSUP;
	command_init(core, command, sizeof(command), SW_OP_DEV_MODE_SET);
	command[SW_MODE_SET_FLAGS_AT] = stop ? SW_MODE_STOPPED : 0;
	return execute_bare(core, command, sizeof(command));
}

static int64_t object_create(const struct sw_core *core, uint8_t parts_type)
{
	uint8_t command[SW_OBJECT_CREATE_LEN];

	command_init(core, command, sizeof(command), SW_OP_RESOURCE_OBJ_CREATE);
	put_le(command + SW_OBJECT_CREATE_TYPE_AT, SW_OBJECT_DEV_PARTS, 2);
	put_le(command + SW_OBJECT_CREATE_ID_AT, core->member.parts_object_id, 4);
	command[SW_OBJECT_CREATE_PARTS_TYPE_AT] = parts_type;
	return execute_bare(core, command, sizeof(command));
}

/* Destroy the object and give the first failure: what went wrong before, else this command's own. */
static int64_t object_destroy(const struct sw_core *core, int64_t before)
{
	uint8_t command[SW_OBJECT_DESTROY_LEN];
	int64_t result;

	command_init(core, command, sizeof(command), SW_OP_RESOURCE_OBJ_DESTROY);
	put_le(command + SW_OBJECT_CREATE_TYPE_AT, SW_OBJECT_DEV_PARTS, 2);
	put_le(command + SW_OBJECT_CREATE_ID_AT, core->member.parts_object_id, 4);
	result = execute_bare(core, command, sizeof(command));
	return before < 0 || result == 0 ? before : result;
}

/* The size the device states for its parts, or a failure. */
static int64_t parts_size(const struct sw_core *core)
{
	uint8_t command[SW_METADATA_GET_LEN];
	uint8_t reply[SW_REPLY_HEADER_LEN + SW_METADATA_SIZE_RESULT_LEN];
	int64_t result;

	command_init(core, command, sizeof(command), SW_OP_DEV_PARTS_METADATA_GET);
	put_le(command + SW_METADATA_GET_TYPE_AT, SW_OBJECT_DEV_PARTS, 2);
	put_le(command + SW_METADATA_GET_ID_AT, core->member.parts_object_id, 4);
	command[SW_METADATA_GET_METADATA_TYPE_AT] = SW_METADATA_SIZE;
	execute(core, command, sizeof(command), reply, sizeof(reply));
	result = result_of(reply);
	return result ? result : (int64_t)get_le(reply + SW_REPLY_HEADER_LEN, 4);
}

/* Fetch all parts into reply; how many bytes of parts came, or a failure. */
static int64_t parts_get(const struct sw_core *core, uint8_t *reply, size_t cap)
{
	uint8_t command[SW_PARTS_GET_LEN];
	int64_t result;
	size_t used;

	command_init(core, command, sizeof(command), SW_OP_DEV_PARTS_GET);
	put_le(command + SW_PARTS_GET_TYPE_AT, SW_OBJECT_DEV_PARTS, 2);
	put_le(command + SW_PARTS_GET_ID_AT, core->member.parts_object_id, 4);
	command[SW_PARTS_GET_GET_TYPE_AT] = SW_PARTS_GET_ALL;
	used = execute(core, command, sizeof(command), reply, SW_REPLY_HEADER_LEN + cap);
	result = result_of(reply);
	if (result)
		return result;
	return used > SW_REPLY_HEADER_LEN ? (int64_t)(used - SW_REPLY_HEADER_LEN) : 0;
}

/* What save does while its object exists. */
static int64_t save_parts(const struct sw_core *core, size_t cap, uint8_t *reply)
{
	int64_t size = parts_size(core);

	if (size < 0 || cap == 0)
		return size;
	if ((uint64_t)size > cap)
		return SW_TOOSMALL;
	return parts_get(core, reply, cap);
}

int64_t sw_core_save(const struct sw_core *core, uint8_t *buf, size_t cap, uint8_t *reply)
{
	int64_t result;

	if (sw_core_can_migrate(core))
		return SW_NOTSUP;
	result = object_create(core, SW_PARTS_TYPE_GET);
	if (result)
		return result;
	result = object_destroy(core, save_parts(core, cap, reply));
	if (cap != 0 && result > 0)	/* only now is it a success (C-OPAQUE: as they came) */
		memcpy(buf, reply + SW_REPLY_HEADER_LEN, (size_t)result);
	return result;
}

int64_t sw_core_load(const struct sw_core *core, const uint8_t *buf, size_t len, uint8_t *command)
{
	int64_t result;

	if (sw_core_can_migrate(core))
		return SW_NOTSUP;
	result = object_create(core, SW_PARTS_TYPE_SET);
	if (result)
		return result;
	command_init(core, command, SW_PARTS_SET_LEN, SW_OP_DEV_PARTS_SET);
	put_le(command + SW_OBJECT_CREATE_TYPE_AT, SW_OBJECT_DEV_PARTS, 2);
	put_le(command + SW_OBJECT_CREATE_ID_AT, core->member.parts_object_id, 4);
	if (len != 0)
		memcpy(command + SW_PARTS_SET_LEN, buf, len);
	return object_destroy(core, execute_bare(core, command, SW_PARTS_SET_LEN + len));
}
