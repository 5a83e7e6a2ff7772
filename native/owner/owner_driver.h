/* SPDX-License-Identifier: Apache-2.0
 *
 * The owner's driver, as far as relays need it: discovery, once for all members of the SR-IOV group.
 *
 * Separate from the relay by contract (rule 8): GR3 forbids LIST_USE while another command is in flight,
 * so no relay may issue it; the owner's driver does, before it opens the first relay.
 * Freestanding as the relay core is.
 */
#ifndef STRAIGHTWIRE_OWNER_DRIVER_H
#define STRAIGHTWIRE_OWNER_DRIVER_H

#include <stddef.h>
#include <stdint.h>

/* Execute one command on the owner's administration queue; as struct sw_device's admin. */
typedef size_t (*sw_owner_admin)(void *ctx, const uint8_t *command, size_t command_len,
				 uint8_t *reply, size_t reply_len);

/* LIST_QUERY, then LIST_USE of those opcodes below 64 that the device offers and wanted (bit n: opcode n)
 * asks for. 0 with *in_use set to that list, or -(0x10000 + status) of the command that failed, and then
 * *in_use is untouched; a failed LIST_QUERY is not followed by LIST_USE. */
int64_t sw_owner_use_commands(sw_owner_admin admin, void *ctx, uint64_t wanted, uint64_t *in_use);

#endif
