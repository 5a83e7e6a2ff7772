/* SPDX-License-Identifier: Apache-2.0
 *
 * A tiny subject for tests of the loader and of the binding. It obeys nothing; what it does wrong is chosen by
 * -D: LACKS_TICK, VERSION, OPEN_FAILS; READ is what bar_read and save do to the buffer, READ_RESULT and
 * SAVE_RESULT what they return; WRITE is what bar_write does to its buffer. All else touches nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "straightwire/relay_abi.h"

#ifndef VERSION
#define VERSION SW_RELAY_ABI_VERSION
#endif
#ifndef READ
#define READ(buf, len) (void)(buf)
#endif
#ifndef READ_RESULT
#define READ_RESULT ((int64_t)len)
#endif
#ifndef SAVE_RESULT
#define SAVE_RESULT 0
#endif
#ifndef WRITE
#define WRITE(buf, len) (void)(buf)
#endif

struct sw_relay {
	struct sw_device device;
};

uint32_t sw_relay_abi_version(void)
{
	return VERSION;
}

struct sw_relay *sw_relay_open(const struct sw_device *device, const struct sw_member *member, int *error)
{
	struct sw_relay *relay = NULL;

	(void)member;
	(void)error;
#ifndef OPEN_FAILS
	relay = malloc(sizeof(*relay));
#endif
	if (relay)
		relay->device = *device;
	return relay;
}

void sw_relay_close(struct sw_relay *relay)
{
	free(relay);
}

int64_t sw_relay_bar_size(struct sw_relay *relay)
{
	(void)relay;
	return 32;
}

int64_t sw_relay_bar_read(struct sw_relay *relay, uint64_t offset, uint8_t *buf, size_t len)
{
	(void)relay;
	(void)offset;
	READ(buf, len);
	return READ_RESULT;
}

int64_t sw_relay_bar_write(struct sw_relay *relay, uint64_t offset, const uint8_t *buf, size_t len)
{
	(void)relay;
	(void)offset;
	WRITE((uint8_t *)(uintptr_t)buf, len);
	return (int64_t)len;
}

int64_t sw_relay_config_read(struct sw_relay *relay, uint64_t offset, uint8_t *buf, size_t len)
{
	(void)relay;
	(void)offset;
	(void)buf;
	(void)len;
	return 0;
}

int64_t sw_relay_config_write(struct sw_relay *relay, uint64_t offset, const uint8_t *buf, size_t len)
{
	(void)relay;
	(void)offset;
	(void)buf;
	(void)len;
	return 0;
}

void sw_relay_set_msix(struct sw_relay *relay, int enabled)
{
	(void)relay;
	(void)enabled;
}

void sw_relay_reset(struct sw_relay *relay)
{
	(void)relay;
}

#ifndef LACKS_TICK
void sw_relay_tick(struct sw_relay *relay)
{
	(void)relay;
}
#endif

int64_t sw_relay_stop(struct sw_relay *relay, int stop)
{
	(void)relay;
	(void)stop;
	return 0;
}

int64_t sw_relay_save(struct sw_relay *relay, uint8_t *buf, size_t cap)
{
	(void)relay;
	READ(buf, cap);
	(void)cap;
	return SAVE_RESULT;
}

int64_t sw_relay_load(struct sw_relay *relay, const uint8_t *buf, size_t len)
{
	(void)relay;
	(void)buf;
	(void)len;
	return 0;
}
