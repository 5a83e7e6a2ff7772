/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens in a trace: a pure function of the seed and the trace's number.
 *
 * Every trace draws its own weights (swarm testing): which kinds of events it has, from which offsets and
 * lengths it chooses, how its devices answer. Offsets and lengths are in bytes.
 */
#ifndef STRAIGHTWIRE_PLAN_H
#define STRAIGHTWIRE_PLAN_H

#include <stdint.h>

#include "straightwire/relay_abi.h"
#include "straightwire/tables.h"

#define SW_PLAN_SEATS 2u
#define SW_PLAN_ACCESSES 240u	/* of one trace; events that are no accesses come on top */
#define SW_PLAN_LENGTH 300u	/* of the longest access: more than any window, so refused */
#define SW_PLAN_KINDS 32u
#define SW_PLAN_OFFSETS 64u
#define SW_PLAN_LENGTHS 32u
#define SW_PLAN_ANSWERS 32u

enum sw_plan_kind {
	SW_PLAN_READ = 0,
	SW_PLAN_WRITE = 1,
	SW_PLAN_CONFIG_READ = 2,
	SW_PLAN_CONFIG_WRITE = 3,
	SW_PLAN_MSIX = 4,
	SW_PLAN_RESET = 5,
	SW_PLAN_TICK = 6,
};

enum sw_plan_answer {
	SW_ANSWER_PLAIN = 0,
	SW_ANSWER_QUALIFIED = 1,	/* success with a qualifier */
	SW_ANSWER_FAILED = 2,
	SW_ANSWER_SHORT = 3,	/* fewer bytes than asked for, the status perhaps not whole */
	SW_ANSWER_LONG = 4,	/* a used length beyond what was asked for */
};

/* An address that NOTIFY_INFO advertises, valid or not. */
struct sw_plan_address {
	uint64_t offset;
	uint8_t bar_owner;
	uint8_t bar;
};

/* One member, the relay before it and the device behind it. */
struct sw_plan_seat {
	struct sw_member member;
	uint32_t addresses;
	struct sw_plan_address address[SW_NOTIFY_ENTRIES];
};

struct sw_plan {
	uint64_t state;		/* of the random numbers */
	uint64_t device_seed;
	uint32_t accesses;	/* still to come */
	struct sw_plan_seat seat[SW_PLAN_SEATS];
	uint64_t offset[SW_PLAN_OFFSETS];
	uint16_t length[SW_PLAN_LENGTHS];
	uint8_t kind[SW_PLAN_KINDS];
	uint8_t answer[SW_PLAN_ANSWERS];
};

struct sw_plan_event {
	uint64_t offset;
	uint64_t payload;	/* the first eight bytes of a write; the rest follow from them */
	uint16_t length;
	uint8_t kind;		/* enum sw_plan_kind */
	uint8_t seat;
	uint8_t on;		/* of MSI-X */
};

void sw_plan_start(struct sw_plan *plan, uint64_t seed, uint64_t trace);

/* 1 with the next event, or 0 at the end of the trace. */
int sw_plan_next(struct sw_plan *plan, struct sw_plan_event *event);

#endif
