/* SPDX-License-Identifier: Apache-2.0 */
#include "plan.h"

#include <string.h>

#include "mix.h"

/* What a slot of a trace's table of kinds may hold. */
enum slot {
	SLOT_REGISTER_READ, SLOT_REGISTER_WRITE, SLOT_READ, SLOT_WRITE, SLOT_DECODE, SLOT_NOTIFY,
	SLOT_CONFIG_READ, SLOT_CONFIG_WRITE, SLOT_BAR0, SLOT_MSIX, SLOT_RESET, SLOT_TICK,
	SLOT_COUNT
};

struct reg {
	uint8_t offset;
	uint8_t length;
};

static const struct reg registers[16] = {
	{ SW_REG_HOST_FEATURES, 4 }, { SW_REG_GUEST_FEATURES, 4 }, { SW_REG_QUEUE_PFN, 4 },
	{ SW_REG_QUEUE_NUM, 2 }, { SW_REG_QUEUE_SEL, 2 }, { SW_REG_QUEUE_NOTIFY, 2 }, { SW_REG_STATUS, 1 },
	{ SW_REG_ISR, 1 }, { SW_REG_MSI_CONFIG_VECTOR, 2 }, { SW_REG_MSI_QUEUE_VECTOR, 2 },
	{ SW_SPLIT_MSIX_ON, 1 }, { SW_SPLIT_MSIX_ON, 4 }, { SW_SPLIT_MSIX_ON + 6, 2 },
	{ SW_SPLIT_MSIX_OFF, 4 }, { SW_SPLIT_MSIX_OFF + 6, 1 }, { SW_REG_QUEUE_NOTIFY, 2 },
};

/* Where a straddle begins: before each of these, by up to three bytes. */
static const uint8_t edges[16] = { 0, 4, 8, 12, 14, 16, 16, 18, 18, 19, 20, 20, 22, 24, 24, 32 };

static const uint8_t config_edges[8] = {
	SW_PCI_DEVICE_ID, SW_PCI_COMMAND, SW_PCI_REVISION_ID, SW_PCI_BAR0, SW_PCI_BAR0 + 4,
	SW_PCI_SUBSYSTEM_VENDOR_ID, SW_PCI_SUBSYSTEM_ID, 0x30,
};

static const uint16_t small[16] = { 0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4, 5, 6, 7, 8, 8 };
static const uint16_t large[16] = {
	9, 12, 16, 17, 24, 31, 32, 32, 33, 40, 64, 128, 255, 256, 257, SW_PLAN_LENGTH,
};
static const uint64_t far[8] = {
	UINT64_C(0x100), UINT64_C(0x101), UINT64_C(0x10000), UINT64_C(0xffffffff), UINT64_C(0x100000010),
	UINT64_C(0x8000000000000000), UINT64_C(0xfffffffffffffffe), UINT64_C(0xffffffffffffffff),
};

static const uint16_t ids[8] = {
	SW_ID_NET, SW_ID_BLK, SW_ID_CONSOLE, SW_ID_RNG, SW_ID_BALLOON, SW_ID_NET, SW_ID_NET, SW_ID_BLK,
};
static const uint16_t config_lens[8] = { 0, 8, 9, 28, 40, 41, 104, SW_MAX_DEVICE_CONFIG };

/* Lists of commands in use: the four without which there is no relay, and what may come on top. */
#define LEGACY UINT64_C(0x3c)
#define NOTIFY_INFO UINT64_C(0x40)
#define OTHERS UINT64_C(0x3e403)

static uint32_t window_of(const struct sw_plan_seat *seat)
{
	uint32_t window = 32;

	while (window < SW_SPLIT_MSIX_ON + seat->member.device_config_len)
		window *= 2;
	return window;
}

