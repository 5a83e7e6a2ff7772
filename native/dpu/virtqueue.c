/* SPDX-License-Identifier: Apache-2.0
 *
 * The device's side of a split ring (virtio 1.4, 2.7). Everything the driver wrote is copied once and checked
 * before it is used. The work for one chain is bounded: as many buffers as the queue has descriptors, none of
 * them empty, 4 MiB together (B29).
 */
#include "dpu.h"

#define DESCRIPTOR_LEN 16u
#define DESC_NEXT 1u
#define DESC_WRITE 2u
#define DESC_INDIRECT 4u
#define AVAIL_NO_INTERRUPT 1u
#define RING_INDEX 2u		/* where the index stands in either ring; the flags are before it */
#define RING_ENTRIES 4u
#define USED_ELEMENT_LEN 8u

struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

static int read_number(const struct sw_member_device *member, uint64_t address, uint16_t *value)
{
	uint8_t bytes[2];

	if (sw_memory_read(&member->memory, address, bytes, sizeof(bytes)))
		return -1;
	*value = (uint16_t)sw_get_le(bytes, sizeof(bytes));
	return 0;
}

static int write_number(const struct sw_member_device *member, uint64_t address, uint16_t value)
{
	uint8_t bytes[2];

	sw_put_le(bytes, value, sizeof(bytes));
	return sw_memory_write(&member->memory, address, bytes, sizeof(bytes));
}

static int read_descriptor(const struct sw_member_device *member, uint64_t address,
			   struct descriptor *descriptor)
{
	uint8_t bytes[DESCRIPTOR_LEN];

	if (sw_memory_read(&member->memory, address, bytes, sizeof(bytes)))
		return -1;
	descriptor->address = sw_get_le(bytes, 8);
	descriptor->length = (uint32_t)sw_get_le(bytes + 8, 4);
	descriptor->flags = (uint16_t)sw_get_le(bytes + 12, 2);
	descriptor->next = (uint16_t)sw_get_le(bytes + 14, 2);
	return 0;
}

static int has(const struct sw_member_device *member, uint32_t feature)
{
	return (member->guest_features & feature) != 0;	/* as it is at this moment (B16) */
}

/* --- chains -------------------------------------------------------------------------------------- */

/* Add a buffer to a chain of at most most buffers. */
static int add(const struct sw_member_device *member, struct sw_chain *chain, uint32_t most,
	       const struct descriptor *descriptor, struct sw_segment *segments)
{
	uint32_t count = chain->readable_segments + chain->writable_segments;

	if (count == most || descriptor->length == 0)
		return -1;
	if (descriptor->length > SW_MAX_CHAIN - (chain->readable + chain->writable))
		return -1;
	if (sw_memory_check(&member->memory, descriptor->address, descriptor->length))
		return -1;
	if (descriptor->flags & DESC_WRITE) {
		chain->writable_segments++;
		chain->writable += descriptor->length;
	} else {
		if (chain->writable_segments)	/* readable buffers come first (virtio 1.4, 2.7.4.2) */
			return -1;
		chain->readable_segments++;
		chain->readable += descriptor->length;
	}
	segments[count].address = descriptor->address;
	segments[count].length = descriptor->length;
	return 0;
}

/* An indirect table stands only at the end of a chain, only where negotiated, and not in another (B29). */
static int enter_table(const struct sw_member_device *member, const struct descriptor *descriptor,
		       uint64_t *table, uint32_t *entries)
{
	if (!has(member, SW_F_RING_INDIRECT_DESC) || (descriptor->flags & DESC_NEXT))
		return -1;
	if (descriptor->length == 0 || descriptor->length % DESCRIPTOR_LEN)
		return -1;
	*table = descriptor->address;
	*entries = descriptor->length / DESCRIPTOR_LEN;
	return 0;
}

static int walk(const struct sw_member_device *member, const struct sw_queue *queue,
		struct sw_chain *chain, struct sw_segment *segments)
{
	uint64_t table = queue->descriptors;
	uint32_t entries = queue->size;
	struct descriptor descriptor = { .next = chain->head };
	int inside = 0;

	/* Each turn adds a buffer or enters the one table, so a circle ends when the chain is too long. */
	do {
		if (descriptor.next >= entries)
			return -1;
		if (read_descriptor(member, table + (uint64_t)DESCRIPTOR_LEN * descriptor.next, &descriptor))
			return -1;
		if (descriptor.flags & DESC_INDIRECT) {
			if (inside++ || enter_table(member, &descriptor, &table, &entries))
				return -1;
			descriptor.next = 0;
			descriptor.flags = DESC_NEXT;
		} else if (add(member, chain, queue->size, &descriptor, segments)) {
			return -1;
		}
	} while (descriptor.flags & DESC_NEXT);
	return 0;
}

