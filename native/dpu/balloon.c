/* SPDX-License-Identifier: Apache-2.0
 *
 * The traditional memory balloon (virtio 1.4, 5.5). Which pages are in it is remembered, nothing is
 * unmapped; only pages of the guest's memory are, which bounds how many. Statistics are asked for by giving
 * back a buffer that was kept.
 */
#include "dpu.h"

#define INFLATE_QUEUE 0u
#define DEFLATE_QUEUE 1u
#define STATS_QUEUE 2u
#define STATISTIC_LEN 10u	/* tag, value */

/* --- pages --------------------------------------------------------------------------------------- */

/* The first page that begins in a region or behind it. */
static uint64_t first_page(const struct sw_dpu_region *region)
{
	return region->address / SW_PAGE + (region->address % SW_PAGE != 0);
}

/* How many pages begin in a region. */
static uint64_t pages_in(const struct sw_dpu_region *region)
{
	uint64_t last = region->address + (region->length - 1);

	return last / SW_PAGE >= first_page(region) ? last / SW_PAGE - first_page(region) + 1 : 0;
}

/* The bit of a page, or -1 for one that is not wholly the guest's. */
static int64_t bit_of(const struct sw_member_device *member, uint32_t page)
{
	uint64_t before = 0;

	if (sw_memory_check(&member->memory, (uint64_t)page * SW_PAGE, SW_PAGE))
		return -1;
	for (size_t i = 0; i < member->memory.count; i++) {
		const struct sw_dpu_region *region = &member->memory.regions[i];
		uint64_t first = first_page(region);

		if (page >= first && page - first < pages_in(region))
			return (int64_t)(before + (page - first));
		before += pages_in(region);
	}
	return -1;
}

uint64_t sw_balloon_page_count(const struct sw_memory *memory)
{
	uint64_t count = 0;

	for (size_t i = 0; i < memory->count; i++)
		count += pages_in(&memory->regions[i]);
	return count;
}

