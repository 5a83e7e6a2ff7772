/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the DPU share. Each is written from virtio 1.4 and the project's choices (A1 to E15),
 * whose ids stand beside the code; none calls anything but the others and the three memory functions below.
 */
#ifndef STRAIGHTWIRE_DPU_PRIVATE_H
#define STRAIGHTWIRE_DPU_PRIVATE_H

#include "straightwire/dpu.h"
#include "straightwire/tables.h"

/* Declared, not included: a freestanding C has no string.h. */
void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memset(void *to, int byte, size_t len);
int memcmp(const void *one, const void *other, size_t len);

#define SW_MAX_CHAIN (UINT32_C(4) << 20)	/* bytes of one chain (B29) */
#define SW_PAGE 4096u
#define SW_MIN_FRAME 14u			/* E11 */
#define SW_MAX_FRAME 69632u
#define SW_NET_MAX_HEADER 12u
#define SW_MAX_WAITING 65536u			/* bytes of console input */
#define SW_MAX_PAGE_NUMBERS 4096u		/* looked at in one balloon request */
#define SW_ADDRESS_LEN 6u

#define SW_STATUS_BIT_DRIVER_OK 4u
#define SW_STATUS_BIT_NEEDS_RESET 0x40u
#define SW_ISR_QUEUE 1u
#define SW_ISR_CONFIG 2u

static inline void sw_put_le(uint8_t *to, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static inline uint64_t sw_get_le(const uint8_t *from, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)from[i] << (8 * i);
	return value;
}

static inline uint32_t sw_smaller(uint64_t one, uint32_t other)
{
	return one < other ? (uint32_t)one : other;
}

/* --- guest memory (memory.c) --------------------------------------------------------------------- */

struct sw_memory {
	struct sw_dpu_region regions[SW_DPU_MAX_REGIONS];	/* in order of address */
	size_t count;
};

/* 0, or -1 where not all of it is guest memory, and then nothing was moved. len is not 0. */
int sw_memory_read(const struct sw_memory *memory, uint64_t address, uint8_t *to, size_t len);
int sw_memory_write(const struct sw_memory *memory, uint64_t address, const uint8_t *from, size_t len);
int sw_memory_check(const struct sw_memory *memory, uint64_t address, size_t len);
/* 0 with the regions sorted, or -1 where they overlap or run past the last address. */
int sw_memory_init(struct sw_memory *memory, const struct sw_dpu_region *regions, size_t count);

/* --- members ------------------------------------------------------------------------------------- */

struct sw_segment {
	uint64_t address;
	uint32_t length;
};

/* A request, copied out of guest memory once: buffers to read, then buffers to write, none empty, all
 * inside. */
struct sw_chain {
	const struct sw_segment *segments;
	uint32_t readable_segments, writable_segments;
	uint32_t readable, writable;	/* bytes */
	uint16_t head;
};

struct sw_queue {
	uint64_t descriptors, available, used;	/* guest addresses of the ring's parts, where has_ring */
	uint64_t notified;
	uint32_t pfn;
	uint32_t generation;			/* counts rings, so that a chain is not returned to another */
	uint16_t size, vector;
	uint16_t next_available, next_used, signalled;
	uint8_t has_ring, in_use, busy, unfinished;
};

struct sw_net {
	struct sw_net_snapshot filter;
	struct sw_chain *chains;		/* taken for a frame */
};

struct sw_filled {
	uint32_t count;
	uint16_t head;
};

struct sw_console {
	struct sw_filled *filled;		/* chains about to be returned */
	uint8_t waiting[SW_MAX_WAITING];	/* a circle */
	uint32_t first, count;
};

struct sw_balloon {
	struct sw_balloon_snapshot told;
	uint16_t *heads;			/* of chains about to be returned */
	/* A bit for each page that begins in guest memory, region by region */
	uint64_t *pages;
	uint64_t page_count;
};

struct sw_member_device {
	struct sw_dpu *dpu;
	struct sw_queue *queues;
	uint8_t own_config[SW_MAX_DEVICE_CONFIG];	/* what a reset brings back (B27) */
	uint8_t config[SW_MAX_DEVICE_CONFIG];
	uint8_t config_space[SW_PCI_CONFIG_SPACE_LEN];
	uint64_t bar_len[SW_DPU_BARS];
	struct sw_dpu_notify notify[SW_DPU_MAX_NOTIFY];
	size_t notify_count;
	uint32_t host_features, guest_features;
	uint16_t virtio_id, vectors, queue_count, config_len;
	uint16_t queue_sel, config_vector;
	uint8_t status, isr;

	uint8_t plugged, needs_reset;
	struct sw_dpu_plug plug;
	struct sw_memory memory;
	struct sw_segment *segments;	/* of the chains at hand */
	uint8_t *scratch;		/* a request's data on its way between guest memory and a callback */
	union {
		struct sw_net *net;
		struct sw_console *console;
		struct sw_balloon *balloon;
	} type;
};

struct sw_dpu {
	struct sw_member_device *members;
	size_t count;
	uint64_t supported, in_use;
	uint64_t bar_len[SW_DPU_BARS];
	int vf_enable;
};

/* The member, or NULL for an id that has none. */
struct sw_member_device *sw_member(const struct sw_dpu *dpu, uint64_t id);
/* As above, and NULL unless it has a data path of this type. */
struct sw_member_device *sw_member_of_type(const struct sw_dpu *dpu, uint64_t id, uint16_t virtio_id);