int sw_ring_pop(struct sw_member_device *member, struct sw_queue *queue, uint32_t from,
		struct sw_chain *chain)
{
	uint16_t index;
	uint64_t entry;

	if (read_number(member, queue->available + RING_INDEX, &index))
		return -1;
	if (index == queue->next_available)
		return 0;
	if ((uint16_t)(index - queue->next_available) > queue->size)	/* more than the ring can hold */
		return -1;
	memset(chain, 0, sizeof(*chain));
	entry = queue->available + RING_ENTRIES + 2 * (uint64_t)(queue->next_available % queue->size);
	if (read_number(member, entry, &chain->head) || walk(member, queue, chain, member->segments + from))
		return -1;
	chain->segments = member->segments + from;
	queue->next_available++;
	queue->in_use = 1;
	return 1;
}

void sw_ring_put_back(struct sw_queue *queue, uint16_t chains)
{
	queue->next_available = (uint16_t)(queue->next_available - chains);
}

/* Touch the bytes [offset, offset + len) of some buffers laid end to end; how many there were. */
static uint32_t across(const struct sw_member_device *member, const struct sw_segment *segments,
		       uint32_t count,
		       uint32_t offset, uint8_t *to, const uint8_t *from, uint32_t len)
{
	uint32_t done = 0;

	for (uint32_t i = 0; i < count && done < len; i++) {
		uint32_t step;

		if (offset >= segments[i].length) {
			offset -= segments[i].length;
			continue;
		}
		step = sw_smaller(segments[i].length - offset, len - done);
		/* The walk found every buffer inside guest memory, which does not change: neither call
		 * fails. */
		if (to)
			(void)sw_memory_read(&member->memory, segments[i].address + offset, to + done, step);
		else
			(void)sw_memory_write(&member->memory, segments[i].address + offset, from + done,
					      step);
		done += step;
		offset = 0;
	}
	return done;
}

uint32_t sw_chain_read(const struct sw_member_device *member, const struct sw_chain *chain,
		       uint32_t offset, uint8_t *to, uint32_t len)
{
	return across(member, chain->segments, chain->readable_segments, offset, to, NULL, len);
}

uint32_t sw_chain_write(const struct sw_member_device *member, const struct sw_chain *chain,
			uint32_t offset, const uint8_t *from, uint32_t len)
{
	return across(member, chain->segments + chain->readable_segments, chain->writable_segments,
		      offset, NULL, from, len);
}

/* --- the used ring and notifications ------------------------------------------------------------- */

int sw_ring_push(struct sw_member_device *member, struct sw_queue *queue, uint16_t head, uint32_t written)
{
	uint64_t at = queue->used + RING_ENTRIES +
		USED_ELEMENT_LEN * (uint64_t)(queue->next_used % queue->size);
	uint8_t element[USED_ELEMENT_LEN];

	sw_put_le(element, head, 4);
	sw_put_le(element + 4, written, 4);
	if (sw_memory_write(&member->memory, at, element, sizeof(element)))
		return -1;
	if (write_number(member, queue->used + RING_INDEX, (uint16_t)(queue->next_used + 1)))
		return -1;
	queue->next_used++;
	return 0;
}

int sw_ring_listen(struct sw_member_device *member, struct sw_queue *queue)
{
	uint64_t avail_event = queue->used + RING_ENTRIES + USED_ELEMENT_LEN * (uint64_t)queue->size;
	uint16_t index;

	/* Without the event index the device never asks for silence, so there is nothing to take back. */
	if (has(member, SW_F_RING_EVENT_IDX) && write_number(member, avail_event, queue->next_available))
		return -1;
	if (read_number(member, queue->available + RING_INDEX, &index))
		return -1;
	return index != queue->next_available;
}

int sw_ring_interrupt_due(struct sw_member_device *member, struct sw_queue *queue)
{
	uint16_t before = queue->signalled;
	uint16_t word;

	if (queue->next_used == before)
		return 0;
	if (has(member, SW_F_RING_NOTIFY_ON_EMPTY)) {	/* however the driver silenced it (virtio 1.4, 6.3) */
		if (read_number(member, queue->available + RING_INDEX, &word))
			return -1;
		if (word == queue->next_available) {
			queue->signalled = queue->next_used;
			return 1;
		}
	}
	if (has(member, SW_F_RING_EVENT_IDX)) {
		/* used_event, behind the available ring's entries: was it passed since the last time
		 * (2.7.7.2)? */
		if (read_number(member, queue->available + RING_ENTRIES + 2 * (uint64_t)queue->size, &word))
			return -1;
		queue->signalled = queue->next_used;
		return (uint16_t)(queue->next_used - word - 1) < (uint16_t)(queue->next_used - before);
	}
	if (read_number(member, queue->available, &word))
		return -1;
	queue->signalled = queue->next_used;
	return !(word & AVAIL_NO_INTERRUPT);
}
