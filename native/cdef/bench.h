/* SPDX-License-Identifier: Apache-2.0
 *
 * lockstep/bench.h.
 */
#define SW_BENCH_ROUND 16

uint64_t sw_bench_core(uint64_t rounds);
uint64_t sw_bench_subject(const struct sw_subject *subject, uint64_t rounds);
uint64_t sw_bench_floor(uint64_t rounds);