static void plan_seat(struct sw_plan *plan, struct sw_plan_seat *seat, uint32_t number)
{
	uint64_t bits = sw_next(&plan->state);
	uint64_t id = sw_next(&plan->state);
	uint64_t more = sw_next(&plan->state);

	memset(seat, 0, sizeof(*seat));
	seat->member.virtio_device_id = ids[bits & 7];
	seat->member.device_config_len = config_lens[bits >> 3 & 7];
	if ((bits >> 6 & 3) == 0)
		seat->member.device_config_len = (uint16_t)((bits >> 8 & 0xff) % (SW_MAX_DEVICE_CONFIG + 1));
	seat->member.group_member_id = bits >> 16 & 1 ? id : (id & 3) + 1;
	if (number && seat->member.group_member_id == plan->seat[0].member.group_member_id)
		seat->member.group_member_id ^= 0x10;
	seat->member.commands = LEGACY | (bits >> 17 & 7 ? NOTIFY_INFO : 0) | (bits >> 20 & 1 ? OTHERS : 0);
	seat->member.parts_object_id = (uint32_t)more;
	seat->addresses = bits >> 21 & 3 ? 1 + (bits >> 23 & 3) % SW_NOTIFY_ENTRIES : 0;
	for (uint32_t i = 0; i < seat->addresses; i++) {
		struct sw_plan_address *address = &seat->address[i];
		uint64_t drawn = sw_next(&plan->state);

		address->bar_owner = drawn & 1 ? SW_BAR_OF_OWNER : SW_BAR_OF_MEMBER;
		address->bar = (uint8_t)(drawn >> 1 & 7 ? 1 + (drawn >> 4 & 7) % 5 : drawn >> 4 & 7);
		address->offset = drawn >> 8 & 0x1fffe;
		if ((drawn >> 40 & 7) == 0)
			address->offset |= 1;	/* LR6 wants it even */
	}
}

static uint64_t plan_offset(const struct sw_plan *plan, uint64_t drawn)
{
	switch (drawn & 7) {
	case 0: case 1: case 2: case 3:
		return (uint64_t)edges[drawn >> 3 & 15] - (drawn >> 3 & 15 ? drawn >> 7 & 3 : 0);
	case 4:
		return window_of(&plan->seat[drawn >> 3 & 1]) - (drawn >> 4 & 7);
	case 5:
		return drawn >> 3 & 63;
	case 6:
		return drawn >> 3 & 0xff;
	default:
		return far[drawn >> 3 & 7];
	}
}

void sw_plan_start(struct sw_plan *plan, uint64_t seed, uint64_t trace)
{
	uint64_t enabled, odd, drawn;

	plan->state = sw_finish(sw_mix(sw_finish(seed), trace));
	plan->device_seed = sw_next(&plan->state);
	plan->accesses = SW_PLAN_ACCESSES;
	for (uint32_t i = 0; i < SW_PLAN_SEATS; i++)
		plan_seat(plan, &plan->seat[i], i);
	enabled = sw_next(&plan->state) | 1u << SLOT_REGISTER_READ | 1u << SLOT_WRITE | 1u << SLOT_DECODE;
	for (uint32_t i = 0; i < SW_PLAN_KINDS; i++) {
		do
			drawn = sw_next(&plan->state) % SLOT_COUNT;
		while (!(enabled >> drawn & 1));
		plan->kind[i] = (uint8_t)drawn;
	}
	plan->kind[0] = SLOT_DECODE;	/* after a reset, nothing happens without it */
	plan->kind[1] = SLOT_READ;
	plan->kind[2] = SLOT_WRITE;
	for (uint32_t i = 0; i < SW_PLAN_OFFSETS; i++)
		plan->offset[i] = plan_offset(plan, sw_next(&plan->state));
	odd = sw_next(&plan->state);
	for (uint32_t i = 0; i < SW_PLAN_LENGTHS; i++) {
		drawn = sw_next(&plan->state);
		plan->length[i] = (drawn & 15) < (odd & 3) ? large[drawn >> 4 & 15] : small[drawn >> 4 & 15];
	}
	for (uint32_t i = 0; i < SW_PLAN_ANSWERS; i++) {
		drawn = sw_next(&plan->state);
		plan->answer[i] = SW_ANSWER_PLAIN;
		if ((drawn & 15) < (odd >> 2 & 7))
			plan->answer[i] = (uint8_t)(SW_ANSWER_QUALIFIED + (drawn >> 4 & 3));
	}
}

