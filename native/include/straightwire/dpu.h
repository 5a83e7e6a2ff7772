/* SPDX-License-Identifier: Apache-2.0
 *
 * The native DPU: an owner function and members that are legacy virtio devices, behind the commands of the
 * SR-IOV group (virtio 1.4, 2.13). A member's port is a struct sw_device, so any relay runs on it.  One
 * thread at a time. Nothing works by itself: a member works when its driver notifies it, or when its other
 * side calls in. Memory is allocated by sw_dpu_create and by nothing else. Member ids are 1 to the number of
 * members; the calls that take one return -1, or do nothing, where there is no such member, where it is of
 * another type or where it has no data path.  Callbacks run between a call and its return. message,
 * console_out and frame_out may call in again, for the same member too; the disk and the source of entropy
 * may not.
 */
#ifndef STRAIGHTWIRE_DPU_H
#define STRAIGHTWIRE_DPU_H

#include <stddef.h>
#include <stdint.h>

#include "straightwire/relay_abi.h"

/* Of one member: queues, regions of its guest's memory, notification addresses (the last of four entries
 * ends the list: LD9, C1), BARs, and bytes of device configuration. */
#define SW_DPU_MAX_QUEUES 64
#define SW_DPU_MAX_REGIONS 16
#define SW_DPU_MAX_NOTIFY 3
#define SW_DPU_BARS 6
#define SW_DPU_MAX_CONFIG 232
#define SW_DPU_PCI_CONFIG 256

/* Addresses (E14) and bytes of VLAN numbers in a net device's filter; tags of a balloon's statistics (E9). */
#define SW_DPU_MAX_FILTERED 64
#define SW_DPU_VLAN_BYTES 512
#define SW_DPU_STATISTICS 16
#define SW_DPU_SERIAL_LEN 20

struct sw_dpu;

struct sw_dpu_region {
	uint8_t *bytes;
	uint64_t address;	/* guest-physical; regions may touch but not overlap */
	uint64_t length;
};

/* What a member's data path stands on. Only the callbacks of the member's type are used, and those are
 * needed; message may be NULL. */
struct sw_dpu_plug {
	const struct sw_dpu_region *regions;
	size_t region_count;
	void *ctx;
	void (*message)(void *ctx, uint16_t vector);	/* an MSI-X message */

	/* blk: 0, or anything else for an error of the medium. Offsets and lengths in bytes. */
	int (*disk_read)(void *ctx, uint64_t offset, uint8_t *to, size_t len);
	int (*disk_write)(void *ctx, uint64_t offset, const uint8_t *from, size_t len);
	int (*disk_flush)(void *ctx);
	uint64_t (*disk_length)(void *ctx);
	uint8_t serial[SW_DPU_SERIAL_LEN];	/* zeros behind a shorter one (E2) */

	/* rng: how many bytes there were, 0 for none now. */
	size_t (*entropy)(void *ctx, uint8_t *to, size_t len);
	/* console: what the driver writes, a chain at a time; what cannot be kept is lost.
	 * net: a frame that the driver sends. The bytes are good until the callback returns or calls in. */
	void (*console_out)(void *ctx, const uint8_t *data, size_t len);
	void (*frame_out)(void *ctx, const uint8_t *frame, size_t len);
};

struct sw_dpu_notify {
	uint64_t offset;
	uint8_t bar_owner;	/* enum sw_bar_owner */
	uint8_t bar;
};

struct sw_dpu_member {
	const uint16_t *queue_sizes;	/* powers of two up to 32768; 0: absent */
	size_t queue_count;
	const uint8_t *config;		/* the device configuration after a reset (B27) */
	size_t config_len;
	/* NULL: registers only, notifications are counted and nothing is served */
	const struct sw_dpu_plug *plug;
	uint64_t bar_len[SW_DPU_BARS];
	struct sw_dpu_notify notify[SW_DPU_MAX_NOTIFY];
	size_t notify_count;
	uint32_t host_features;
	uint16_t virtio_device_id;	/* 1 net, 2 blk, 3 console, 4 rng, 5 balloon */
	uint16_t vectors;		/* 1 to 2048 */
};

/* Everything is copied but the guest's memory. commands: bit n for opcode n, at least LIST_QUERY and
 * LIST_USE, at most 0 to 6, 2 to 5 together (LD1) and 6 only with them (LD8). NULL with *error (unless
 * NULL) SW_INVALID for a description of no device, or SW_NOMEM. */
struct sw_dpu *sw_dpu_create(const struct sw_dpu_member *members, size_t count, uint64_t commands,
			     const uint64_t *owner_bar_len, int *error);
void sw_dpu_destroy(struct sw_dpu *dpu);

/* --- the owner ----------------------------------------------------------------------------------- */

