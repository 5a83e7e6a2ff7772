/* SPDX-License-Identifier: Apache-2.0
 *
 * The whole DPU: members made of their descriptions, the port through which a relay reaches one, and
 * snapshots. The only file that allocates, and only in sw_dpu_create.
 */
#include <stdlib.h>

#include "dpu.h"

#define BIT(opcode) (UINT64_C(1) << (opcode))
#define LISTS (BIT(SW_OP_LIST_QUERY) | BIT(SW_OP_LIST_USE))
#define LEGACY \
	(BIT(SW_OP_LEGACY_COMMON_CFG_WRITE) | BIT(SW_OP_LEGACY_COMMON_CFG_READ) | \
	 BIT(SW_OP_LEGACY_DEV_CFG_WRITE) | BIT(SW_OP_LEGACY_DEV_CFG_READ))
#define NOTIFY_INFO BIT(SW_OP_LEGACY_NOTIFY_INFO)

#define MAX_QUEUE_SIZE 32768u
#define MAX_VECTORS 2048u

#define RING_FEATURES \
	(SW_F_RING_NOTIFY_ON_EMPTY | SW_F_RING_ANY_LAYOUT | SW_F_RING_INDIRECT_DESC | SW_F_RING_EVENT_IDX)
#define NET_FEATURES \
	(SW_F_NET_MAC | SW_F_NET_MRG_RXBUF | SW_F_NET_STATUS | SW_F_NET_CTRL_VQ | SW_F_NET_CTRL_RX | \
	 SW_F_NET_CTRL_VLAN | SW_F_NET_CTRL_RX_EXTRA | SW_F_NET_GUEST_ANNOUNCE | SW_F_NET_CTRL_MAC_ADDR)
#define BLK_FEATURES \
	(SW_F_BLK_BARRIER | SW_F_BLK_SIZE_MAX | SW_F_BLK_SEG_MAX | SW_F_BLK_GEOMETRY | SW_F_BLK_RO | \
	 SW_F_BLK_BLK_SIZE | SW_F_BLK_FLUSH | SW_F_BLK_TOPOLOGY | SW_F_BLK_CONFIG_WCE | SW_F_BLK_MQ | \
	 SW_F_BLK_DISCARD | SW_F_BLK_WRITE_ZEROES)
#define CONSOLE_FEATURES (SW_F_CONSOLE_SIZE | SW_F_CONSOLE_EMERG_WRITE)
#define BALLOON_FEATURES (SW_F_BALLOON_MUST_TELL_HOST | SW_F_BALLOON_STATS_VQ | SW_F_BALLOON_DEFLATE_ON_OOM)

struct sw_member_device *sw_member(const struct sw_dpu *dpu, uint64_t id)
{
	return id >= 1 && id <= dpu->count ? &dpu->members[id - 1] : NULL;
}

struct sw_member_device *sw_member_of_type(const struct sw_dpu *dpu, uint64_t id, uint16_t virtio_id)
{
	struct sw_member_device *member = sw_member(dpu, id);

	return member && member->plugged && member->virtio_id == virtio_id ? member : NULL;
}

/* --- what is no device --------------------------------------------------------------------------- */

static int commands_stand(uint64_t commands)
{
	if ((commands & LISTS) != LISTS || (commands & ~(LISTS | LEGACY | NOTIFY_INFO)))
		return 0;
	if ((commands & LEGACY) != 0 && (commands & LEGACY) != LEGACY)	/* LD1 */
		return 0;
	return !(commands & NOTIFY_INFO) || (commands & LEGACY);	/* LD8 */
}

/* LD10, LD11, and LD12: owner's or member's. */
static int address_stands(const struct sw_dpu_notify *at, const struct sw_dpu_member *member,
			  const uint64_t *owner_bars)
{
	const uint64_t *bars = at->bar_owner == SW_BAR_OF_OWNER ? owner_bars : member->bar_len;

	if (at->bar_owner != SW_BAR_OF_OWNER && at->bar_owner != SW_BAR_OF_MEMBER)
		return 0;
	if (at->bar < SW_NOTIFY_BAR_FIRST || at->bar > SW_NOTIFY_BAR_LAST || at->offset % SW_NOTIFY_ALIGN)
		return 0;
	return bars[at->bar] >= SW_NOTIFY_LEN && at->offset <= bars[at->bar] - SW_NOTIFY_LEN;
}

