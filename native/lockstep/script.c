/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <string.h>

#include "mix.h"

static void put_le(uint8_t *to, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t eight_bytes(const uint8_t *from)
{
	uint64_t word;

	memcpy(&word, from, sizeof(word));
	return word;
}

/* A hash of all bytes of a command. */
static uint64_t hash_of(uint64_t hash, const uint8_t *command, size_t len)
{
	uint64_t rest = 0;

	for (; len >= 8; command += 8, len -= 8)
		hash = sw_mix(hash, eight_bytes(command));
	for (size_t i = 0; i < len; i++)
		rest |= (uint64_t)command[i] << (8 * i);
	return sw_finish(sw_mix(hash, rest));
}

/* Bytes without a pattern. */
static void noise(uint8_t *to, size_t len, uint64_t state)
{
	for (; len >= 8; to += 8, len -= 8) {
		uint64_t word = sw_next(&state);

		memcpy(to, &word, sizeof(word));
	}
	if (len)
		put_le(to, sw_next(&state), len);
}

/* The entries of NOTIFY_INFO, as far as len bytes hold them. */
static void entries(const struct sw_plan_seat *seat, uint8_t *to, size_t len)
{
	uint8_t all[SW_NOTIFY_ENTRIES * SW_NOTIFY_ENTRY_LEN] = { 0 };

	for (uint32_t i = 0; i < seat->addresses; i++) {
		uint8_t *entry = all + (size_t)i * SW_NOTIFY_ENTRY_LEN;

		entry[SW_NOTIFY_ENTRY_FLAGS_AT] = seat->address[i].bar_owner;
		entry[SW_NOTIFY_ENTRY_BAR_AT] = seat->address[i].bar;
		put_le(entry + SW_NOTIFY_ENTRY_OFFSET_AT, seat->address[i].offset, 8);
	}
	memset(to, 0, len);
	memcpy(to, all, len < sizeof(all) ? len : sizeof(all));
}

static size_t script_admin(void *ctx, const uint8_t *command, size_t command_len,
			   uint8_t *reply, size_t reply_len)
{
	static const uint16_t statuses[8] = {
		SW_STATUS_EAGAIN, SW_STATUS_EINVAL, SW_STATUS_ENXIO, SW_STATUS_EBUSY,
		1, 0x100, 0xff00, 0xffff,
	};
	const struct sw_script *script = ctx;
	uint64_t hash = hash_of(script->seed, command, command_len);
	uint64_t header = 0;
	size_t used = reply_len;

	switch (script->answer[hash & (SW_PLAN_ANSWERS - 1)]) {
	case SW_ANSWER_FAILED:
		header = statuses[hash >> 5 & 7] | (hash >> 8 & 0xffff) << 16;
		break;
	case SW_ANSWER_QUALIFIED:
		header = (hash >> 8 & 0xffff) << 16;
		break;
	case SW_ANSWER_SHORT:
		header = hash >> 8 & 1 ? statuses[hash >> 5 & 7] : 0;
		if (reply_len)
			used = (size_t)((hash >> 16 & 0xffff) % reply_len);
		if (hash >> 9 & 1 && used > 2)	/* around the status */
			used &= 3;
		break;
	case SW_ANSWER_LONG:
		used += 1 + (hash >> 16 & 0xff);
		break;
	default:
		break;
	}
	if (reply_len < SW_REPLY_HEADER_LEN) {
		put_le(reply, header, reply_len);
	} else {
		put_le(reply, header, SW_REPLY_HEADER_LEN);
		reply += SW_REPLY_HEADER_LEN;
		if (command_len >= 2 && command[0] == SW_OP_LEGACY_NOTIFY_INFO && command[1] == 0)
			entries(script->seat, reply, reply_len - SW_REPLY_HEADER_LEN);
		else
			noise(reply, reply_len - SW_REPLY_HEADER_LEN, hash);
		reply -= SW_REPLY_HEADER_LEN;
	}
	if (used < reply_len)	/* undefined, says the ABI: no relay may count on zeros */
		memset(reply + used, 0xc3, reply_len - used);
	return used;
}

static void script_doorbell(void *ctx, uint8_t bar_owner, uint8_t bar, uint64_t offset, uint16_t queue)
{
	(void)ctx;
	(void)bar_owner;
	(void)bar;
	(void)offset;
	(void)queue;
}

static uint64_t script_bar_len(void *ctx, uint8_t bar_owner, uint8_t bar)
{
	const struct sw_script *script = ctx;
	uint64_t len = 0;

	for (uint32_t i = 0; i < script->seat->addresses; i++) {
		const struct sw_plan_address *address = &script->seat->address[i];

		if (address->bar_owner != bar_owner || address->bar != bar)
			continue;
		if (len < SW_SCRIPT_BAR_LEN)
			len = SW_SCRIPT_BAR_LEN;
		if (len < address->offset + SW_NOTIFY_LEN)
			len = address->offset + SW_NOTIFY_LEN;
	}
	return len;
}

/* How many of len bytes lie inside configuration space. */
static size_t inside(uint16_t offset, size_t len)
{
	if (offset >= SW_PCI_CONFIG_SPACE_LEN)
		return 0;
	return len < SW_PCI_CONFIG_SPACE_LEN - offset ? len : SW_PCI_CONFIG_SPACE_LEN - offset;
}

static void script_config_read(void *ctx, uint16_t offset, uint8_t *buf, size_t len)
{
	const struct sw_script *script = ctx;

	if (inside(offset, len))
		memcpy(buf, script->config + offset, inside(offset, len));
}

static void script_config_write(void *ctx, uint16_t offset, const uint8_t *buf, size_t len)
{
	struct sw_script *script = ctx;

	if (inside(offset, len))
		memcpy(script->config + offset, buf, inside(offset, len));
}

void sw_script_start(struct sw_script *script, const struct sw_plan *plan, uint32_t seat,
		     const uint8_t *config)
{
	script->seat = &plan->seat[seat];
	script->answer = plan->answer;
	script->seed = plan->device_seed + seat;
	memcpy(script->config, config, sizeof(script->config));
}

struct sw_device sw_script_device(struct sw_script *script)
{
	struct sw_device device = {
		.ctx = script,
		.admin = script_admin,
		.doorbell = script_doorbell,
		.bar_len = script_bar_len,
		.config_read = script_config_read,
		.config_write = script_config_write,
	};

	return device;
}