/* A place in configuration space: around the overlay, at the end, anywhere. */
static uint64_t config_offset(uint64_t bits)
{
	switch (bits & 7) {
	case 0:
		return bits >> 3 & 0xff;
	case 1:
		return SW_PCI_CONFIG_SPACE_LEN - (bits >> 3 & 7);
	default:
		return config_edges[bits >> 3 & 7] - (bits >> 6 & 1);
	}
}

int sw_plan_next(struct sw_plan *plan, struct sw_plan_event *event)
{
	const struct reg *reg;
	uint64_t bits;
	uint8_t slot;

	if (plan->accesses == 0)
		return 0;
	bits = sw_next(&plan->state);
	event->payload = sw_next(&plan->state);
	event->seat = (uint8_t)(bits >> 5 & 1);
	event->offset = plan->offset[bits >> 6 & (SW_PLAN_OFFSETS - 1)];
	event->length = plan->length[bits >> 12 & (SW_PLAN_LENGTHS - 1)];
	event->on = (uint8_t)(bits >> 17 & 1);
	reg = &registers[bits >> 18 & 15];
	if (plan->accesses > SW_PLAN_ACCESSES - SW_PLAN_SEATS) {	/* both begin with it, mostly on */
		event->seat = (uint8_t)(SW_PLAN_ACCESSES - plan->accesses);
		bits &= ~(uint64_t)(SW_PLAN_KINDS - 1);
	}
	slot = plan->kind[bits & (SW_PLAN_KINDS - 1)];
	switch (slot) {
	case SLOT_REGISTER_READ:
	case SLOT_REGISTER_WRITE:
		event->kind = slot == SLOT_REGISTER_READ ? SW_PLAN_READ : SW_PLAN_WRITE;
		event->offset = reg->offset;
		event->length = reg->length;
		break;
	case SLOT_READ:
		event->kind = SW_PLAN_READ;
		break;
	case SLOT_WRITE:
		event->kind = SW_PLAN_WRITE;
		break;
	case SLOT_NOTIFY:
		event->kind = SW_PLAN_WRITE;
		event->offset = SW_REG_QUEUE_NOTIFY;
		event->length = SW_REG_QUEUE_NOTIFY_LEN;
		break;
	case SLOT_DECODE:
		event->kind = SW_PLAN_CONFIG_WRITE;
		event->offset = SW_PCI_COMMAND;
		event->length = 1 + (bits >> 22 & 1);
		if (bits >> 23 & 7)
			event->payload |= SW_PCI_COMMAND_IO;
		else
			event->payload &= ~(uint64_t)SW_PCI_COMMAND_IO;
		break;
	case SLOT_CONFIG_READ:
		event->kind = SW_PLAN_CONFIG_READ;
		event->offset = config_offset(bits >> 22);
		break;
	case SLOT_CONFIG_WRITE:
		event->kind = SW_PLAN_CONFIG_WRITE;
		event->offset = config_offset(bits >> 22);
		break;
	case SLOT_BAR0:
		event->kind = SW_PLAN_CONFIG_WRITE;
		event->offset = SW_PCI_BAR0;
		event->length = 4;
		break;
	case SLOT_MSIX:
		event->kind = SW_PLAN_MSIX;
		return 1;
	case SLOT_RESET:
		event->kind = SW_PLAN_RESET;
		return 1;
	default:
		event->kind = SW_PLAN_TICK;
		return 1;
	}
	plan->accesses--;
	return 1;
}
