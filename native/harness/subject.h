/* SPDX-License-Identifier: Apache-2.0
 *
 * A subject: any library that exports relay_abi.h, loaded at run time.
 */
#ifndef STRAIGHTWIRE_SUBJECT_H
#define STRAIGHTWIRE_SUBJECT_H

#include <stddef.h>
#include <stdint.h>

#include "straightwire/relay_abi.h"

/* The functions of relay_abi.h, same names and types without the prefix sw_relay_. */
struct sw_subject {
	void *handle;

	uint32_t (*abi_version)(void);
	struct sw_relay *(*open)(const struct sw_device *device, const struct sw_member *member, int *error);
	void (*close)(struct sw_relay *relay);
	int64_t (*bar_size)(struct sw_relay *relay);
	int64_t (*bar_read)(struct sw_relay *relay, uint64_t offset, uint8_t *buf, size_t len);
	int64_t (*bar_write)(struct sw_relay *relay, uint64_t offset, const uint8_t *buf, size_t len);
	int64_t (*config_read)(struct sw_relay *relay, uint64_t offset, uint8_t *buf, size_t len);
	int64_t (*config_write)(struct sw_relay *relay, uint64_t offset, const uint8_t *buf, size_t len);
	void (*set_msix)(struct sw_relay *relay, int enabled);
	void (*reset)(struct sw_relay *relay);
	void (*tick)(struct sw_relay *relay);
	int64_t (*stop)(struct sw_relay *relay, int stop);
	int64_t (*save)(struct sw_relay *relay, uint8_t *buf, size_t cap);
	int64_t (*load)(struct sw_relay *relay, const uint8_t *buf, size_t len);

	/* Not of the ABI: NULL where the library does not report it. */
	const char *(*source_hash)(void);
};

/* 0, or -1 with one line of why in error (error_len bytes, always terminated) and subject zeroed:
 * the loader's own words, the symbols that are missing, or the ABI version if it is not known here. */
int sw_subject_load(struct sw_subject *subject, const char *path, char *error, size_t error_len);

/* After the last relay is closed. Zeroes subject; a zeroed subject is allowed. */
void sw_subject_unload(struct sw_subject *subject);

#endif
