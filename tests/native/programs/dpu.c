/* SPDX-License-Identifier: Apache-2.0
 *
 * The native DPU and the native relay in one C program, without Python: five members at work, then a guest
 * that writes anything anywhere. Built with sanitizers, it shows that neither leaves its memory, leaks or
 * overflows; then it prints "ok".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "straightwire/dpu.h"
#include "straightwire/relay_abi.h"

#define MEMORY 0x20000u
#define MEMBERS 5u
#define QUEUES 3u
#define SECTORS 64u
#define DOORBELL_BAR 4u

struct guest {
	uint8_t *memory;
	uint8_t *disk;
	struct sw_dpu *dpu;
	struct sw_relay *relay;
	struct sw_device device;
	uint64_t id;
	unsigned messages, depth;
};

static void require(int true_, const char *what)
{
	if (true_)
		return;
	fprintf(stderr, "failed: %s\n", what);
	exit(1);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* --- the other sides ----------------------------------------------------------------------------- */

static void write_register(struct guest *guest, uint64_t offset, uint64_t value, size_t len)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	sw_relay_bar_write(guest->relay, offset, bytes, len);
}

/* From within a callback: by the port, for the relay lets one call of its guest in at a time (C-ORDER). */
static void ring_bell(struct guest *guest, unsigned queue)
{
	guest->device.doorbell(guest->device.ctx, SW_BAR_OF_MEMBER, DOORBELL_BAR, 0x10, (uint16_t)queue);
}

/* A VMM may run its guest as soon as a message arrives. */
static void message(void *ctx, uint16_t vector)
{
	struct guest *guest = ctx;

	guest->messages++;
	if (guest->depth++ < 4)
		ring_bell(guest, vector % QUEUES);
	guest->depth--;
}

static int disk_read(void *ctx, uint64_t offset, uint8_t *to, size_t len)
{
	require(offset <= SECTORS * 512u && len <= SECTORS * 512u - offset, "a read inside the disk");
	if (len)
		memcpy(to, ((struct guest *)ctx)->disk + offset, len);
	return 0;
}

static int disk_write(void *ctx, uint64_t offset, const uint8_t *from, size_t len)
{
	require(offset <= SECTORS * 512u && len <= SECTORS * 512u - offset, "a write inside the disk");
	if (len)
		memcpy(((struct guest *)ctx)->disk + offset, from, len);
	return 0;
}

static int disk_flush(void *ctx)
{
	(void)ctx;
	return 0;
}

static uint64_t disk_length(void *ctx)
{
	(void)ctx;
	return SECTORS * 512u;
}

static size_t entropy(void *ctx, uint8_t *to, size_t len)
{
	(void)ctx;
	memset(to, 0x55, len);
	return len;
}

/* An echo: input from within output. */
static void console_out(void *ctx, const uint8_t *data, size_t len)
{
	struct guest *guest = ctx;

	sw_dpu_console_feed(guest->dpu, guest->id, data, len);
}

/* The wire leads back to the sender, and its frames ring the bell once more. */
static void frame_out(void *ctx, const uint8_t *frame, size_t len)
{
	struct guest *guest = ctx;
	uint8_t copy[64];
	size_t kept = len < sizeof(copy) ? len : sizeof(copy);

	memcpy(copy, frame, kept);
	sw_dpu_net_deliver(guest->dpu, guest->id, frame, len);
	ring_bell(guest, 1);
	require(memcmp(copy, frame, kept) == 0, "a frame stays while it is under way");
}

/* --- five members -------------------------------------------------------------------------------- */

static const uint32_t features[MEMBERS] = { 0x39bf8020, 0x39007e57, 0x39000005, 0x39000000, 0x39000007 };
static const uint16_t config_len[MEMBERS] = { 28, 96, 12, 0, 16 };

