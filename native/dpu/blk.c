/* SPDX-License-Identifier: Apache-2.0
 *
 * The block device (virtio 1.4, 5.2) with the legacy request types. Requests are carried out in order, each
 * wholly, so that a barrier is nothing special (E3). A sector is 512 bytes whatever the block size (E5).
 */
#include "dpu.h"

#define SECTOR 512u
#define HEADER_LEN 16u		/* type, reserved, sector */
#define RANGE_LEN 16u		/* sector, sectors, flags */
#define UNMAP 1u

enum type { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, WRITE_ZEROES = 13 };
enum status { OK = 0, IOERR = 1, UNSUPP = 2 };

#define BARRIER UINT32_C(0x80000000)
#define DIRECTION 1u

static uint64_t config(const struct sw_member_device *member, uint16_t offset, size_t bytes)
{
	return sw_get_le(member->config + offset, bytes);
}

static int negotiated(const struct sw_member_device *member, uint32_t feature)
{
	return (member->guest_features & feature) != 0;
}

static int offered(const struct sw_member_device *member, uint32_t feature)
{
	return (member->host_features & feature) != 0;
}

static int on_disk(const struct sw_member_device *member, uint64_t sector, uint64_t sectors)
{
	uint64_t capacity = config(member, SW_BLK_CAPACITY, SW_BLK_CAPACITY_LEN);

	return sectors <= capacity && sector <= capacity - sectors;
}

/* Whether these bytes are whole sectors of the disk. */
static int good_place(const struct sw_member_device *member, uint64_t sector, uint32_t len)
{
	return len % SECTOR == 0 && on_disk(member, sector, len / SECTOR);
}

/* A write is stable when it completes, unless the driver took charge of flushing (E6; virtio 1.4,
 * 5.2.6.2). */
static enum status make_stable(const struct sw_member_device *member)
{
	int cached = negotiated(member, SW_F_BLK_FLUSH);

	if (negotiated(member, SW_F_BLK_CONFIG_WCE))
		cached = config(member, SW_BLK_WRITEBACK, SW_BLK_WRITEBACK_LEN) != 0;
	if (cached)
		return OK;
	return member->plug.disk_flush(member->plug.ctx) ? IOERR : OK;
}

static enum status read_sectors(struct sw_member_device *member, const struct sw_chain *chain,
				uint64_t sector)
{
	uint32_t len = chain->writable - 1;

	if (!good_place(member, sector, len))
		return IOERR;
	if (member->plug.disk_read(member->plug.ctx, sector * SECTOR, member->scratch, len))
		return IOERR;
	sw_chain_write(member, chain, 0, member->scratch, len);
	return OK;
}

static enum status write_sectors(struct sw_member_device *member, const struct sw_chain *chain,
				 uint64_t sector)
{
	uint32_t len = chain->readable - HEADER_LEN;

	if (offered(member, SW_F_BLK_RO) || !good_place(member, sector, len))
		return IOERR;
	sw_chain_read(member, chain, HEADER_LEN, member->scratch, len);
	if (member->plug.disk_write(member->plug.ctx, sector * SECTOR, member->scratch, len))
		return IOERR;
	return make_stable(member);
}

/* E2: all 20 bytes as far as there is room, zeros behind a short serial. */
static enum status get_id(struct sw_member_device *member, const struct sw_chain *chain)
{
	sw_chain_write(member, chain, 0, member->plug.serial, sw_smaller(chain->writable - 1,
									 SW_DPU_SERIAL_LEN));
	return OK;
}

/* The ranges of a request, as command, one after the other in scratch. */
struct ranges {
	const uint8_t *bytes;
	uint32_t count;
};

static uint64_t range_sector(const struct ranges *ranges, uint32_t index)
{
	return sw_get_le(ranges->bytes + (size_t)RANGE_LEN * index, 8);
}

static uint32_t range_sectors(const struct ranges *ranges, uint32_t index)
{
	return (uint32_t)sw_get_le(ranges->bytes + (size_t)RANGE_LEN * index + 8, 4);
}

static uint32_t range_flags(const struct ranges *ranges, uint32_t index)
{
	return (uint32_t)sw_get_le(ranges->bytes + (size_t)RANGE_LEN * index + 12, 4);
}

/* E4: every range is looked at before anything is done; an unknown flag comes before a place outside the
 * disk. */
static enum status check_ranges(struct sw_member_device *member, const struct sw_chain *chain,
				struct ranges *ranges,
				uint64_t most_ranges, uint64_t most_sectors, uint32_t flags)
{
	uint32_t len = chain->readable - HEADER_LEN;

	if (((uint64_t)len + RANGE_LEN - 1) / RANGE_LEN > most_ranges)
		return UNSUPP;
	if (len % RANGE_LEN)
		return IOERR;
	sw_chain_read(member, chain, HEADER_LEN, member->scratch, len);
	ranges->bytes = member->scratch;
	ranges->count = len / RANGE_LEN;
	for (uint32_t i = 0; i < ranges->count; i++) {
		if (range_flags(ranges, i) & ~flags)
			return UNSUPP;
	}
	for (uint32_t i = 0; i < ranges->count; i++) {
		uint32_t sectors = range_sectors(ranges, i);

		if (sectors > most_sectors || !on_disk(member, range_sector(ranges, i), sectors))
			return IOERR;
	}
	return OK;
}

