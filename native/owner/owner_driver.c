/* SPDX-License-Identifier: Apache-2.0 */
#include "owner_driver.h"

#include "straightwire/tables.h"

void *memset(void *to, int byte, size_t len);

/* The list is an array of le64; one word holds every opcode the project speaks. A device whose list is
 * longer drops the excess (QD1), one whose LIST_USE expects more reads the missing words as zero. */
#define LIST_LEN 8u

static void put_le(uint8_t *to, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_le(const uint8_t *from, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)from[i] << (8 * i);
	return value;
}

/* Both list commands carry member id 0 (GD14 and choice A5), so the header is opcode and group alone.
 * Reply bytes past the used length are zero (QR5). */
static int64_t execute(sw_owner_admin admin, void *ctx, uint16_t opcode,
		       uint8_t *command, size_t command_len, uint8_t *reply, size_t reply_len)
{
	uint64_t status;
	size_t used;

	put_le(command + SW_COMMAND_OPCODE_AT, opcode, 2);
	put_le(command + SW_COMMAND_GROUP_TYPE_AT, SW_GROUP_SRIOV, 2);
	memset(reply, 0, reply_len);
	used = admin(ctx, command, command_len, reply, reply_len);
	if (used < reply_len)
		memset(reply + used, 0, reply_len - used);
	status = get_le(reply + SW_REPLY_STATUS_AT, 2);
	return status == SW_STATUS_OK ? 0 : -(int64_t)(SW_STATUS_BASE + status);
}

int64_t sw_owner_use_commands(sw_owner_admin admin, void *ctx, uint64_t wanted, uint64_t *in_use)
{
	uint8_t command[SW_COMMAND_HEADER_LEN + LIST_LEN];
	uint8_t reply[SW_REPLY_HEADER_LEN + LIST_LEN];
	uint64_t list;
	int64_t result;

	memset(command, 0, sizeof(command));
	result = execute(admin, ctx, SW_OP_LIST_QUERY, command, SW_COMMAND_HEADER_LEN, reply, sizeof(reply));
	if (result)
		return result;
	list = get_le(reply + SW_REPLY_HEADER_LEN, LIST_LEN) & wanted;	/* GR5: nothing not offered */
	put_le(command + SW_COMMAND_HEADER_LEN, list, LIST_LEN);
	result = execute(admin, ctx, SW_OP_LIST_USE, command, sizeof(command), reply, SW_REPLY_HEADER_LEN);
	if (result)
		return result;
	*in_use = list;
	return 0;
}
