/* SPDX-License-Identifier: Apache-2.0
 *
 * The legacy register file of a member and the device configuration behind it (virtio 1.4, 4.1.4.10), as
 * commands 2 to 5 reach them: by single fields (LD3, LD4).
 */
#include "dpu.h"

struct field {
	uint8_t offset, size, writable;
};

#define FIELD(at, bytes, can_write) { (at), (bytes), (can_write) },
#define COUNT(fields) (sizeof(fields) / sizeof((fields)[0]))

static const struct field common_fields[] = { SW_FIELDS_COMMON(FIELD) };
static const struct field net_fields[] = { SW_FIELDS_NET(FIELD) };
static const struct field blk_fields[] = { SW_FIELDS_BLK(FIELD) };
static const struct field console_fields[] = { SW_FIELDS_CONSOLE(FIELD) };
static const struct field balloon_fields[] = { SW_FIELDS_BALLOON(FIELD) };

/* The field that holds all of the access, or NULL (B1, B2, B6). limit is where the structure ends. */
static const struct field *holding(const struct field *fields, size_t count, uint32_t limit,
				   uint8_t offset, uint64_t len)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t end = (uint32_t)fields[i].offset + fields[i].size;

		if (end > limit)
			end = limit;
		if (offset >= fields[i].offset && offset < end)
			return len && len <= end - offset ? &fields[i] : NULL;
	}
	return NULL;
}

/* --- common registers ---------------------------------------------------------------------------- */

/* The last two exist while the member's own MSI-X Enable is set, at this moment (B4). */
static const struct field *common_field(const struct sw_member_device *member, uint8_t offset, uint64_t len)
{
	return holding(common_fields, COUNT(common_fields),
		       sw_msix_enabled(member) ? SW_SPLIT_MSIX_ON : SW_SPLIT_MSIX_OFF, offset, len);
}

/* The queue that QUEUE_SEL names; NULL where there is none, whatever the number (B12). */
static struct sw_queue *selected(const struct sw_member_device *member)
{
	if (member->queue_sel >= member->queue_count || member->queues[member->queue_sel].size == 0)
		return NULL;
	return &member->queues[member->queue_sel];
}

/* A register's value as it reads, without what reading does to it. */
static uint32_t value_of(const struct sw_member_device *member, uint8_t reg)
{
	const struct sw_queue *queue = selected(member);

	switch (reg) {
	case SW_REG_HOST_FEATURES:
		return member->host_features;
	case SW_REG_GUEST_FEATURES:
		return member->guest_features;
	case SW_REG_QUEUE_PFN:
		return queue ? queue->pfn : 0;
	case SW_REG_QUEUE_NUM:
		return queue ? queue->size : 0;
	case SW_REG_QUEUE_SEL:
		return member->queue_sel;
	case SW_REG_STATUS:
		return member->status;
	case SW_REG_ISR:
		return member->isr;
	case SW_REG_MSI_CONFIG_VECTOR:
		return member->config_vector;
	case SW_REG_MSI_QUEUE_VECTOR:
		return queue ? queue->vector : SW_NO_VECTOR;
	default:	/* QUEUE_NOTIFY (B8) */
		return UINT32_MAX;
	}
}

int sw_common_read(struct sw_member_device *member, uint8_t offset, uint8_t *to, uint64_t len)
{
	const struct field *field = common_field(member, offset, len);

	if (!field)
		return -1;
	sw_put_le(to, (uint64_t)value_of(member, field->offset) >> (8 * (offset - field->offset)),
		  (size_t)len);
	if (field->offset == SW_REG_ISR)
		member->isr = 0;	/* B17 */
	return 0;
}

/* B26: a vector of the table, or none. */
static uint16_t vector_taken(const struct sw_member_device *member, uint32_t value)
{
	return value < member->vectors ? (uint16_t)value : (uint16_t)SW_NO_VECTOR;
}

static void set_pfn(struct sw_member_device *member, uint32_t pfn)
{
	struct sw_queue *queue = selected(member);
	uint32_t before;

	if (!queue)	/* B11 */
		return;
	before = queue->pfn;
	queue->pfn = pfn;
	sw_path_ring_set(member, queue, before);
}