static struct sw_dpu *make(struct guest *guests)
{
	static const uint16_t sizes[QUEUES] = { 8, 8, 8 };
	static const uint64_t owner_bars[SW_DPU_BARS];
	static const uint8_t use[32] = { 1, 0, 1, [24] = 0x7f };
	struct sw_dpu_member members[MEMBERS];
	struct sw_dpu_plug plugs[MEMBERS];
	struct sw_dpu_region regions[MEMBERS][2];
	uint8_t config[96] = { SECTORS };
	uint8_t mac[28] = { 0x52, 0x54, 0, 0, 0, 1, 1 };
	uint8_t reply[8];
	struct sw_dpu *dpu;

	memset(members, 0, sizeof(members));
	memset(plugs, 0, sizeof(plugs));
	config[32] = config[40] = config[52] = 1;
	config[36] = config[48] = 8;
	for (unsigned i = 0; i < MEMBERS; i++) {
		guests[i] = (struct guest){ .id = i + 1 };
		guests[i].memory = calloc(1, MEMORY);
		guests[i].disk = calloc(SECTORS, 512);
		/* Two regions that touch, in the wrong order. */
		regions[i][0] = (struct sw_dpu_region){ guests[i].memory + 0x10001, 0x10001,
			MEMORY - 0x10001 };
		regions[i][1] = (struct sw_dpu_region){ guests[i].memory, 0, 0x10001 };
		plugs[i] = (struct sw_dpu_plug){
			.regions = regions[i], .region_count = 2, .ctx = &guests[i], .message = message,
			.disk_read = disk_read, .disk_write = disk_write, .disk_flush = disk_flush,
			.disk_length = disk_length, .serial = "serial", .entropy = entropy,
			.console_out = console_out, .frame_out = frame_out,
		};
		members[i] = (struct sw_dpu_member){
			.queue_sizes = sizes, .queue_count = QUEUES, .config = i == 0 ? mac : config,
			.config_len = config_len[i], .plug = &plugs[i], .bar_len = { [DOORBELL_BAR] = 4096 },
			.notify = { { 0x10, SW_BAR_OF_MEMBER, DOORBELL_BAR } }, .notify_count = 1,
			.host_features = features[i], .virtio_device_id = (uint16_t)(i + 1), .vectors = 4,
		};
	}
	dpu = sw_dpu_create(members, MEMBERS, 0x7f, owner_bars, NULL);
	require(dpu != NULL, "create");
	require(sw_dpu_execute(dpu, use, sizeof(use), reply, sizeof(reply)) == 8 && reply[0] == 0,
		"LIST_USE");
	for (unsigned i = 0; i < MEMBERS; i++) {
		struct sw_member member = {
			.group_member_id = i + 1, .commands = sw_dpu_in_use(dpu),
			.virtio_device_id = (uint16_t)(i + 1), .device_config_len = config_len[i],
		};
		int error = 0;

		guests[i].dpu = dpu;
		require(sw_dpu_port(dpu, i + 1, &guests[i].device) == 0, "port");
		guests[i].relay = sw_relay_open(&guests[i].device, &member, &error);
		require(guests[i].relay != NULL, "open");
	}
	return dpu;
}

static void destroy(struct sw_dpu *dpu, struct guest *guests)
{
	for (unsigned i = 0; i < MEMBERS; i++) {
		sw_relay_close(guests[i].relay);
		free(guests[i].memory);
		free(guests[i].disk);
	}
	sw_dpu_destroy(dpu);
}

/* Reset, PCI, MSI-X, features, a ring on pages 1, 3 and 5. */
static void start(struct guest *guest, uint32_t accepted, int msix)
{
	static const uint8_t command[2] = { 7, 4 };
	const uint8_t control[2] = { 0, (uint8_t)(msix ? 0x80 : 0) };

	write_register(guest, 18, 0, 1);
	memset(guest->memory, 0, 0x8000);
	sw_relay_config_write(guest->relay, 4, command, 2);
	sw_relay_config_write(guest->relay, 0x42, control, 2);
	sw_relay_set_msix(guest->relay, msix);
	write_register(guest, 4, accepted, 4);
	for (unsigned queue = 0; queue < QUEUES; queue++) {
		write_register(guest, 14, queue, 2);
		write_register(guest, 8, 1 + 2 * queue, 4);
		if (msix)
			write_register(guest, 22, queue, 2);
	}
	write_register(guest, 18, 7, 1);
}