/* One command of the administration queue; as struct sw_device's admin. Returns the used length. */
size_t sw_dpu_execute(struct sw_dpu *dpu, const uint8_t *command, size_t command_len,
		      uint8_t *reply, size_t reply_len);
uint64_t sw_dpu_in_use(const struct sw_dpu *dpu);	/* bit n: opcode n */
void sw_dpu_set_vf_enable(struct sw_dpu *dpu, int enabled);
void sw_dpu_owner_reset(struct sw_dpu *dpu);		/* GD8; members do not notice */

/* --- a member ------------------------------------------------------------------------------------ */

/* The device side of a relay on this member; valid until sw_dpu_destroy. */
int sw_dpu_port(struct sw_dpu *dpu, uint64_t id, struct sw_device *port);
void sw_dpu_reset(struct sw_dpu *dpu, uint64_t id);		/* function-level (B25) */
void sw_dpu_config_changed(struct sw_dpu *dpu, uint64_t id);	/* a configuration change notification */
/* A used buffer notification */
void sw_dpu_queue_used(struct sw_dpu *dpu, uint64_t id, uint16_t queue);
void sw_dpu_proceed(struct sw_dpu *dpu, uint64_t id);	/* go on with the queues that were left unfinished */

/* Sectors of 512 bytes. -1 where the disk is shorter. */
int sw_dpu_blk_resize(struct sw_dpu *dpu, uint64_t id, uint64_t sectors);
void sw_dpu_rng_more(struct sw_dpu *dpu, uint64_t id);	/* there is entropy again */
/* How many bytes of input were taken: at most 64 KiB wait. */
size_t sw_dpu_console_feed(struct sw_dpu *dpu, uint64_t id, const uint8_t *data, size_t len);
int sw_dpu_console_resize(struct sw_dpu *dpu, uint64_t id, uint16_t cols, uint16_t rows);
int sw_dpu_balloon_target(struct sw_dpu *dpu, uint64_t id, uint32_t pages);
/* For statistics; 1 where there was a buffer to ask with */
int sw_dpu_balloon_ask(struct sw_dpu *dpu, uint64_t id);
void sw_dpu_net_deliver(struct sw_dpu *dpu, uint64_t id, const uint8_t *frame, size_t len);
int sw_dpu_net_link(struct sw_dpu *dpu, uint64_t id, int up);
/* 1 where the driver had agreed to be asked */
int sw_dpu_net_announce(struct sw_dpu *dpu, uint64_t id);

/* --- state as plain data ------------------------------------------------------------------------- */

struct sw_queue_snapshot {
	uint64_t notified;	/* notifications taken since create */
	uint32_t pfn;
	uint16_t size, vector;
	uint16_t next_available, next_used, signalled;
	uint8_t has_ring, unfinished;
};

struct sw_net_snapshot {
	uint8_t promiscuous, all_multicast, all_unicast, no_multicast, no_unicast, no_broadcast;
	uint8_t unicast_overflow, multicast_overflow;
	uint16_t unicast_count, multicast_count;
	uint8_t addresses[SW_DPU_MAX_FILTERED][6];	/* unicast, then multicast */
	uint8_t vlans[SW_DPU_VLAN_BYTES];		/* bit n: number n */
};

struct sw_balloon_snapshot {
	uint64_t statistics[SW_DPU_STATISTICS];
	uint32_t actual;
	uint16_t statistics_known;			/* bit n: tag n */
	uint16_t head;					/* of the chain that is kept, where has_head */
	uint8_t statistics_begun, has_head;
};

struct sw_dpu_snapshot {
	uint32_t host_features, guest_features;
	uint16_t queue_sel, config_vector;
	uint8_t status, isr, msix, needs_reset, plugged;
	uint16_t queue_count, config_len;
	struct sw_queue_snapshot queues[SW_DPU_MAX_QUEUES];
	uint8_t config[SW_DPU_MAX_CONFIG];
	uint8_t own_config[SW_DPU_MAX_CONFIG];		/* what a reset brings back */
	uint8_t pci[SW_DPU_PCI_CONFIG];			/* configuration space */
	uint64_t blk_capacity;
	struct sw_net_snapshot net;
	struct sw_balloon_snapshot balloon;
};

int sw_dpu_snapshot(const struct sw_dpu *dpu, uint64_t id, struct sw_dpu_snapshot *snapshot);
/* What has no fixed length: how many there are, and the first room of them in to. */
size_t sw_dpu_console_waiting(const struct sw_dpu *dpu, uint64_t id, uint8_t *to, size_t room);
size_t sw_dpu_balloon_pages(const struct sw_dpu *dpu, uint64_t id, uint32_t *to, size_t room);

#endif
