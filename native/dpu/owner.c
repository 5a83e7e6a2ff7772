/* SPDX-License-Identifier: Apache-2.0
 *
 * The owner function: group administration commands to replies (virtio 1.4, 2.13), the legacy ones among
 * them.
 */
#include "dpu.h"

#define BIT(opcode) (UINT64_C(1) << (opcode))
#define LISTS (BIT(SW_OP_LIST_QUERY) | BIT(SW_OP_LIST_USE))
#define LIST_LEN 8u	/* one word holds every opcode known here (A7) */

struct command {
	const uint8_t *bytes;
	size_t len;
	uint16_t opcode;
	uint64_t member_id;
};

/* A reply as it is written: never past its room (QD1), and its length is what was written (QD2). */
struct reply {
	uint8_t *bytes;
	size_t room, used;
};

/* Readable bytes that are missing are zero (QD1). */
static uint64_t get(const uint8_t *bytes, size_t len, size_t at, size_t count)
{
	uint64_t value = 0;

	for (size_t i = 0; i < count && at + i < len; i++)
		value |= (uint64_t)bytes[at + i] << (8 * i);
	return value;
}

static void put(struct reply *reply, size_t at, uint64_t value, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (at + i < reply->room)
			reply->bytes[at + i] = (uint8_t)(value >> (8 * i));
	}
}

/* The status header (QD6), and how long the whole reply is. */
static void finish(struct reply *reply, uint16_t status, uint16_t qualifier, uint64_t result_len)
{
	uint64_t whole = SW_REPLY_HEADER_LEN + result_len;

	put(reply, 0, 0, SW_REPLY_HEADER_LEN);
	put(reply, SW_REPLY_STATUS_AT, status, 2);
	put(reply, SW_REPLY_STATUS_QUALIFIER_AT, qualifier, 2);
	reply->used = whole < reply->room ? (size_t)whole : reply->room;
}

static void invalid(struct reply *reply, uint16_t qualifier)
{
	finish(reply, SW_STATUS_EINVAL, qualifier, 0);
}

static void list_query(const struct sw_dpu *dpu, struct reply *reply)
{
	put(reply, SW_REPLY_HEADER_LEN, dpu->supported, LIST_LEN);
	finish(reply, SW_STATUS_OK, SW_QUALIFIER_OK, LIST_LEN);
}

/* Zero words behind the first are harmless, as is a short array; an opcode that is not known fails (GD6). */
static void list_use(struct sw_dpu *dpu, const struct command *command, struct reply *reply)
{
	uint64_t wanted = get(command->bytes, command->len, SW_COMMAND_HEADER_LEN, LIST_LEN);
	uint8_t beyond = 0;

	for (size_t at = SW_COMMAND_HEADER_LEN + LIST_LEN; at < command->len; at++)
		beyond |= command->bytes[at];
	if (beyond || (wanted & ~dpu->supported)) {
		invalid(reply, SW_QUALIFIER_INVALID_FIELD);
		return;
	}
	dpu->in_use = wanted;	/* GD9, GR7 */
	finish(reply, SW_STATUS_OK, SW_QUALIFIER_OK, 0);
}

static void legacy_read(struct sw_member_device *member, const struct command *command, struct reply *reply)
{
	uint8_t offset = (uint8_t)get(command->bytes, command->len, SW_LEGACY_OFFSET_AT, 1);
	uint64_t len = reply->room > SW_REPLY_HEADER_LEN ? reply->room - SW_REPLY_HEADER_LEN : 0;
	/* Without room for data the access is no field (B6), and the pointer is not used. */
	uint8_t *data = len ? reply->bytes + SW_REPLY_HEADER_LEN : NULL;
	int failed = command->opcode == SW_OP_LEGACY_COMMON_CFG_READ ?
		     sw_common_read(member, offset, data, len) : sw_device_read(member, offset, data, len);

	if (failed)
		invalid(reply, SW_QUALIFIER_INVALID_FIELD);	/* A3 */
	else
		finish(reply, SW_STATUS_OK, SW_QUALIFIER_OK, len);
}

