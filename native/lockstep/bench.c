/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <string.h>

#include "lockstep/mix.h"
#include "relay/core.h"

#define MEMBER 3
#define COMMANDS UINT64_C(0x3c)
#define LONGEST 4

struct access {
	uint8_t offset;	/* in BAR0, MSI-X off */
	uint8_t length;
	uint8_t write;
};

static const struct access accesses[SW_BENCH_ROUND] = {
	{ SW_REG_STATUS, 1, 0 }, { SW_REG_ISR, 1, 0 }, { SW_REG_HOST_FEATURES, 4, 0 },
	{ SW_REG_STATUS, 1, 1 }, { SW_REG_GUEST_FEATURES, 4, 1 }, { SW_REG_QUEUE_SEL, 2, 1 },
	{ SW_REG_QUEUE_NUM, 2, 0 }, { SW_REG_QUEUE_PFN, 4, 0 }, { SW_SPLIT_MSIX_OFF, 1, 0 },
	{ SW_SPLIT_MSIX_OFF + 1, 1, 0 }, { SW_SPLIT_MSIX_OFF + 2, 1, 0 }, { SW_SPLIT_MSIX_OFF + 3, 1, 0 },
	{ SW_SPLIT_MSIX_OFF + 4, 1, 0 }, { SW_SPLIT_MSIX_OFF + 5, 1, 0 }, { SW_SPLIT_MSIX_OFF + 6, 1, 0 },
	{ SW_SPLIT_MSIX_OFF + 7, 1, 0 },
};

static const uint8_t data[8] = { 7, 0x20, 1, 0, 0xa5, 0x5a, 3, 9 };

/* The device: a hash of what it was sent. */
struct sent {
	uint64_t hash;
};

static size_t admin(void *ctx, const uint8_t *command, size_t command_len, uint8_t *reply, size_t reply_len)
{
	struct sent *sent = ctx;

	sent->hash = sw_mix(sent->hash, (uint64_t)command[SW_COMMAND_OPCODE_AT] << 32 |
						(uint64_t)command[SW_LEGACY_OFFSET_AT] << 16 |
						command[command_len - 1]);
	memset(reply, 0, SW_REPLY_HEADER_LEN);
	for (size_t i = SW_REPLY_HEADER_LEN; i < reply_len; i++)
		reply[i] = (uint8_t)(sent->hash >> 8 * (i & 7));
	return reply_len;
}

static void config_write(void *ctx, uint16_t offset, const uint8_t *buf, size_t len)
{
	(void)ctx;
	(void)offset;
	(void)buf;
	(void)len;
}

static struct sw_device device_of(struct sent *sent)
{
	struct sw_device device = { .ctx = sent, .admin = admin, .config_write = config_write };

	return device;
}

static struct sw_member member_of(void)
{
	struct sw_member member = {
		.group_member_id = MEMBER,
		.commands = COMMANDS,
		.virtio_device_id = SW_ID_NET,
		.device_config_len = 8,
	};

	return member;
}

static uint64_t seen(uint64_t hash, const uint8_t *buffer)
{
	uint32_t word;

	memcpy(&word, buffer, sizeof(word));
	return sw_mix(hash, word);
}

uint64_t sw_bench_core(uint64_t rounds)
{
	struct sent sent = { 0 };
	struct sw_device device = device_of(&sent);
	struct sw_member member = member_of();
	uint8_t buffer[LONGEST] = { 0 };
	struct sw_core core;
	uint64_t hash = 0;

	if (sw_core_open(&core, &device, &member))
		return 0;
	sw_core_config_write(&core, SW_PCI_COMMAND, &data[2], 1);
	for (uint64_t round = 0; round < rounds; round++) {
		for (const struct access *at = accesses; at < accesses + SW_BENCH_ROUND; at++) {
			if (at->write)
				sw_core_bar_write(&core, at->offset, data, at->length);
			else
				sw_core_bar_read(&core, at->offset, buffer, at->length);
			hash = seen(hash, buffer);
		}
	}
	return sw_finish(hash ^ sent.hash);
}

uint64_t sw_bench_subject(const struct sw_subject *subject, uint64_t rounds)
{
	struct sent sent = { 0 };
	struct sw_device device = device_of(&sent);
	struct sw_member member = member_of();
	struct sw_relay *relay = subject->open(&device, &member, NULL);
	uint8_t buffer[LONGEST] = { 0 };
	uint64_t hash = 0;

	if (!relay)
		return 0;
	subject->config_write(relay, SW_PCI_COMMAND, &data[2], 1);
	for (uint64_t round = 0; round < rounds; round++) {
		for (const struct access *at = accesses; at < accesses + SW_BENCH_ROUND; at++) {
			if (at->write)
				subject->bar_write(relay, at->offset, data, at->length);
			else
				subject->bar_read(relay, at->offset, buffer, at->length);
			hash = seen(hash, buffer);
		}
	}
	subject->close(relay);
	return sw_finish(hash ^ sent.hash);
}

/* The command of an access, without the data of a write; its length. */
static size_t command_of(const struct access *access, uint8_t *command)
{
	int device = access->offset >= SW_SPLIT_MSIX_OFF;
	unsigned int common = access->write ? SW_OP_LEGACY_COMMON_CFG_WRITE : SW_OP_LEGACY_COMMON_CFG_READ;
	unsigned int own = access->write ? SW_OP_LEGACY_DEV_CFG_WRITE : SW_OP_LEGACY_DEV_CFG_READ;

	memset(command, 0, SW_LEGACY_WRITE_LEN);
	command[SW_COMMAND_OPCODE_AT] = (uint8_t)(device ? own : common);
	command[SW_COMMAND_GROUP_TYPE_AT] = SW_GROUP_SRIOV;
	command[SW_COMMAND_GROUP_MEMBER_ID_AT] = MEMBER;
	command[SW_LEGACY_OFFSET_AT] = (uint8_t)(access->offset - (device ? SW_SPLIT_MSIX_OFF : 0));
	return access->write ? SW_LEGACY_WRITE_LEN : SW_LEGACY_READ_LEN;
}

uint64_t sw_bench_floor(uint64_t rounds)
{
	/* As a relay calls it: by a pointer that the compiler knows nothing of. */
	size_t (*volatile call)(void *, const uint8_t *, size_t, uint8_t *, size_t) = admin;
	uint8_t table[SW_BENCH_ROUND][SW_LEGACY_WRITE_LEN], command[SW_LEGACY_WRITE_LEN + LONGEST];
	uint8_t buffer[LONGEST] = { 0 }, reply[SW_REPLY_HEADER_LEN + LONGEST];
	size_t len[SW_BENCH_ROUND];
	struct sent sent = { 0 };
	uint64_t hash = 0;

	for (size_t i = 0; i < SW_BENCH_ROUND; i++)
		len[i] = command_of(&accesses[i], table[i]);
	for (uint64_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < SW_BENCH_ROUND; i++) {
			const struct access *at = &accesses[i];

			memcpy(command, table[i], len[i]);
			if (at->write) {
				memcpy(command + len[i], data, at->length);
				call(&sent, command, len[i] + at->length, reply, SW_REPLY_HEADER_LEN);
			} else {
				call(&sent, command, len[i], reply, SW_REPLY_HEADER_LEN + at->length);
				memcpy(buffer, reply + SW_REPLY_HEADER_LEN, at->length);
			}
			hash = seen(hash, buffer);
		}
	}
	return sw_finish(hash ^ sent.hash);
}