/* Whether an address of the owner's BAR, which says by itself whose queue is meant, is also an earlier
 * one. */
static int taken(const struct sw_dpu_member *members, size_t member, size_t index)
{
	const struct sw_dpu_notify *at = &members[member].notify[index];

	for (size_t i = 0; i <= member; i++) {
		for (size_t j = 0; j < members[i].notify_count && (i < member || j < index); j++) {
			const struct sw_dpu_notify *other = &members[i].notify[j];

			if (other->bar_owner == SW_BAR_OF_OWNER && other->bar == at->bar &&
			    other->offset == at->offset)
				return 1;
		}
	}
	return 0;
}

static uint32_t type_features(uint16_t virtio_id)
{
	switch (virtio_id) {
	case SW_ID_NET:
		return NET_FEATURES;
	case SW_ID_BLK:
		return BLK_FEATURES;
	case SW_ID_CONSOLE:
		return CONSOLE_FEATURES;
	case SW_ID_BALLOON:
		return BALLOON_FEATURES;
	default:
		return 0;
	}
}

/* The least of its configuration that a type's data path looks at. */
static size_t config_needed(uint16_t virtio_id)
{
	switch (virtio_id) {
	case SW_ID_NET:
		return SW_NET_STATUS + SW_NET_STATUS_LEN;
	case SW_ID_BLK:
		return SW_BLK_CAPACITY + SW_BLK_CAPACITY_LEN;
	case SW_ID_CONSOLE:
		return SW_CONSOLE_ROWS + SW_CONSOLE_ROWS_LEN;
	case SW_ID_BALLOON:
		return SW_BALLOON_ACTUAL + SW_BALLOON_ACTUAL_LEN;
	default:
		return 0;
	}
}

static int blk_stands(const struct sw_dpu_member *member)
{
	const struct sw_dpu_plug *plug = member->plug;
	uint64_t capacity = sw_get_le(member->config + SW_BLK_CAPACITY, SW_BLK_CAPACITY_LEN);

	if (!plug->disk_read || !plug->disk_write || !plug->disk_flush || !plug->disk_length)
		return 0;
	/* virtio 1.4, 5.2.5.2: CONFIG_WCE only beside FLUSH */
	if ((member->host_features & SW_F_BLK_CONFIG_WCE) && !(member->host_features & SW_F_BLK_FLUSH))
		return 0;
	return capacity <= plug->disk_length(plug->ctx) / 512;
}

static int plug_stands(const struct sw_dpu_member *member)
{
	const struct sw_dpu_plug *plug = member->plug;
	struct sw_memory memory;

	if (!plug)
		return 1;
	if (member->host_features & ~(type_features(member->virtio_device_id) | RING_FEATURES))
		return 0;
	if (member->config_len < config_needed(member->virtio_device_id))
		return 0;
	if (sw_memory_init(&memory, plug->regions, plug->region_count))
		return 0;
	switch (member->virtio_device_id) {
	case SW_ID_NET:
		return plug->frame_out && member->queue_count >= 2;
	case SW_ID_BLK:
		return blk_stands(member);
	case SW_ID_CONSOLE:
		return plug->console_out != NULL;
	case SW_ID_RNG:
		return plug->entropy != NULL;
	default:
		return 1;
	}
}

static int member_stands(const struct sw_dpu_member *member)
{
	if (member->virtio_device_id < SW_ID_NET || member->virtio_device_id > SW_ID_BALLOON)
		return 0;
	if (member->vectors < 1 || member->vectors > MAX_VECTORS || member->queue_count > SW_DPU_MAX_QUEUES)
		return 0;
	for (size_t i = 0; i < member->queue_count; i++) {
		uint16_t size = member->queue_sizes[i];

		if (size > MAX_QUEUE_SIZE || (size & (size - 1)))
			return 0;
	}
	if (member->config_len > SW_DPU_MAX_CONFIG || member->notify_count > SW_DPU_MAX_NOTIFY)
		return 0;
	return member->bar_len[0] == 0 && plug_stands(member);	/* LD13 */
}