static void put(uint8_t *at, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static void descriptor(struct guest *guest, unsigned queue, unsigned index, uint64_t address, uint32_t len,
		       unsigned flags, unsigned next)
{
	uint8_t *at = guest->memory + 0x1000 + 0x2000 * queue + 16 * index;

	put(at, address, 8);
	put(at + 8, len, 4);
	put(at + 12, flags, 2);
	put(at + 14, next, 2);
}

static void offer(struct guest *guest, unsigned queue, unsigned head)
{
	uint8_t *available = guest->memory + 0x1080 + 0x2000 * queue;
	unsigned index = available[2] | (unsigned)available[3] << 8;

	put(available + 4 + 2 * (index % 8), head, 2);
	put(available + 2, index + 1, 2);
}

static unsigned used(const struct guest *guest, unsigned queue)
{
	return guest->memory[0x2002 + 0x2000 * queue];
}

/* --- at work ------------------------------------------------------------------------------------- */

static void each_type_works(struct guest *guests)
{
	struct guest *net = &guests[0], *blk = &guests[1], *console = &guests[2], *rng = &guests[3];

	start(rng, 0, 0);
	descriptor(rng, 0, 0, 0xfff0, 0x40, 2, 0);	/* over the seam of the two regions */
	offer(rng, 0, 0);
	write_register(rng, 16, 0, 2);
	require(used(rng, 0) == 1 && rng->memory[0xfff0] == 0x55 && rng->memory[0x1002f] == 0x55, "entropy");
	require(rng->memory[0x10030] == 0, "no more entropy than asked for");

	start(blk, 0, 1);
	memset(blk->disk + 512 * 3, 0x77, 512);
	put(blk->memory + 0x8000, 0, 8);
	put(blk->memory + 0x8008, 3, 8);
	descriptor(blk, 0, 0, 0x8000, 16, 1, 1);
	descriptor(blk, 0, 1, 0x9000, 513, 2, 0);
	offer(blk, 0, 0);
	blk->memory[0x9200] = 0xee;
	write_register(blk, 16, 0, 2);
	require(used(blk, 0) == 1 && blk->memory[0x9000] == 0x77 && blk->memory[0x9200] == 0, "a sector");
	require(blk->messages == 1, "one message");

	start(console, 0, 1);
	memcpy(console->memory + 0x8000, "echo", 4);
	descriptor(console, 0, 0, 0x9000, 16, 2, 0);
	descriptor(console, 1, 0, 0x8000, 4, 0, 0);
	offer(console, 0, 0);
	offer(console, 1, 0);
	write_register(console, 16, 1, 2);
	require(used(console, 0) == 1 && memcmp(console->memory + 0x9000, "echo", 5) == 0, "an echo");

	start(net, 1u << 15, 1);
	memset(net->memory + 0x8000, 0xff, 12 + 60);
	for (unsigned i = 0; i < 4; i++) {
		descriptor(net, 0, i, 0x9000 + 32 * i, 32, 2, 0);
		offer(net, 0, i);
	}
	descriptor(net, 1, 0, 0x8000, 12 + 60, 0, 0);
	offer(net, 1, 0);
	write_register(net, 16, 1, 2);
	require(used(net, 1) == 1 && used(net, 0) == 3, "a frame in three buffers");
	require(net->memory[0x900a] == 3 && net->memory[0x900c] == 0xff && net->memory[0x9048] == 0,
		"its header");
}

/* Anything anywhere: rings, descriptors, registers, configuration, the other side. */
static void mischief(struct guest *guest, uint64_t *random)
{
	static const uint32_t lengths[] = { 0, 1, 10, 12, 16, 17, 512, 513, 4096, 0x1ffff, 4u << 20,
		0xffffffff };
	static const uint8_t at[] = { 4, 8, 14, 16, 16, 16, 20, 22 };
	uint64_t dice = next_random(random);
	unsigned queue = dice >> 8 & 3;
	uint8_t bytes[128];

	switch (dice % 8) {
	case 0:
		put(guest->memory + dice / 8 % (MEMORY - 8), next_random(random), 8);
		break;
	case 1:
	case 2:
		descriptor(guest, queue % 3, dice >> 12 & 7, next_random(random) % (MEMORY + 64),
			   lengths[(dice >> 16) % 12], dice >> 20 & 7, dice >> 24 & 7);
		offer(guest, queue % 3, dice >> 28 & 7);
		break;
	case 3:
	case 4:
		write_register(guest, 16, queue, 2);
		break;
	case 5:
		write_register(guest, at[(dice >> 12) % 8], next_random(random) & 0x0f, 2 +
			       (at[(dice >> 12) % 8] < 12) * 2);
		write_register(guest, 20 + (dice >> 16 & 63), next_random(random), 1);
		break;
	case 6:
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)next_random(random);
		memset(bytes, 0xff, 6);
		sw_dpu_net_deliver(guest->dpu, guest->id, bytes, 14 + (dice >> 12) % 114);
		sw_dpu_console_feed(guest->dpu, guest->id, bytes, (dice >> 12) % 128);
		sw_dpu_balloon_ask(guest->dpu, guest->id);
		sw_dpu_rng_more(guest->dpu, guest->id);
		sw_dpu_net_link(guest->dpu, guest->id, dice >> 20 & 1);
		sw_dpu_proceed(guest->dpu, guest->id);
		break;
	default:
		if ((dice >> 12) % 4 == 0)
			start(guest, (uint32_t)next_random(random) | 1u << 28, dice >> 16 & 1);
		break;
	}
}

