/* SPDX-License-Identifier: Apache-2.0
 *
 * relay_abi.h over the core: memory, and one lock per relay.
 *
 * The lock is C-ORDER: calls on one relay may come from several threads, so each holds it from its first
 * operation to its last and the device never sees two accesses interleaved. A device callback must
 * therefore not call back into the relay that called it. There is nothing else to lock: relays share nothing.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

/* Exported: what is declared between push and pop. Everything else is built hidden. */
#pragma GCC visibility push(default)
#include "straightwire/relay_abi.h"
const char *sw_relay_source_hash(void);
#pragma GCC visibility pop

#include "core.h"
#include "source_hash.h"

struct sw_relay {
	pthread_mutex_t lock;
	struct sw_core core;
};

static void *zalloc_sum(size_t header, size_t len)
{
	return len > SIZE_MAX - header ? NULL : calloc(1, header + len);
}

uint32_t sw_relay_abi_version(void)
{
	return SW_RELAY_ABI_VERSION;
}

/* SHA-256 of this library's sources, taken when it was built (see source_hash.py): tells a stale one. */
const char *sw_relay_source_hash(void)
{
	return SW_SOURCE_HASH;
}

/* 0 with *opened set, or an error. Memory comes after the checks of the arguments and before any command. */
static int open_relay(const struct sw_device *device, const struct sw_member *member,
		      struct sw_relay **opened)
{
	struct sw_relay *relay;
	int error;

	if (!device || !member)
		return SW_INVALID;
	error = sw_core_check(member);
	if (error)
		return error;
	relay = calloc(1, sizeof(*relay));
	if (!relay)
		return SW_NOMEM;
	if (pthread_mutex_init(&relay->lock, NULL)) {
		free(relay);
		return SW_NOMEM;
	}
	error = sw_core_open(&relay->core, device, member);
	if (error) {	/* not after sw_core_check; but an error must never be dropped */
		sw_relay_close(relay);
		return error;
	}
	*opened = relay;
	return 0;
}

struct sw_relay *sw_relay_open(const struct sw_device *device, const struct sw_member *member, int *error)
{
	struct sw_relay *relay = NULL;
	int code = open_relay(device, member, &relay);

	if (code && error)
		*error = code;
	return relay;
}

/* C-INIT: issues nothing. NULL is allowed, as with free. */
void sw_relay_close(struct sw_relay *relay)
{
	if (!relay)
		return;
	pthread_mutex_destroy(&relay->lock);
	free(relay);
}

int64_t sw_relay_bar_size(struct sw_relay *relay)
{
	return sw_core_bar_size(&relay->core);	/* never changes: no lock */
}

int64_t sw_relay_bar_read(struct sw_relay *relay, uint64_t offset, uint8_t *buf, size_t len)
{
	int64_t result;

	pthread_mutex_lock(&relay->lock);
	result = sw_core_bar_read(&relay->core, offset, buf, len);
	pthread_mutex_unlock(&relay->lock);
	return result;
}

int64_t sw_relay_bar_write(struct sw_relay *relay, uint64_t offset, const uint8_t *buf, size_t len)
{
	int64_t result;

	pthread_mutex_lock(&relay->lock);
	result = sw_core_bar_write(&relay->core, offset, buf, len);
	pthread_mutex_unlock(&relay->lock);
	return result;
}

int64_t sw_relay_config_read(struct sw_relay *relay, uint64_t offset, uint8_t *buf, size_t len)
{
	int64_t result;

	pthread_mutex_lock(&relay->lock);
	result = sw_core_config_read(&relay->core, offset, buf, len);
	pthread_mutex_unlock(&relay->lock);
	return result;
}

int64_t sw_relay_config_write(struct sw_relay *relay, uint64_t offset, const uint8_t *buf, size_t len)
{
	int64_t result;

	pthread_mutex_lock(&relay->lock);
	result = sw_core_config_write(&relay->core, offset, buf, len);
	pthread_mutex_unlock(&relay->lock);
	return result;
}

void sw_relay_set_msix(struct sw_relay *relay, int enabled)
{
	pthread_mutex_lock(&relay->lock);
	sw_core_set_msix(&relay->core, enabled);
	pthread_mutex_unlock(&relay->lock);
}

void sw_relay_reset(struct sw_relay *relay)
{
	pthread_mutex_lock(&relay->lock);
	sw_core_reset(&relay->core);
	pthread_mutex_unlock(&relay->lock);
}

void sw_relay_tick(struct sw_relay *relay)
{
	pthread_mutex_lock(&relay->lock);
	sw_core_tick(&relay->core);
	pthread_mutex_unlock(&relay->lock);
}

int64_t sw_relay_stop(struct sw_relay *relay, int stop)
{
	int64_t result;

	pthread_mutex_lock(&relay->lock);
	result = sw_core_stop(&relay->core, stop);
	pthread_mutex_unlock(&relay->lock);
	return result;
}

/* Scratch is taken before the first command, so that memory never fails half way (SW_NOMEM). */
int64_t sw_relay_save(struct sw_relay *relay, uint8_t *buf, size_t cap)
{
	int64_t result = sw_core_can_migrate(&relay->core);
	uint8_t *reply = NULL;

	if (result)
		return result;
	if (cap != 0) {
		reply = zalloc_sum(SW_REPLY_HEADER_LEN, cap);
		if (!reply)
			return SW_NOMEM;
	}
	pthread_mutex_lock(&relay->lock);
	result = sw_core_save(&relay->core, buf, cap, reply);
	pthread_mutex_unlock(&relay->lock);
	free(reply);
	return result;
}

int64_t sw_relay_load(struct sw_relay *relay, const uint8_t *buf, size_t len)
{
	int64_t result = sw_core_can_migrate(&relay->core);
	uint8_t *command;

	if (result)
		return result;
	command = zalloc_sum(SW_PARTS_SET_LEN, len);
	if (!command)
		return SW_NOMEM;
	pthread_mutex_lock(&relay->lock);
	result = sw_core_load(&relay->core, buf, len, command);
	pthread_mutex_unlock(&relay->lock);
	free(command);
	return result;
}
