/* SPDX-License-Identifier: Apache-2.0
 *
 * A scripted device: `device script` of the trace format, in C. What it answers to a command is a function
 * of a seed and every byte of the command; configuration space keeps what is written; doorbells change
 * nothing.
 */
#ifndef STRAIGHTWIRE_SCRIPT_H
#define STRAIGHTWIRE_SCRIPT_H

#include <stdint.h>

#include "plan.h"

/* Of a BAR that is advertised, unless an address lies beyond it. */
#define SW_SCRIPT_BAR_LEN UINT64_C(0x10000)

struct sw_script {
	const struct sw_plan_seat *seat;
	const uint8_t *answer;	/* SW_PLAN_ANSWERS kinds, one of which a command's hash chooses */
	uint64_t seed;
	uint8_t config[SW_PCI_CONFIG_SPACE_LEN];
};

/* A fresh device; config is what configuration space holds at first. seat and answer stay the caller's. */
void sw_script_start(struct sw_script *script, const struct sw_plan *plan, uint32_t seat,
		     const uint8_t *config);

/* The device as a relay sees it. */
struct sw_device sw_script_device(struct sw_script *script);

#endif
