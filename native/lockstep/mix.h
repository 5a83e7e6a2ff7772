/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers from a seed: splitmix64 (Steele, Lea, Flood 2014), and a hash for digests. No state but the
 * caller's.
 */
#ifndef STRAIGHTWIRE_MIX_H
#define STRAIGHTWIRE_MIX_H

#include <stdint.h>

#define SW_GOLDEN UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t sw_finish(uint64_t bits)
{
	bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
	return bits ^ (bits >> 31);
}

/* The next 64 bits of the sequence that *state stands in. */
static inline uint64_t sw_next(uint64_t *state)
{
	*state += SW_GOLDEN;
	return sw_finish(*state);
}

/* One more word into a hash; sw_finish ends it. */
static inline uint64_t sw_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * SW_GOLDEN;
	return hash ^ (hash >> 29);
}

#endif
