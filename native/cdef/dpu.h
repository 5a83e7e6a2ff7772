/* SPDX-License-Identifier: Apache-2.0
 *
 * include/straightwire/dpu.h, and a member's other side in Python: ctx is an ffi handle.
 */
#define SW_DPU_MAX_QUEUES 64
#define SW_DPU_MAX_REGIONS 16
#define SW_DPU_MAX_NOTIFY 3
#define SW_DPU_BARS 6
#define SW_DPU_MAX_CONFIG 232
#define SW_DPU_PCI_CONFIG 256

#define SW_DPU_MAX_FILTERED 64
#define SW_DPU_VLAN_BYTES 512
#define SW_DPU_STATISTICS 16
#define SW_DPU_SERIAL_LEN 20

struct sw_dpu;

struct sw_dpu_region {
	uint8_t *bytes;
	uint64_t address;
	uint64_t length;
};

struct sw_dpu_plug {
	const struct sw_dpu_region *regions;
	size_t region_count;
	void *ctx;
	void (*message)(void *ctx, uint16_t vector);

	int (*disk_read)(void *ctx, uint64_t offset, uint8_t *to, size_t len);
	int (*disk_write)(void *ctx, uint64_t offset, const uint8_t *from, size_t len);
	int (*disk_flush)(void *ctx);
	uint64_t (*disk_length)(void *ctx);
	uint8_t serial[SW_DPU_SERIAL_LEN];

	size_t (*entropy)(void *ctx, uint8_t *to, size_t len);

	void (*console_out)(void *ctx, const uint8_t *data, size_t len);
	void (*frame_out)(void *ctx, const uint8_t *frame, size_t len);
};

struct sw_dpu_notify {
	uint64_t offset;
	uint8_t bar_owner;
	uint8_t bar;
};

struct sw_dpu_member {
	const uint16_t *queue_sizes;
	size_t queue_count;
	const uint8_t *config;
	size_t config_len;
	const struct sw_dpu_plug *plug;
	uint64_t bar_len[SW_DPU_BARS];
	struct sw_dpu_notify notify[SW_DPU_MAX_NOTIFY];
	size_t notify_count;
	uint32_t host_features;
	uint16_t virtio_device_id;
	uint16_t vectors;
};

struct sw_dpu *sw_dpu_create(const struct sw_dpu_member *members, size_t count, uint64_t commands,
			     const uint64_t *owner_bar_len, int *error);
void sw_dpu_destroy(struct sw_dpu *dpu);

size_t sw_dpu_execute(struct sw_dpu *dpu, const uint8_t *command, size_t command_len,
		      uint8_t *reply, size_t reply_len);
uint64_t sw_dpu_in_use(const struct sw_dpu *dpu);
void sw_dpu_set_vf_enable(struct sw_dpu *dpu, int enabled);
void sw_dpu_owner_reset(struct sw_dpu *dpu);

int sw_dpu_port(struct sw_dpu *dpu, uint64_t id, struct sw_device *port);
void sw_dpu_reset(struct sw_dpu *dpu, uint64_t id);
void sw_dpu_config_changed(struct sw_dpu *dpu, uint64_t id);
void sw_dpu_queue_used(struct sw_dpu *dpu, uint64_t id, uint16_t queue);
void sw_dpu_proceed(struct sw_dpu *dpu, uint64_t id);

int sw_dpu_blk_resize(struct sw_dpu *dpu, uint64_t id, uint64_t sectors);
void sw_dpu_rng_more(struct sw_dpu *dpu, uint64_t id);

size_t sw_dpu_console_feed(struct sw_dpu *dpu, uint64_t id, const uint8_t *data, size_t len);
int sw_dpu_console_resize(struct sw_dpu *dpu, uint64_t id, uint16_t cols, uint16_t rows);
int sw_dpu_balloon_target(struct sw_dpu *dpu, uint64_t id, uint32_t pages);
int sw_dpu_balloon_ask(struct sw_dpu *dpu, uint64_t id);
void sw_dpu_net_deliver(struct sw_dpu *dpu, uint64_t id, const uint8_t *frame, size_t len);
int sw_dpu_net_link(struct sw_dpu *dpu, uint64_t id, int up);
int sw_dpu_net_announce(struct sw_dpu *dpu, uint64_t id);

struct sw_queue_snapshot {
	uint64_t notified;
	uint32_t pfn;
	uint16_t size, vector;
	uint16_t next_available, next_used, signalled;
	uint8_t has_ring, unfinished;
};

struct sw_net_snapshot {
	uint8_t promiscuous, all_multicast, all_unicast, no_multicast, no_unicast, no_broadcast;
	uint8_t unicast_overflow, multicast_overflow;
	uint16_t unicast_count, multicast_count;
	uint8_t addresses[SW_DPU_MAX_FILTERED][6];
	uint8_t vlans[SW_DPU_VLAN_BYTES];
};

struct sw_balloon_snapshot {
	uint64_t statistics[SW_DPU_STATISTICS];
	uint32_t actual;
	uint16_t statistics_known;
	uint16_t head;
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

size_t sw_dpu_console_waiting(const struct sw_dpu *dpu, uint64_t id, uint8_t *to, size_t room);
size_t sw_dpu_balloon_pages(const struct sw_dpu *dpu, uint64_t id, uint32_t *to, size_t room);

extern "Python" {
	void sw_py_message(void *ctx, uint16_t vector);
	int sw_py_disk_read(void *ctx, uint64_t offset, uint8_t *to, size_t len);
	int sw_py_disk_write(void *ctx, uint64_t offset, const uint8_t *from, size_t len);
	int sw_py_disk_flush(void *ctx);
	uint64_t sw_py_disk_length(void *ctx);
	size_t sw_py_entropy(void *ctx, uint8_t *to, size_t len);
	void sw_py_console_out(void *ctx, const uint8_t *data, size_t len);
	void sw_py_frame_out(void *ctx, const uint8_t *frame, size_t len);
}
