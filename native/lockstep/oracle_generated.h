/* SPDX-License-Identifier: Apache-2.0
 *
 * Generated from the model's relay by `make generate`; edit that, not this.
 *
 * What the relay of the model does, one function for each of its own: which call an access causes, what the
 * answer leaves, how transport state follows. Numbers are the model's; lengths and offsets are bytes.
 */
#ifndef STRAIGHTWIRE_ORACLE_GENERATED_H
#define STRAIGHTWIRE_ORACLE_GENERATED_H

#include <stdint.h>

/* Bytes of the longest payload; a buffer given to the oracle has SW_ORACLE_PAD readable bytes behind. */
#define SW_ORACLE_PAYLOAD 256u
#define SW_ORACLE_REPLY 264u
#define SW_ORACLE_PAD 8u

/* Bytes asked for by NOTIFY_INFO, and the BARs that an entry may name: the owner's, then the member's. */
#define SW_ORACLE_NOTIFY_REPLY 72u
#define SW_ORACLE_BARS 5u

enum sw_oracle_kind {
	SW_ORACLE_COMMAND = 0,
	SW_ORACLE_DOORBELL = 1,
	SW_ORACLE_CONFIG_READ = 2,
	SW_ORACLE_CONFIG_WRITE = 3,
};

enum sw_oracle_event {
	SW_ORACLE_TICK = 0,
	SW_ORACLE_MSIX = 1,
	SW_ORACLE_RESET = 2,
	SW_ORACLE_CLOSE = 3,
};

struct sw_oracle_transport {
	uint64_t member;
	uint64_t doorbell_offset;
	uint32_t bar0;
	uint16_t virtio_id;
	uint16_t config_len;
	uint8_t present;
	uint8_t bar_owner;
	uint8_t bar;
	uint8_t decode;
	uint8_t msix;
};

/* One call of struct sw_device; where issues is 0, nothing else is set. sent is little-endian. */
struct sw_oracle_call {
	uint64_t issues;
	uint64_t kind;
	uint64_t sent_len;
	uint64_t reply_len;
	uint64_t bar_owner;
	uint64_t bar;
	uint64_t offset;
	uint64_t sent[36];
};

/* An access of length bytes; payload is what a write carries, or what a read's buffer held before. */
struct sw_oracle_access {
	uint64_t offset;
	uint64_t length;
	const uint8_t *payload;	/* SW_ORACLE_PAYLOAD + SW_ORACLE_PAD readable bytes */
};

/* The device's answer: SW_ORACLE_REPLY + SW_ORACLE_PAD readable bytes, of which it wrote `written`. */
struct sw_oracle_reply {
	const uint8_t *content;
	uint64_t written;
};

uint64_t sw_oracle_window(const struct sw_oracle_transport *t);

/* NOTIFY_INFO or nothing, and transport state after open; bars has 2 * SW_ORACLE_BARS lengths. */
void sw_oracle_asks(const struct sw_oracle_transport *t, uint64_t commands, struct sw_oracle_call *call);
void sw_oracle_opened(struct sw_oracle_transport *t, uint64_t commands, const struct sw_oracle_reply *r,
		const uint64_t *bars);

void sw_oracle_react(struct sw_oracle_transport *t, uint64_t kind, uint64_t argument);

/* begin: the call due. end: the result; buffer gets the words of the caller's buffer that hold the access,
 * and is left alone where the model leaves the caller's buffer as it was. */
void sw_oracle_begin_bar_read(const struct sw_oracle_transport *t, const struct sw_oracle_access *a,
		struct sw_oracle_call *call);
int64_t sw_oracle_end_bar_read(const struct sw_oracle_transport *t, const struct sw_oracle_access *a,
		const struct sw_oracle_reply *r, uint64_t *buffer);
void sw_oracle_begin_bar_write(const struct sw_oracle_transport *t, const struct sw_oracle_access *a,
		struct sw_oracle_call *call);
int64_t sw_oracle_end_bar_write(const struct sw_oracle_transport *t, const struct sw_oracle_access *a,
		const struct sw_oracle_reply *r);
void sw_oracle_begin_config_read(const struct sw_oracle_transport *t, const struct sw_oracle_access *a,
		struct sw_oracle_call *call);
int64_t sw_oracle_end_config_read(const struct sw_oracle_transport *t, const struct sw_oracle_access *a,
		const struct sw_oracle_reply *r, uint64_t *buffer);
void sw_oracle_begin_config_write(const struct sw_oracle_transport *t, const struct sw_oracle_access *a,
		struct sw_oracle_call *call);
int64_t sw_oracle_end_config_write(struct sw_oracle_transport *t, const struct sw_oracle_access *a);

#endif