static void legacy_write(struct sw_member_device *member, const struct command *command, struct reply *reply)
{
	uint8_t offset = (uint8_t)get(command->bytes, command->len, SW_LEGACY_OFFSET_AT, 1);
	uint64_t len = command->len > SW_LEGACY_DATA_AT ? command->len - SW_LEGACY_DATA_AT : 0;
	const uint8_t *data = len ? command->bytes + SW_LEGACY_DATA_AT : NULL;
	int failed = command->opcode == SW_OP_LEGACY_COMMON_CFG_WRITE ?
		     sw_common_write(member, offset, data, len) : sw_device_write(member, offset, data, len);

	if (failed)
		invalid(reply, SW_QUALIFIER_INVALID_FIELD);
	else
		finish(reply, SW_STATUS_OK, SW_QUALIFIER_OK, 0);
}

/* Entries past the member's own are zero, the last always (LD9). */
static void notify_info(const struct sw_member_device *member, struct reply *reply)
{
	for (size_t i = 0; i < SW_NOTIFY_ENTRIES; i++) {
		size_t at = SW_REPLY_HEADER_LEN + i * SW_NOTIFY_ENTRY_LEN;

		put(reply, at, 0, 8);
		put(reply, at + 8, 0, 8);
		if (i >= member->notify_count)
			continue;
		put(reply, at + SW_NOTIFY_ENTRY_FLAGS_AT, member->notify[i].bar_owner, 1);
		put(reply, at + SW_NOTIFY_ENTRY_BAR_AT, member->notify[i].bar, 1);
		put(reply, at + SW_NOTIFY_ENTRY_OFFSET_AT, member->notify[i].offset, 8);
	}
	finish(reply, SW_STATUS_OK, SW_QUALIFIER_OK, SW_NOTIFY_ENTRIES * SW_NOTIFY_ENTRY_LEN);
}

static void carry_out(struct sw_dpu *dpu, const struct command *command, struct reply *reply)
{
	struct sw_member_device *member;

	if (command->opcode == SW_OP_LIST_QUERY) {	/* A5: no member to check */
		list_query(dpu, reply);
		return;
	}
	if (command->opcode == SW_OP_LIST_USE) {
		list_use(dpu, command, reply);
		return;
	}
	member = sw_member(dpu, command->member_id);
	if (!member) {	/* GD14 */
		invalid(reply, SW_QUALIFIER_INVALID_MEMBER);
		return;
	}
	switch (command->opcode) {
	case SW_OP_LEGACY_COMMON_CFG_READ:
	case SW_OP_LEGACY_DEV_CFG_READ:
		legacy_read(member, command, reply);
		break;
	case SW_OP_LEGACY_COMMON_CFG_WRITE:
	case SW_OP_LEGACY_DEV_CFG_WRITE:
		legacy_write(member, command, reply);
		break;
	default:	/* LEGACY_NOTIFY_INFO: no other opcode can be in use */
		notify_info(member, reply);
		break;
	}
}

size_t sw_dpu_execute(struct sw_dpu *dpu, const uint8_t *bytes, size_t len, uint8_t *reply_bytes,
		      size_t reply_len)
{
	struct command command = {
		.bytes = bytes,
		.len = len,
		.opcode = (uint16_t)get(bytes, len, SW_COMMAND_OPCODE_AT, 2),
		.member_id = get(bytes, len, SW_COMMAND_GROUP_MEMBER_ID_AT, 8),
	};
	struct reply reply = { .bytes = reply_bytes, .room = reply_len };
	int list = command.opcode <= SW_OP_LIST_USE;

	/* Group, then opcode, then member (GD2). Without VF Enable there is no group (GD13), but the lists
	 * answer (A4). */
	if (get(bytes, len, SW_COMMAND_GROUP_TYPE_AT, 2) != SW_GROUP_SRIOV || (!dpu->vf_enable && !list))
		invalid(&reply, SW_QUALIFIER_INVALID_GROUP);
	else if (command.opcode >= 64 || !(dpu->in_use & BIT(command.opcode)))	/* GD10 */
		invalid(&reply, SW_QUALIFIER_INVALID_OPCODE);
	else
		carry_out(dpu, &command, &reply);
	return reply.used;
}

uint64_t sw_dpu_in_use(const struct sw_dpu *dpu)
{
	return dpu->in_use;
}

void sw_dpu_set_vf_enable(struct sw_dpu *dpu, int enabled)
{
	dpu->vf_enable = enabled != 0;
}

void sw_dpu_owner_reset(struct sw_dpu *dpu)
{
	dpu->in_use = LISTS & dpu->supported;	/* GD8 */
}
