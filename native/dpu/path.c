/* SPDX-License-Identifier: Apache-2.0
 *
 * The data path of a member: rings come with QUEUE_PFN and go with a reset, a notification has chains
 * served, and a driver's mistake ends in DEVICE_NEEDS_RESET (B28). One notification's work is at most as
 * many chains as the queue is long; what is left over waits for the next, or for proceed.
 */
#include "dpu.h"

int sw_path_works(const struct sw_member_device *member, const struct sw_queue *queue)
{
	return queue->has_ring && !member->needs_reset && sw_bus_master(member);
}

/* --- interrupts ---------------------------------------------------------------------------------- */

static void message(struct sw_member_device *member, uint16_t vector)
{
	if (vector != SW_NO_VECTOR && member->plugged && member->plug.message && sw_bus_master(member))
		member->plug.message(member->plug.ctx, vector);
}

void sw_path_config_changed(struct sw_member_device *member)
{
	member->isr |= SW_ISR_CONFIG;	/* with MSI-X on as well (B18) */
	if (sw_msix_enabled(member))
		message(member, member->config_vector);
}

static void queue_used(struct sw_member_device *member, const struct sw_queue *queue)
{
	if (sw_msix_enabled(member))
		message(member, queue->vector);
	else
		member->isr |= SW_ISR_QUEUE;
}

void sw_path_interrupt(struct sw_member_device *member, struct sw_queue *queue)
{
	int due = sw_ring_interrupt_due(member, queue);

	if (due < 0)
		sw_path_break(member);
	else if (due)
		queue_used(member, queue);
}

void sw_path_done(struct sw_member_device *member, struct sw_queue *queue)
{
	if (sw_ring_listen(member, queue) < 0)
		sw_path_break(member);
	else
		sw_path_interrupt(member, queue);
}

void sw_path_break(struct sw_member_device *member)
{
	if (member->needs_reset)
		return;
	member->needs_reset = 1;
	member->status |= SW_STATUS_BIT_NEEDS_RESET;
	if (member->status & SW_STATUS_BIT_DRIVER_OK)
		sw_path_config_changed(member);
}

void sw_path_reconfigure(struct sw_member_device *member, uint16_t offset, uint64_t value, size_t bytes)
{
	sw_put_le(member->own_config + offset, value, bytes);
	sw_put_le(member->config + offset, value, bytes);
	sw_path_config_changed(member);
}

/* --- rings --------------------------------------------------------------------------------------- */

void sw_path_ring_set(struct sw_member_device *member, struct sw_queue *queue, uint32_t before)
{
	uint64_t page = (uint64_t)queue->pfn * SW_QUEUE_ALIGN;
	uint64_t size = queue->size;
	int moved;

	if (!member->plugged || queue->pfn == before)
		return;
	moved = before && queue->pfn && queue->in_use;
	queue->has_ring = queue->pfn != 0;
	queue->in_use = 0;
	queue->unfinished = 0;
	queue->generation++;
	queue->next_available = queue->next_used = queue->signalled = 0;
	queue->descriptors = page;
	queue->available = page + 16 * size;
	/* virtio 1.4, 2.7.2: on the next page boundary behind flags, index, entries and used_event */
	queue->used = page + ((16 * size + 2 * (3 + size) +
			       SW_QUEUE_ALIGN - 1) & ~(uint64_t)(SW_QUEUE_ALIGN - 1));
	sw_type_ring_gone(member, (uint16_t)(queue - member->queues));
	if (moved)	/* under the device: whatever was in it is lost (B28) */
		sw_path_break(member);
}