static void set(struct sw_member_device *member, uint8_t reg, uint32_t value)
{
	struct sw_queue *queue = selected(member);

	switch (reg) {
	case SW_REG_GUEST_FEATURES:	/* B15 */
		member->guest_features = value & member->host_features;
		break;
	case SW_REG_QUEUE_PFN:
		set_pfn(member, value);
		break;
	case SW_REG_QUEUE_SEL:
		member->queue_sel = (uint16_t)value;
		break;
	case SW_REG_STATUS:	/* B13; the reset is over when the command is (B14) */
		if (value == 0)
			sw_registers_reset(member);
		else
			member->status = (uint8_t)value;
		break;
	case SW_REG_MSI_CONFIG_VECTOR:
		member->config_vector = vector_taken(member, value);
		break;
	case SW_REG_MSI_QUEUE_VECTOR:
		if (queue)
			queue->vector = vector_taken(member, value);
		break;
	default:	/* read-only (B7) */
		break;
	}
}

int sw_common_write(struct sw_member_device *member, uint8_t offset, const uint8_t *from, uint64_t len)
{
	const struct field *field = common_field(member, offset, len);
	uint8_t bytes[4];

	if (!field)
		return -1;
	if (field->offset == SW_REG_QUEUE_NOTIFY) {
		if (offset == SW_REG_QUEUE_NOTIFY)	/* B9: with the low byte, or not at all */
			sw_registers_notify(member, (uint16_t)sw_get_le(from, (size_t)len));
		return 0;
	}
	if (!field->writable)
		return 0;
	sw_put_le(bytes, value_of(member, field->offset), sizeof(bytes));
	memcpy(bytes + (offset - field->offset), from, (size_t)len);	/* B9 */
	set(member, field->offset, (uint32_t)sw_get_le(bytes, field->size));
	return 0;
}

void sw_registers_notify(struct sw_member_device *member, uint16_t index)
{
	if (index >= member->queue_count || member->queues[index].pfn == 0)	/* B11 */
		return;
	member->queues[index].notified++;
	sw_type_notified(member, index);	/* at any STATUS (C6) */
}

void sw_registers_reset(struct sw_member_device *member)
{
	member->guest_features = 0;
	member->queue_sel = 0;
	member->status = 0;
	member->isr = 0;
	member->config_vector = SW_NO_VECTOR;
	memcpy(member->config, member->own_config, sizeof(member->config));	/* B27 */
	for (uint16_t i = 0; i < member->queue_count; i++) {
		struct sw_queue *queue = &member->queues[i];
		uint32_t before = queue->pfn;

		queue->pfn = 0;
		queue->vector = SW_NO_VECTOR;
		queue->unfinished = 0;
		sw_path_ring_set(member, queue, before);
	}
	member->needs_reset = 0;
	sw_type_reset(member);
}

/* --- device configuration ------------------------------------------------------------------------ */

/* As long as the member's structure is (B3). */
static const struct field *device_field(const struct sw_member_device *member, uint8_t offset, uint64_t len)
{
	uint32_t limit = member->config_len;

	switch (member->virtio_id) {
	case SW_ID_NET:
		return holding(net_fields, COUNT(net_fields), limit, offset, len);
	case SW_ID_BLK:
		return holding(blk_fields, COUNT(blk_fields), limit, offset, len);
	case SW_ID_CONSOLE:
		return holding(console_fields, COUNT(console_fields), limit, offset, len);
	case SW_ID_BALLOON:
		return holding(balloon_fields, COUNT(balloon_fields), limit, offset, len);
	default:	/* entropy has none */
		return NULL;
	}
}

int sw_device_read(const struct sw_member_device *member, uint8_t offset, uint8_t *to, uint64_t len)
{
	if (!device_field(member, offset, len))
		return -1;
	memcpy(to, member->config + offset, (size_t)len);
	return 0;
}

int sw_device_write(struct sw_member_device *member, uint8_t offset, const uint8_t *from, uint64_t len)
{
	const struct field *field = device_field(member, offset, len);

	if (!field)
		return -1;
	if (!field->writable)	/* B7 */
		return 0;
	memcpy(member->config + offset, from, (size_t)len);
	sw_type_config_written(member, offset, (size_t)len);
	return 0;
}