static enum status write_zeros(struct sw_member_device *member, uint64_t sector, uint64_t sectors)
{
	static const uint8_t zeros[64 * SECTOR];
	uint64_t at = sector * SECTOR;
	uint64_t left = sectors * SECTOR;

	while (left) {
		uint32_t step = sw_smaller(left, sizeof(zeros));

		if (member->plug.disk_write(member->plug.ctx, at, zeros, step))
			return IOERR;
		at += step;
		left -= step;
	}
	return OK;
}

/* Discarding is advice, which this device does not take; its rules are kept all the same. */
static enum status on_ranges(struct sw_member_device *member, const struct sw_chain *chain, enum type type)
{
	int zeroing = type == WRITE_ZEROES;
	struct ranges ranges = { .count = 0 };
	enum status status;

	if (zeroing)
		status = check_ranges(member, chain, &ranges,
				      config(member, SW_BLK_MAX_WRITE_ZEROES_SEG,
					     SW_BLK_MAX_WRITE_ZEROES_SEG_LEN),
				      config(member, SW_BLK_MAX_WRITE_ZEROES_SECTORS,
					     SW_BLK_MAX_WRITE_ZEROES_SECTORS_LEN), UNMAP);
	else
		status = check_ranges(member, chain, &ranges,
				      config(member, SW_BLK_MAX_DISCARD_SEG, SW_BLK_MAX_DISCARD_SEG_LEN),
				      config(member, SW_BLK_MAX_DISCARD_SECTORS,
					     SW_BLK_MAX_DISCARD_SECTORS_LEN), 0);
	if (status == OK && offered(member, SW_F_BLK_RO))
		return IOERR;
	if (status != OK || !zeroing)
		return status;
	for (uint32_t i = 0; i < ranges.count; i++) {
		if (write_zeros(member, range_sector(&ranges, i), range_sectors(&ranges, i)) != OK)
			return IOERR;
	}
	return make_stable(member);
}

/* Whether a request of this type and length is one at all: discarding and zeroing name a range at least. */
static int lacks_range(const struct sw_member_device *member, uint32_t type, const struct sw_chain *chain)
{
	int ranged = (type == DISCARD && offered(member, SW_F_BLK_DISCARD)) ||
		     (type == WRITE_ZEROES && offered(member, SW_F_BLK_WRITE_ZEROES));

	return ranged && chain->readable - HEADER_LEN < RANGE_LEN;
}

static enum status carry_out(struct sw_member_device *member, const struct sw_chain *chain,
			     uint32_t type, uint64_t sector)
{
	switch (type) {
	case IN:
		return read_sectors(member, chain, sector);
	case OUT:
		return write_sectors(member, chain, sector);
	case FLUSH:
	case FLUSH | DIRECTION:	/* E3 */
		return member->plug.disk_flush(member->plug.ctx) ? IOERR : OK;
	case GET_ID:
	case GET_ID | DIRECTION:
		return get_id(member, chain);
	case DISCARD:
		return offered(member, SW_F_BLK_DISCARD) ? on_ranges(member, chain, DISCARD) : UNSUPP;
	case WRITE_ZEROES:
		return offered(member, SW_F_BLK_WRITE_ZEROES) ? on_ranges(member, chain,
									  WRITE_ZEROES) : UNSUPP;
	default:
		return UNSUPP;
	}
}

/* Header and status lie at the two ends, however they are cut up (ANY_LAYOUT). */
static int64_t request(struct sw_member_device *member, const struct sw_chain *chain)
{
	uint8_t header[HEADER_LEN];
	uint32_t type;
	uint8_t status;

	if (chain->readable < HEADER_LEN || chain->writable == 0)
		return SW_MISTAKE;
	sw_chain_read(member, chain, 0, header, HEADER_LEN);
	type = (uint32_t)sw_get_le(header, 4) & ~BARRIER;
	if (lacks_range(member, type, chain))
		return SW_MISTAKE;
	status = (uint8_t)carry_out(member, chain, type, sw_get_le(header + 8, 8));
	sw_chain_write(member, chain, chain->writable - 1, &status, 1);
	return chain->writable;	/* E1 */
}

/* Several queues are as good as one. */
void sw_blk_notified(struct sw_member_device *member, uint16_t queue)
{
	sw_path_serve(member, queue, request);
}

/* E6: writeback reads 0 or 1. It is one byte long, and the only field that can be written. */
void sw_blk_config_written(struct sw_member_device *member, uint8_t offset, size_t len)
{
	(void)len;
	member->config[offset] = member->config[offset] != 0;
}

int sw_dpu_blk_resize(struct sw_dpu *dpu, uint64_t id, uint64_t sectors)
{
	struct sw_member_device *member = sw_member_of_type(dpu, id, SW_ID_BLK);

	if (!member || sectors > member->plug.disk_length(member->plug.ctx) / SECTOR)
		return -1;
	sw_path_reconfigure(member, SW_BLK_CAPACITY, sectors, SW_BLK_CAPACITY_LEN);
	return 0;
}