/* --- registers (registers.c) --------------------------------------------------------------------- */

/* Of the common registers, or of the device configuration. 0, or -1 where the access is not inside one field
 * (LD3, LD4, B1, B6), and then nothing has happened (GD4). */
int sw_common_read(struct sw_member_device *member, uint8_t offset, uint8_t *to, uint64_t len);
int sw_common_write(struct sw_member_device *member, uint8_t offset, const uint8_t *from, uint64_t len);
int sw_device_read(const struct sw_member_device *member, uint8_t offset, uint8_t *to, uint64_t len);
int sw_device_write(struct sw_member_device *member, uint8_t offset, const uint8_t *from, uint64_t len);
void sw_registers_notify(struct sw_member_device *member, uint16_t queue);
void sw_registers_reset(struct sw_member_device *member);

/* --- configuration space (config_space.c) -------------------------------------------------------- */

void sw_config_space_init(struct sw_member_device *member);
void sw_config_space_read(const struct sw_member_device *member, uint16_t offset, uint8_t *to, size_t len);
void sw_config_space_write(struct sw_member_device *member, uint16_t offset, const uint8_t *from, size_t len);
int sw_msix_enabled(const struct sw_member_device *member);
int sw_bus_master(const struct sw_member_device *member);

/* --- rings (virtqueue.c) ------------------------------------------------------------------------- */

/* The next chain of a ring: 1, 0 where there is none, -1 for a driver's mistake. Its segments are stored from
 * member->segments + from on. */
int sw_ring_pop(struct sw_member_device *member, struct sw_queue *queue, uint32_t from,
		struct sw_chain *chain);
/* The last chains popped stay the driver's after all. */
void sw_ring_put_back(struct sw_queue *queue, uint16_t chains);
/* Return a chain. -1 where the ring is not in guest memory. */
int sw_ring_push(struct sw_member_device *member, struct sw_queue *queue, uint16_t head, uint32_t written);
/* Have the driver notify of the next chain: 1 where there is one already, 0, or -1 as above. */
int sw_ring_listen(struct sw_member_device *member, struct sw_queue *queue);
/* Whether the driver wants to hear of what was pushed since the last time: 1, 0, or -1 as above. */
int sw_ring_interrupt_due(struct sw_member_device *member, struct sw_queue *queue);

/* Bytes of the readable part from offset on; how many there were. */
uint32_t sw_chain_read(const struct sw_member_device *member, const struct sw_chain *chain,
		       uint32_t offset, uint8_t *to, uint32_t len);
/* Put bytes into the writable part at offset; how many had room. */
uint32_t sw_chain_write(const struct sw_member_device *member, const struct sw_chain *chain,
			uint32_t offset, const uint8_t *from, uint32_t len);

/* --- the data path (path.c) ---------------------------------------------------------------------- */

#define SW_LATER (-1)	/* not now: this chain and those behind it stay the driver's */
#define SW_MISTAKE (-2)	/* a request that is none: the device cannot go on (B28) */

/* Carries out one chain: bytes written, or one of the above. */
typedef int64_t (*sw_handler)(struct sw_member_device *member, const struct sw_chain *chain);

/* Whether a queue can be served: a ring, no mistake so far, and Bus Master Enable (B23). */
int sw_path_works(const struct sw_member_device *member, const struct sw_queue *queue);
/* Give each available chain to the handler, at most as many as the queue is long, and interrupt once. */
void sw_path_serve(struct sw_member_device *member, uint16_t queue, sw_handler handle);
void sw_path_interrupt(struct sw_member_device *member, struct sw_queue *queue);
/* Chains of a queue that the device fills when it likes have been returned: have the driver notify of the
 * next, and interrupt once. */
void sw_path_done(struct sw_member_device *member, struct sw_queue *queue);
void sw_path_break(struct sw_member_device *member);
void sw_path_ring_set(struct sw_member_device *member, struct sw_queue *queue, uint32_t before);
void sw_path_config_changed(struct sw_member_device *member);
/* The device changes its own configuration, for good, and says so. */
void sw_path_reconfigure(struct sw_member_device *member, uint16_t offset, uint64_t value, size_t bytes);

void sw_type_notified(struct sw_member_device *member, uint16_t queue);
void sw_type_config_written(struct sw_member_device *member, uint8_t offset, size_t len);
void sw_type_ring_gone(struct sw_member_device *member, uint16_t queue);
void sw_type_reset(struct sw_member_device *member);

/* --- device types: <type>.c ---------------------------------------------------------------------- */

void sw_net_notified(struct sw_member_device *member, uint16_t queue);
void sw_net_reset(struct sw_member_device *member);
void sw_blk_notified(struct sw_member_device *member, uint16_t queue);
void sw_blk_config_written(struct sw_member_device *member, uint8_t offset, size_t len);
void sw_console_notified(struct sw_member_device *member, uint16_t queue);
void sw_console_config_written(struct sw_member_device *member, uint8_t offset, size_t len);
void sw_rng_notified(struct sw_member_device *member, uint16_t queue);
void sw_balloon_notified(struct sw_member_device *member, uint16_t queue);
void sw_balloon_config_written(struct sw_member_device *member, uint8_t offset, size_t len);
void sw_balloon_ring_gone(struct sw_member_device *member, uint16_t queue);
void sw_balloon_reset(struct sw_member_device *member);
/* Pages that begin in guest memory. */
uint64_t sw_balloon_page_count(const struct sw_memory *memory);

#endif