static int all_stand(const struct sw_dpu_member *members, size_t count, uint64_t commands,
		     const uint64_t *owner_bars)
{
	if (!commands_stand(commands))
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (!member_stands(&members[i]))
			return 0;
		for (size_t j = 0; j < members[i].notify_count; j++) {
			const struct sw_dpu_notify *at = &members[i].notify[j];

			if (!address_stands(at, &members[i], owner_bars))
				return 0;
			if (at->bar_owner == SW_BAR_OF_OWNER && taken(members, i, j))
				return 0;
		}
	}
	return 1;
}

/* --- create and destroy -------------------------------------------------------------------------- */

/* Bytes on their way between guest memory and a callback. */
static size_t scratch_len(uint16_t virtio_id)
{
	switch (virtio_id) {
	case SW_ID_NET:
		return SW_MAX_FRAME;
	default:
		return SW_MAX_CHAIN;
	}
}

static uint32_t longest_queue(const struct sw_dpu_member *member)
{
	uint32_t longest = 1;

	for (size_t i = 0; i < member->queue_count; i++) {
		if (member->queue_sizes[i] > longest)
			longest = member->queue_sizes[i];
	}
	return longest;
}

static int allocate_type(struct sw_member_device *member, uint32_t longest)
{
	struct sw_balloon *balloon;

	switch (member->virtio_id) {
	case SW_ID_NET:
		member->type.net = calloc(1, sizeof(*member->type.net));
		if (!member->type.net)
			return -1;
		member->type.net->chains = calloc(longest, sizeof(struct sw_chain));
		return member->type.net->chains ? 0 : -1;
	case SW_ID_CONSOLE:
		member->type.console = calloc(1, sizeof(*member->type.console));
		if (!member->type.console)
			return -1;
		member->type.console->filled = calloc(longest, sizeof(struct sw_filled));
		return member->type.console->filled ? 0 : -1;
	case SW_ID_BALLOON:
		balloon = member->type.balloon = calloc(1, sizeof(*member->type.balloon));
		if (!balloon)
			return -1;
		balloon->page_count = sw_balloon_page_count(&member->memory);
		balloon->pages = calloc((size_t)(balloon->page_count + 63) / 64 + 1, sizeof(uint64_t));
		balloon->heads = calloc(longest, sizeof(*balloon->heads));
		return balloon->pages && balloon->heads ? 0 : -1;
	default:
		return 0;
	}
}

static int allocate(struct sw_member_device *member, const struct sw_dpu_member *from)
{
	uint32_t longest = longest_queue(from);
	uint32_t segments = longest;

	member->queues = calloc(from->queue_count + 1, sizeof(struct sw_queue));
	if (!member->queues)
		return -1;
	if (!from->plug)
		return 0;
	/* Each byte of a frame in a buffer of its own, and the chain at hand */
	if (member->virtio_id == SW_ID_NET)
		segments += SW_NET_MAX_HEADER + SW_MAX_FRAME;
	member->segments = calloc(segments, sizeof(struct sw_segment));
	member->scratch = malloc(scratch_len(member->virtio_id));
	if (!member->segments || !member->scratch || allocate_type(member, longest))
		return -1;
	member->plugged = 1;
	return 0;
}

