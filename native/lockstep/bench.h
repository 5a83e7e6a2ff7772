/* SPDX-License-Identifier: Apache-2.0
 *
 * One relayed access, and the same bytes copied without a relay: what `straightwire bench` compares.
 *
 * A round is SW_BENCH_ROUND accesses of a driver that starts a network device: registers read and written,
 * MAC and status byte by byte. All three go through the same device callback; each returns a hash of what the
 * guest saw and the device was sent, which is the same for all three.
 */
#ifndef STRAIGHTWIRE_BENCH_H
#define STRAIGHTWIRE_BENCH_H

#include <stdint.h>

#include "harness/subject.h"

#define SW_BENCH_ROUND 16

/* The native core, linked in: no lock, no allocation. */
uint64_t sw_bench_core(uint64_t rounds);

/* A subject through relay_abi.h. 0 where it cannot be opened. */
uint64_t sw_bench_subject(const struct sw_subject *subject, uint64_t rounds);

/* The floor: command bytes copied from a table, the callback, payload bytes copied out. */
uint64_t sw_bench_floor(uint64_t rounds);

#endif
