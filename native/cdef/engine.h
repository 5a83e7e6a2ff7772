/* SPDX-License-Identifier: Apache-2.0
 *
 * lockstep/engine.h.
 */
#define SW_LOCKSTEP_ROUTES 6
#define SW_LOCKSTEP_WIDTHS 8
#define SW_LOCKSTEP_OUTCOMES 4
#define SW_LOCKSTEP_CELLS 768

#define SW_LOCKSTEP_ACCESSES 240

#define SW_LOCKSTEP_ADDRESSES 4
#define SW_LOCKSTEP_BUFFER 320
#define SW_LOCKSTEP_REPLY 272

enum sw_lockstep_what {
	SW_LOCKSTEP_NOTHING = 0,
	SW_LOCKSTEP_OPEN = 1,
	SW_LOCKSTEP_OPERATION = 2,
	SW_LOCKSTEP_RESULT = 3,
	SW_LOCKSTEP_BYTES = 4,
};

struct sw_lockstep_report {
	uint64_t traces;
	uint64_t events;
	uint64_t accesses;
	uint64_t digest;
	uint64_t trace;
	uint64_t event;
	uint32_t seat;
	uint32_t what;
	uint64_t cells[SW_LOCKSTEP_CELLS];
};

void sw_lockstep_run(const struct sw_subject *subject, const uint8_t *config, uint64_t seed, uint64_t first,
		     uint64_t count, struct sw_lockstep_report *report);

uint64_t sw_lockstep_draw(uint64_t seed, uint64_t first, uint64_t count);

struct sw_lockstep_seat {
	uint64_t group_member_id;
	uint64_t commands;
	uint32_t parts_object_id;
	uint16_t virtio_device_id;
	uint16_t device_config_len;
	uint32_t addresses;
	uint64_t offset[SW_LOCKSTEP_ADDRESSES];
	uint8_t bar_owner[SW_LOCKSTEP_ADDRESSES];
	uint8_t bar[SW_LOCKSTEP_ADDRESSES];
};

enum sw_lockstep_kind {
	SW_LOCKSTEP_READ = 0,
	SW_LOCKSTEP_WRITE = 1,
	SW_LOCKSTEP_CONFIG_READ = 2,
	SW_LOCKSTEP_CONFIG_WRITE = 3,
	SW_LOCKSTEP_MSIX = 4,
	SW_LOCKSTEP_RESET = 5,
	SW_LOCKSTEP_TICK = 6,
	SW_LOCKSTEP_OPENED = 7,
};

struct sw_lockstep_event {
	uint64_t offset;
	uint64_t written;
	uint16_t length;
	uint16_t reply_len;
	uint8_t kind;
	uint8_t seat;
	uint8_t on;
	uint8_t data[SW_LOCKSTEP_BUFFER];
	uint8_t reply[SW_LOCKSTEP_REPLY];
};

size_t sw_lockstep_export(const uint8_t *config, uint64_t seed, uint64_t trace,
			  struct sw_lockstep_seat *seats, struct sw_lockstep_event *events, size_t cap);