static void anything(struct guest *guests)
{
	static struct sw_dpu_snapshot snapshot;
	uint64_t random = 0x9e3779b97f4a7c15;

	for (unsigned i = 0; i < MEMBERS; i++) {
		start(&guests[i], 0xffffffff, 1);
		for (unsigned turn = 0; turn < 20000; turn++)
			mischief(&guests[i], &random);
		require(sw_dpu_snapshot(guests[i].dpu, i + 1, &snapshot) == 0, "snapshot");
	}
}

/* Commands of random bytes, their reply in a buffer that is exactly as long. */
static void any_command(struct sw_dpu *dpu)
{
	uint64_t random = 88172645463325252;

	for (unsigned turn = 0; turn < 50000; turn++) {
		uint64_t dice = next_random(&random);
		size_t len = dice % 40, room = (dice >> 8) % 80;
		uint8_t *command = malloc(len + 1), *reply = malloc(room + 1);

		for (size_t i = 0; i < len; i++)
			command[i] = (uint8_t)(next_random(&random) >> (dice >> 20 & 63));
		if (len > 2 && dice >> 40 & 3) {
			memset(command, 0, len);
			command[0] = dice >> 42 & 7;
			command[2] = 1;
			for (size_t i = 16; i < len; i++)
				command[i] = i == 16 ? dice >> 45 & 7 : i < 24 ?
					0 : (uint8_t)next_random(&random);
		}
		require(sw_dpu_execute(dpu, command, len, reply, room) <= room,
			"a used length inside the room");
		free(command);
		free(reply);
	}
}

int main(void)
{
	struct guest guests[MEMBERS];
	struct sw_dpu *dpu = make(guests);

	each_type_works(guests);
	anything(guests);
	any_command(dpu);
	puts("ok");
	destroy(dpu, guests);
	return 0;
}
