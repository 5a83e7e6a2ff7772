/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest memory. move() is the only place that turns a guest's address into a pointer, after the whole range
 * was found inside.
 */
#include "dpu.h"

enum direction { CHECK, READ, WRITE };

/* The region that holds this address, or NULL. */
static const struct sw_dpu_region *region_at(const struct sw_memory *memory, uint64_t address)
{
	for (size_t i = 0; i < memory->count; i++) {
		const struct sw_dpu_region *region = &memory->regions[i];

		if (address >= region->address && address - region->address < region->length)
			return region;
	}
	return NULL;
}

/* Touch [address, address + len) region by region: they may touch, and an access run over from one to the
 * next. */
static int move(const struct sw_memory *memory, uint64_t address, uint8_t *bytes, size_t len,
		enum direction direction)
{
	while (len) {
		const struct sw_dpu_region *region = region_at(memory, address);
		uint64_t at, inside;
		size_t step;

		if (!region)
			return -1;
		at = address - region->address;
		inside = region->length - at;
		step = len < inside ? len : (size_t)inside;
		if (direction == READ)
			memcpy(bytes, region->bytes + at, step);
		else if (direction == WRITE)
			memcpy(region->bytes + at, bytes, step);
		if (direction != CHECK)
			bytes += step;
		address += step;
		len -= step;
		if (address == 0 && len)	/* around the end of all addresses */
			return -1;
	}
	return 0;
}

int sw_memory_check(const struct sw_memory *memory, uint64_t address, size_t len)
{
	return move(memory, address, NULL, len, CHECK);
}

int sw_memory_read(const struct sw_memory *memory, uint64_t address, uint8_t *to, size_t len)
{
	if (sw_memory_check(memory, address, len))
		return -1;
	return move(memory, address, to, len, READ);
}

int sw_memory_write(const struct sw_memory *memory, uint64_t address, const uint8_t *from, size_t len)
{
	if (sw_memory_check(memory, address, len))
		return -1;
	/* A WRITE only reads what bytes points to. */
	return move(memory, address, (uint8_t *)(uintptr_t)from, len, WRITE);
}

int sw_memory_init(struct sw_memory *memory, const struct sw_dpu_region *regions, size_t count)
{
	memory->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct sw_dpu_region region = regions[i];
		size_t place = memory->count;

		if (region.length == 0)
			continue;
		if (memory->count == SW_DPU_MAX_REGIONS || !region.bytes ||
		    region.length - 1 > UINT64_MAX - region.address)
			return -1;
		for (; place && memory->regions[place - 1].address > region.address; place--)
			memory->regions[place] = memory->regions[place - 1];
		memory->regions[place] = region;
		memory->count++;
	}
	for (size_t i = 1; i < memory->count; i++) {
		const struct sw_dpu_region *low = &memory->regions[i - 1];

		if (memory->regions[i].address - low->address < low->length)
			return -1;
	}
	return 0;
}