static int make(struct sw_dpu *dpu, struct sw_member_device *member, const struct sw_dpu_member *from)
{
	member->dpu = dpu;
	member->virtio_id = from->virtio_device_id;
	member->host_features = from->host_features;
	member->vectors = from->vectors;
	member->queue_count = (uint16_t)from->queue_count;
	member->config_len = (uint16_t)from->config_len;
	if (from->config_len)
		memcpy(member->own_config, from->config, from->config_len);
	memcpy(member->bar_len, from->bar_len, sizeof(member->bar_len));
	memcpy(member->notify, from->notify, sizeof(member->notify));
	member->notify_count = from->notify_count;
	if (from->plug) {
		member->plug = *from->plug;
		member->plug.regions = NULL;	/* the caller's array: memory has the copy */
		(void)sw_memory_init(&member->memory, from->plug->regions, from->plug->region_count);
	}
	if (allocate(member, from))
		return -1;
	for (size_t i = 0; i < from->queue_count; i++)
		member->queues[i].size = from->queue_sizes[i];
	sw_config_space_init(member);
	sw_registers_reset(member);
	return 0;
}

struct sw_dpu *sw_dpu_create(const struct sw_dpu_member *members, size_t count, uint64_t commands,
			     const uint64_t *owner_bar_len, int *error)
{
	struct sw_dpu *dpu = NULL;
	int code = SW_INVALID;

	if (all_stand(members, count, commands, owner_bar_len)) {
		code = SW_NOMEM;
		dpu = calloc(1, sizeof(*dpu));
	}
	if (dpu) {
		dpu->members = calloc(count + 1, sizeof(struct sw_member_device));
		dpu->supported = commands;
		dpu->vf_enable = 1;
		memcpy(dpu->bar_len, owner_bar_len, sizeof(dpu->bar_len));
		sw_dpu_owner_reset(dpu);
		for (; dpu->members && dpu->count < count; dpu->count++) {
			if (make(dpu, &dpu->members[dpu->count], &members[dpu->count]))
				break;
		}
		if (dpu->members && dpu->count == count)
			return dpu;
		if (dpu->members && dpu->count < count)
			dpu->count++;	/* the one that was begun */
		sw_dpu_destroy(dpu);
	}
	if (error)
		*error = code;
	return NULL;
}

static void release(struct sw_member_device *member)
{
	if (member->virtio_id == SW_ID_NET && member->type.net)
		free(member->type.net->chains);
	if (member->virtio_id == SW_ID_CONSOLE && member->type.console)
		free(member->type.console->filled);
	if (member->virtio_id == SW_ID_BALLOON && member->type.balloon) {
		free(member->type.balloon->pages);
		free(member->type.balloon->heads);
	}
	if (member->virtio_id == SW_ID_NET)
		free(member->type.net);
	else if (member->virtio_id == SW_ID_CONSOLE)
		free(member->type.console);
	else if (member->virtio_id == SW_ID_BALLOON)
		free(member->type.balloon);
	free(member->segments);
	free(member->scratch);
	free(member->queues);
}

void sw_dpu_destroy(struct sw_dpu *dpu)
{
	if (!dpu)
		return;
	for (size_t i = 0; dpu->members && i < dpu->count; i++)
		release(&dpu->members[i]);
	free(dpu->members);
	free(dpu);
}

/* --- a member's port ----------------------------------------------------------------------------- */

static size_t port_admin(void *ctx, const uint8_t *command, size_t command_len, uint8_t *reply,
			 size_t reply_len)
{
	struct sw_member_device *member = ctx;

	return sw_dpu_execute(member->dpu, command, command_len, reply, reply_len);
}

/* The member whose address this is: in the owner's BAR anyone's, in a member's its own. */
static struct sw_member_device *rung(struct sw_member_device *member, uint8_t bar_owner, uint8_t bar,
				     uint64_t offset)
{
	struct sw_dpu *dpu = member->dpu;

	for (size_t i = 0; i < dpu->count; i++) {
		struct sw_member_device *other = &dpu->members[i];

		if (bar_owner != SW_BAR_OF_OWNER && other != member)
			continue;
		for (size_t j = 0; j < other->notify_count; j++) {
			const struct sw_dpu_notify *at = &other->notify[j];

			if (at->bar_owner == bar_owner && at->bar == bar && at->offset == offset)
				return other;
		}
	}
	return NULL;
}

