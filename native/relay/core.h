/* SPDX-License-Identifier: Apache-2.0
 *
 * The relay core: the contract's rules 1 to 9 and nothing else.
 *
 * Freestanding: no allocation, no library call but memcpy and memset, no globals. One struct sw_core per
 * relay, owned by the caller, who also sees to it that calls on one core do not overlap (C-ORDER).
 * Semantics, results and errors are those of relay_abi.h; buffers never overlap scratch memory.
 */
#ifndef STRAIGHTWIRE_RELAY_CORE_H
#define STRAIGHTWIRE_RELAY_CORE_H

#include <stddef.h>
#include <stdint.h>

#include "straightwire/relay_abi.h"
#include "straightwire/tables.h"

/* Where a queue index goes; bar_owner 0: nowhere, it is a command like any other. */
struct sw_doorbell {
	uint64_t offset;
	uint8_t bar_owner;
	uint8_t bar;
};

/* Transport state, and what open was told. Nothing that a guest's payload can reach but the two shadows. */
struct sw_core {
	struct sw_device device;
	struct sw_member member;
	struct sw_doorbell doorbell;
	uint32_t window;	/* bytes of BAR0, a power of two */
	uint32_t split;		/* where the device configuration starts: the layout */
	uint32_t bar0;		/* shadow: as the guest wrote it */
	uint8_t io_decode;	/* shadow: bit 0 of COMMAND */
};

/* 0, SW_INVALID or SW_NOTSUP, in the order of relay_abi.h; touches no device. */
int sw_core_check(const struct sw_member *member);

/* sw_core_check, then fill core and ask NOTIFY_INFO where it is in use. On failure core is untouched. */
int sw_core_open(struct sw_core *core, const struct sw_device *device, const struct sw_member *member);

int64_t sw_core_bar_size(const struct sw_core *core);
int64_t sw_core_bar_read(const struct sw_core *core, uint64_t offset, uint8_t *buf, size_t len);
int64_t sw_core_bar_write(const struct sw_core *core, uint64_t offset, const uint8_t *buf, size_t len);
int64_t sw_core_config_read(const struct sw_core *core, uint64_t offset, uint8_t *buf, size_t len);
int64_t sw_core_config_write(struct sw_core *core, uint64_t offset, const uint8_t *buf, size_t len);

void sw_core_set_msix(struct sw_core *core, int enabled);
void sw_core_reset(struct sw_core *core);
void sw_core_tick(const struct sw_core *core);

/* 0 where stop, save and load have the commands they need, else SW_NOTSUP; touches no device. */
int sw_core_can_migrate(const struct sw_core *core);

int64_t sw_core_stop(const struct sw_core *core, int stop);

/* reply: SW_REPLY_HEADER_LEN + cap bytes of scratch, unused (and may be NULL) where cap is 0. */
int64_t sw_core_save(const struct sw_core *core, uint8_t *buf, size_t cap, uint8_t *reply);

/* command: SW_PARTS_SET_LEN + len bytes of scratch. */
int64_t sw_core_load(const struct sw_core *core, const uint8_t *buf, size_t len, uint8_t *command);

#endif
