/* SPDX-License-Identifier: Apache-2.0
 *
 * The console with its one port (virtio 1.4, 5.3). Input waits until the driver has room, across a reset too:
 * whoever typed it is no driver (E7).
 */
#include "dpu.h"

#define RECEIVE_QUEUE 0u
#define TRANSMIT_QUEUE 1u

/* The next bytes that wait, in order, at most len: a circle is two runs. */
static uint32_t take(struct sw_console *console, uint8_t *to, uint32_t len)
{
	uint32_t count = sw_smaller(console->count, len);
	uint32_t run = sw_smaller(SW_MAX_WAITING - console->first, count);

	memcpy(to, console->waiting + console->first, run);
	memcpy(to + run, console->waiting, count - run);
	console->first = (console->first + count) % SW_MAX_WAITING;
	console->count -= count;
	return count;
}

static int64_t output(struct sw_member_device *member, const struct sw_chain *chain)
{
	uint32_t len = sw_chain_read(member, chain, 0, member->scratch, chain->readable);

	if (len)
		member->plug.console_out(member->plug.ctx, member->scratch, len);
	return 0;
}

/* Fill the driver's buffers: none is looked at before there is input for it, one without room goes back
 * empty. */
static void deliver(struct sw_member_device *member)
{
	struct sw_console *console = member->type.console;
	struct sw_queue *queue = &member->queues[RECEIVE_QUEUE];
	uint32_t filled = 0;
	int got = 1;

	if (console->count == 0 || !sw_path_works(member, queue))
		return;
	while (console->count && filled < queue->size) {
		struct sw_chain chain;
		uint32_t count;

		got = sw_ring_pop(member, queue, 0, &chain);
		if (got <= 0)
			break;
		count = take(console, member->scratch, chain.writable);
		sw_chain_write(member, &chain, 0, member->scratch, count);
		console->filled[filled].head = chain.head;
		console->filled[filled++].count = count;
	}
	for (uint32_t i = 0; got >= 0 && i < filled; i++)
		got = sw_ring_push(member, queue, console->filled[i].head, console->filled[i].count);
	if (got < 0)
		sw_path_break(member);
	else
		sw_path_done(member, queue);
}

void sw_console_notified(struct sw_member_device *member, uint16_t queue)
{
	if (queue == RECEIVE_QUEUE)
		deliver(member);
	else if (queue == TRANSMIT_QUEUE)
		sw_path_serve(member, TRANSMIT_QUEUE, output);
}

/* The low byte of emerg_wr is output at any time, whatever was negotiated (E7; virtio 1.4, 5.3.4). */
void sw_console_config_written(struct sw_member_device *member, uint8_t offset, size_t len)
{
	(void)len;
	if (offset == SW_CONSOLE_EMERG_WR && (member->host_features & SW_F_CONSOLE_EMERG_WRITE))
		member->plug.console_out(member->plug.ctx, member->config + offset, 1);
}

size_t sw_dpu_console_feed(struct sw_dpu *dpu, uint64_t id, const uint8_t *data, size_t len)
{
	struct sw_member_device *member = sw_member_of_type(dpu, id, SW_ID_CONSOLE);
	struct sw_console *console;
	uint32_t end, count, run;

	if (!member)
		return 0;
	console = member->type.console;
	count = sw_smaller(len, SW_MAX_WAITING - console->count);
	end = (console->first + console->count) % SW_MAX_WAITING;
	run = sw_smaller(SW_MAX_WAITING - end, count);
	if (count) {
		memcpy(console->waiting + end, data, run);
		memcpy(console->waiting, data + run, count - run);
	}
	console->count += count;
	if (member->queue_count > RECEIVE_QUEUE)
		deliver(member);
	return count;
}

int sw_dpu_console_resize(struct sw_dpu *dpu, uint64_t id, uint16_t cols, uint16_t rows)
{
	struct sw_member_device *member = sw_member_of_type(dpu, id, SW_ID_CONSOLE);

	if (!member)
		return -1;
	sw_path_reconfigure(member, SW_CONSOLE_COLS, (uint64_t)rows << 16 | cols,
			    SW_CONSOLE_COLS_LEN + SW_CONSOLE_ROWS_LEN);
	return 0;
}

size_t sw_dpu_console_waiting(const struct sw_dpu *dpu, uint64_t id, uint8_t *to, size_t room)
{
	const struct sw_member_device *member = sw_member_of_type(dpu, id, SW_ID_CONSOLE);
	const struct sw_console *console;

	if (!member)
		return 0;
	console = member->type.console;
	for (uint32_t i = 0; i < console->count && i < room; i++)
		to[i] = console->waiting[(console->first + i) % SW_MAX_WAITING];
	return console->count;
}
