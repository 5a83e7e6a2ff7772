/* SPDX-License-Identifier: Apache-2.0
 *
 * owner/owner_driver.h; its admin callback is sw_py_admin.
 */
typedef size_t (*sw_owner_admin)(void *ctx, const uint8_t *command, size_t command_len,
				 uint8_t *reply, size_t reply_len);

int64_t sw_owner_use_commands(sw_owner_admin admin, void *ctx, uint64_t wanted, uint64_t *in_use);