/* One chain: 1 to go on, 0 to stop. */
static int serve_one(struct sw_member_device *member, struct sw_queue *queue, sw_handler handle)
{
	uint32_t generation = queue->generation;
	struct sw_chain chain;
	int64_t written;
	uint16_t head;
	int got = sw_ring_pop(member, queue, 0, &chain);

	if (got == 0) {
		got = sw_ring_listen(member, queue);
		if (got < 0)
			sw_path_break(member);
		return got > 0;
	}
	if (got < 0) {
		sw_path_break(member);
		return 0;
	}
	head = chain.head;
	written = handle(member, &chain);
	/* A callback may have let the driver in: reset, another ring. */
	if (!sw_path_works(member, queue) || queue->generation != generation)
		return 0;
	if (written == SW_LATER) {
		sw_ring_put_back(queue, 1);
		return 0;
	}
	if (written < 0 || sw_ring_push(member, queue, head, (uint32_t)written)) {
		sw_path_break(member);
		return 0;
	}
	return 1;
}

void sw_path_serve(struct sw_member_device *member, uint16_t index, sw_handler handle)
{
	struct sw_queue *queue = &member->queues[index];
	uint32_t turns = queue->size;
	int more = 1;

	/* Notified from within a callback of this very queue: whoever serves it looks again. */
	if (queue->busy || !sw_path_works(member, queue))
		return;
	queue->busy = 1;
	queue->unfinished = 0;
	while (more && turns--)
		more = serve_one(member, queue, handle);
	queue->busy = 0;
	if (!sw_path_works(member, queue))
		return;
	if (more)	/* all turns are used up: is anything left over? */
		more = sw_ring_listen(member, queue);
	if (more < 0) {
		sw_path_break(member);
		return;
	}
	queue->unfinished = (uint8_t)more;
	sw_path_interrupt(member, queue);
}

void sw_dpu_proceed(struct sw_dpu *dpu, uint64_t id)
{
	struct sw_member_device *member = sw_member(dpu, id);
	uint64_t unfinished = 0;

	if (!member || !member->plugged)
		return;
	for (uint16_t i = 0; i < member->queue_count; i++)
		unfinished |= (uint64_t)member->queues[i].unfinished << i;
	for (uint16_t i = 0; i < member->queue_count; i++) {
		if (unfinished >> i & 1)
			sw_type_notified(member, i);
	}
}

void sw_dpu_config_changed(struct sw_dpu *dpu, uint64_t id)
{
	struct sw_member_device *member = sw_member(dpu, id);

	if (member)
		sw_path_config_changed(member);
}

void sw_dpu_queue_used(struct sw_dpu *dpu, uint64_t id, uint16_t queue)
{
	struct sw_member_device *member = sw_member(dpu, id);

	if (member && queue < member->queue_count)
		queue_used(member, &member->queues[queue]);
}

/* --- what differs from type to type -------------------------------------------------------------- */

void sw_type_notified(struct sw_member_device *member, uint16_t queue)
{
	if (!member->plugged)
		return;
	switch (member->virtio_id) {
	case SW_ID_NET:
		sw_net_notified(member, queue);
		break;
	case SW_ID_BLK:
		sw_blk_notified(member, queue);
		break;
	case SW_ID_CONSOLE:
		sw_console_notified(member, queue);
		break;
	case SW_ID_RNG:
		sw_rng_notified(member, queue);
		break;
	default:
		sw_balloon_notified(member, queue);
		break;
	}
}

void sw_type_config_written(struct sw_member_device *member, uint8_t offset, size_t len)
{
	if (!member->plugged)
		return;
	switch (member->virtio_id) {
	case SW_ID_BLK:
		sw_blk_config_written(member, offset, len);
		break;
	case SW_ID_CONSOLE:
		sw_console_config_written(member, offset, len);
		break;
	case SW_ID_BALLOON:
		sw_balloon_config_written(member, offset, len);
		break;
	default:	/* net: mac counts where it stands (E10) */
		break;
	}
}

void sw_type_ring_gone(struct sw_member_device *member, uint16_t queue)
{
	if (member->virtio_id == SW_ID_BALLOON)
		sw_balloon_ring_gone(member, queue);
}

void sw_type_reset(struct sw_member_device *member)
{
	if (!member->plugged)
		return;
	if (member->virtio_id == SW_ID_NET)
		sw_net_reset(member);
	else if (member->virtio_id == SW_ID_BALLOON)
		sw_balloon_reset(member);
}