/* At an advertised address the same as opcode 2 at Queue Notify (LD7), elsewhere nothing. */
static void port_doorbell(void *ctx, uint8_t bar_owner, uint8_t bar, uint64_t offset, uint16_t queue)
{
	struct sw_member_device *member = rung(ctx, bar_owner, bar, offset);

	if (member)
		sw_registers_notify(member, queue);
}

static uint64_t port_bar_len(void *ctx, uint8_t bar_owner, uint8_t bar)
{
	const struct sw_member_device *member = ctx;

	if (bar >= SW_DPU_BARS)
		return 0;
	if (bar_owner == SW_BAR_OF_OWNER)
		return member->dpu->bar_len[bar];
	return bar_owner == SW_BAR_OF_MEMBER ? member->bar_len[bar] : 0;
}

static void port_config_read(void *ctx, uint16_t offset, uint8_t *buf, size_t len)
{
	sw_config_space_read(ctx, offset, buf, len);
}

static void port_config_write(void *ctx, uint16_t offset, const uint8_t *buf, size_t len)
{
	sw_config_space_write(ctx, offset, buf, len);
}

int sw_dpu_port(struct sw_dpu *dpu, uint64_t id, struct sw_device *port)
{
	struct sw_member_device *member = sw_member(dpu, id);

	if (!member)
		return -1;
	port->ctx = member;
	port->admin = port_admin;
	port->doorbell = port_doorbell;
	port->bar_len = port_bar_len;
	port->config_read = port_config_read;
	port->config_write = port_config_write;
	return 0;
}

/* B25: what STATUS 0 does, and PCI's own part. */
void sw_dpu_reset(struct sw_dpu *dpu, uint64_t id)
{
	struct sw_member_device *member = sw_member(dpu, id);

	if (!member)
		return;
	sw_registers_reset(member);
	sw_config_space_init(member);
}

/* --- snapshots ----------------------------------------------------------------------------------- */

static void show_queue(const struct sw_queue *queue, struct sw_queue_snapshot *shown)
{
	shown->notified = queue->notified;
	shown->pfn = queue->pfn;
	shown->size = queue->size;
	shown->vector = queue->vector;
	shown->has_ring = queue->has_ring;
	shown->unfinished = queue->unfinished;
	if (queue->has_ring) {
		shown->next_available = queue->next_available;
		shown->next_used = queue->next_used;
		shown->signalled = queue->signalled;
	}
}

int sw_dpu_snapshot(const struct sw_dpu *dpu, uint64_t id, struct sw_dpu_snapshot *snapshot)
{
	const struct sw_member_device *member = sw_member(dpu, id);

	if (!member)
		return -1;
	memset(snapshot, 0, sizeof(*snapshot));
	snapshot->host_features = member->host_features;
	snapshot->guest_features = member->guest_features;
	snapshot->queue_sel = member->queue_sel;
	snapshot->config_vector = member->config_vector;
	snapshot->status = member->status;
	snapshot->isr = member->isr;
	snapshot->msix = (uint8_t)sw_msix_enabled(member);
	snapshot->needs_reset = member->needs_reset;
	snapshot->plugged = member->plugged;
	snapshot->queue_count = member->queue_count;
	snapshot->config_len = member->config_len;
	for (size_t i = 0; i < member->queue_count; i++)
		show_queue(&member->queues[i], &snapshot->queues[i]);
	memcpy(snapshot->config, member->config, sizeof(snapshot->config));
	memcpy(snapshot->own_config, member->own_config, sizeof(snapshot->own_config));
	memcpy(snapshot->pci, member->config_space, sizeof(snapshot->pci));
	if (!member->plugged)
		return 0;
	if (member->virtio_id == SW_ID_BLK)
		snapshot->blk_capacity = sw_get_le(member->config + SW_BLK_CAPACITY, SW_BLK_CAPACITY_LEN);
	else if (member->virtio_id == SW_ID_NET)
		snapshot->net = member->type.net->filter;
	else if (member->virtio_id == SW_ID_BALLOON)
		snapshot->balloon = member->type.balloon->told;
	return 0;
}