/* Of a huge request only the first numbers are looked at: each costs a look at every region. */
static int64_t move_pages(struct sw_member_device *member, const struct sw_chain *chain, int into)
{
	uint64_t *pages = member->type.balloon->pages;
	uint32_t len = sw_chain_read(member, chain, 0, member->scratch, 4 * SW_MAX_PAGE_NUMBERS);

	for (uint32_t at = 0; at + 4 <= len; at += 4) {
		int64_t bit = bit_of(member, (uint32_t)sw_get_le(member->scratch + at, 4));

		if (bit < 0)
			continue;
		if (into)
			pages[bit / 64] |= UINT64_C(1) << (bit % 64);
		else
			pages[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
	}
	return 0;
}

static int64_t inflate(struct sw_member_device *member, const struct sw_chain *chain)
{
	return move_pages(member, chain, 1);
}

static int64_t deflate(struct sw_member_device *member, const struct sw_chain *chain)
{
	return move_pages(member, chain, 0);
}

size_t sw_dpu_balloon_pages(const struct sw_dpu *dpu, uint64_t id, uint32_t *to, size_t room)
{
	const struct sw_member_device *member = sw_member_of_type(dpu, id, SW_ID_BALLOON);
	const uint64_t *pages;
	uint64_t before = 0;
	size_t found = 0;

	if (!member)
		return 0;
	pages = member->type.balloon->pages;
	for (size_t i = 0; i < member->memory.count; i++) {
		const struct sw_dpu_region *region = &member->memory.regions[i];
		uint64_t count = pages_in(region);

		for (uint64_t bit = before; bit < before + count; bit++) {
			if (!(pages[bit / 64] >> (bit % 64) & 1))
				continue;
			if (found < room)
				to[found] = (uint32_t)(first_page(region) + (bit - before));
			found++;
		}
		before += count;
	}
	return found;
}

/* --- statistics ---------------------------------------------------------------------------------- */

/* Those of the first buffer mean nothing, tags without a meaning are not kept (E9). */
static void read_statistics(struct sw_member_device *member, const struct sw_chain *chain)
{
	struct sw_balloon_snapshot *told = &member->type.balloon->told;
	uint32_t len = sw_chain_read(member, chain, 0, member->scratch, chain->readable);

	if (!told->statistics_begun) {
		told->statistics_begun = 1;
		return;
	}
	told->statistics_known = 0;
	memset(told->statistics, 0, sizeof(told->statistics));
	for (uint32_t at = 0; at + STATISTIC_LEN <= len; at += STATISTIC_LEN) {
		uint64_t tag = sw_get_le(member->scratch + at, 2);

		if (tag >= SW_DPU_STATISTICS)
			continue;
		told->statistics[tag] = sw_get_le(member->scratch + at + 2, 8);
		told->statistics_known |= (uint16_t)(1u << tag);
	}
}

/* Keep the newest buffer; a driver that offers several gets the others back, all together. */
static void take_statistics(struct sw_member_device *member)
{
	struct sw_balloon *balloon = member->type.balloon;
	struct sw_queue *queue = &member->queues[STATS_QUEUE];
	uint32_t others = 0;
	int got = 1;

	if (!sw_path_works(member, queue))
		return;
	for (uint32_t turns = queue->size; got > 0 && turns; turns--) {
		struct sw_chain chain;

		got = sw_ring_pop(member, queue, 0, &chain);
		if (got <= 0)
			break;
		read_statistics(member, &chain);
		if (balloon->told.has_head)
			balloon->heads[others++] = balloon->told.head;
		balloon->told.has_head = 1;
		balloon->told.head = chain.head;
	}
	for (uint32_t i = 0; got >= 0 && i < others; i++)
		got = sw_ring_push(member, queue, balloon->heads[i], 0);
	if (got < 0)
		sw_path_break(member);
	else
		sw_path_done(member, queue);
}

void sw_balloon_notified(struct sw_member_device *member, uint16_t queue)
{
	if (queue == INFLATE_QUEUE)
		sw_path_serve(member, queue, inflate);
	else if (queue == DEFLATE_QUEUE)
		sw_path_serve(member, queue, deflate);
	else if (queue == STATS_QUEUE)
		take_statistics(member);
}

int sw_dpu_balloon_ask(struct sw_dpu *dpu, uint64_t id)
{
	struct sw_member_device *member = sw_member_of_type(dpu, id, SW_ID_BALLOON);
	struct sw_balloon_snapshot *told;
	struct sw_queue *queue;
	uint16_t head;

	if (!member || member->queue_count <= STATS_QUEUE ||
	    !(member->guest_features & SW_F_BALLOON_STATS_VQ))
		return 0;
	told = &member->type.balloon->told;
	queue = &member->queues[STATS_QUEUE];
	if (!told->has_head || !sw_path_works(member, queue))
		return 0;
	head = told->head;
	told->has_head = 0;	/* before the interrupt, which may bring the next */
	told->head = 0;
	if (sw_ring_push(member, queue, head, 0))
		sw_path_break(member);
	else
		sw_path_done(member, queue);
	return 1;
}

/* --- configuration and reset --------------------------------------------------------------------- */

int sw_dpu_balloon_target(struct sw_dpu *dpu, uint64_t id, uint32_t pages)
{
	struct sw_member_device *member = sw_member_of_type(dpu, id, SW_ID_BALLOON);

	if (!member)
		return -1;
	sw_path_reconfigure(member, SW_BALLOON_NUM_PAGES, pages, SW_BALLOON_NUM_PAGES_LEN);
	return 0;
}

/* E8: actual counts with its last byte, for legacy drivers may write it byte by byte. */
void sw_balloon_config_written(struct sw_member_device *member, uint8_t offset, size_t len)
{
	if (offset + len == SW_BALLOON_ACTUAL + SW_BALLOON_ACTUAL_LEN)
		member->type.balloon->told.actual =
			(uint32_t)sw_get_le(member->config + SW_BALLOON_ACTUAL, SW_BALLOON_ACTUAL_LEN);
}

void sw_balloon_ring_gone(struct sw_member_device *member, uint16_t queue)
{
	struct sw_balloon_snapshot *told = &member->type.balloon->told;

	if (queue != STATS_QUEUE)
		return;
	told->has_head = 0;
	told->head = 0;
}

/* After a reset the driver has all its memory, and has said nothing (E8). */
void sw_balloon_reset(struct sw_member_device *member)
{
	struct sw_balloon *balloon = member->type.balloon;

	memset(&balloon->told, 0, sizeof(balloon->told));
	memset(balloon->pages, 0, (size_t)((balloon->page_count + 63) / 64 * 8));
}
