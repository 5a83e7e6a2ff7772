/* SPDX-License-Identifier: Apache-2.0
 *
 * The lockstep engine for relays: a subject and the oracle through the same events, compared after every
 * event.
 *
 * Compared are every operation byte for byte, every outcome (the result, and the whole buffer with the
 * bytes behind it) and that nothing reaches a device outside a call. The oracle is the model's relay
 * (oracle_generated.h). Two members are interleaved, each with a relay and a device of its own. A run is a
 * pure function of the subject, the seed and the traces' numbers; it has no state but the caller's. For
 * little-endian hosts.
 */
#ifndef STRAIGHTWIRE_ENGINE_H
#define STRAIGHTWIRE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "harness/subject.h"

/* A cell of coverage: route, direction, layout, width, outcome; the last varies fastest.
 * Routes: no access, refused, common, device, doorbell, configuration space. Widths: 0, 1, 2, 3, 4, up to
 * 8, up to 32, more. Outcomes: a whole answer, failed, short, longer than asked for. */
#define SW_LOCKSTEP_ROUTES 6
#define SW_LOCKSTEP_WIDTHS 8
#define SW_LOCKSTEP_OUTCOMES 4
#define SW_LOCKSTEP_CELLS 768

/* Guest accesses of one trace; events that are none come on top. */
#define SW_LOCKSTEP_ACCESSES 240

#define SW_LOCKSTEP_ADDRESSES 4
#define SW_LOCKSTEP_BUFFER 320
#define SW_LOCKSTEP_REPLY 272

enum sw_lockstep_what {
	SW_LOCKSTEP_NOTHING = 0,
	SW_LOCKSTEP_OPEN = 1,	/* no relay, or another window */
	SW_LOCKSTEP_OPERATION = 2,
	SW_LOCKSTEP_RESULT = 3,
	SW_LOCKSTEP_BYTES = 4,	/* of the buffer, or behind it */
};

struct sw_lockstep_report {
	uint64_t traces;	/* begun */
	uint64_t events;
	uint64_t accesses;
	uint64_t digest;	/* of all operations and outcomes, in order */
	uint64_t trace;		/* where the first difference is: its trace, event (0 is open) and seat */
	uint64_t event;
	uint32_t seat;
	uint32_t what;		/* enum sw_lockstep_what */
	uint64_t cells[SW_LOCKSTEP_CELLS];
};

/* Run the traces [first, first + count), until the first difference. config: 256 bytes, what the
 * configuration space of every device holds at first. report is overwritten. */
void sw_lockstep_run(const struct sw_subject *subject, const uint8_t *config, uint64_t seed, uint64_t first,
		     uint64_t count, struct sw_lockstep_report *report);

/* Only the events of these traces, drawn and thrown away: what the engine costs without subject, device,
 * oracle and comparison. A hash of them. */
uint64_t sw_lockstep_draw(uint64_t seed, uint64_t first, uint64_t count);

/* A member of a trace, as sw_relay_open is told of it, and what NOTIFY_INFO advertises. */
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

/* One event of a trace, and the command's answer by its device where it has one. */
struct sw_lockstep_event {
	uint64_t offset;
	uint64_t written;	/* used length of the reply */
	uint16_t length;
	uint16_t reply_len;	/* asked for; 0 where no command is due */
	uint8_t kind;
	uint8_t seat;
	uint8_t on;
	uint8_t data[SW_LOCKSTEP_BUFFER];
	uint8_t reply[SW_LOCKSTEP_REPLY];
};

/* The same trace without a subject: its members, and its events in order, at most cap; how many there are. */
size_t sw_lockstep_export(const uint8_t *config, uint64_t seed, uint64_t trace,
			  struct sw_lockstep_seat *seats, struct sw_lockstep_event *events, size_t cap);

#endif
