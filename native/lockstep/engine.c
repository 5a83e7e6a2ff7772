/* SPDX-License-Identifier: Apache-2.0
 *
 * What is written by hand here calls and compares. What should come out is the oracle's to say; of it,
 * only the order of begin, the device's answer and end is known here.
 */
#include "engine.h"

#include <string.h>

#include "mix.h"
#include "oracle_generated.h"
#include "plan.h"
#include "script.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words of the oracle are compared as bytes");
_Static_assert(SW_LOCKSTEP_CELLS == SW_LOCKSTEP_ROUTES * 2 * 2 * SW_LOCKSTEP_WIDTHS * SW_LOCKSTEP_OUTCOMES,
	       "cells");
_Static_assert(SW_LOCKSTEP_ACCESSES == SW_PLAN_ACCESSES, "accesses");
_Static_assert(SW_LOCKSTEP_ADDRESSES == SW_NOTIFY_ENTRIES, "addresses");
_Static_assert(SW_LOCKSTEP_REPLY >= SW_ORACLE_REPLY + SW_ORACLE_PAD, "replies");
_Static_assert(SW_LOCKSTEP_BUFFER >= SW_PLAN_LENGTH + 16, "buffers");
_Static_assert(SW_LOCKSTEP_BUFFER >= SW_ORACLE_PAYLOAD + SW_ORACLE_PAD, "buffers");
_Static_assert((int)SW_LOCKSTEP_READ == (int)SW_PLAN_READ, "kinds");
_Static_assert((int)SW_LOCKSTEP_TICK == (int)SW_PLAN_TICK, "kinds");

#define GUARD 16	/* bytes behind a caller's buffer that no call may change */

enum route { ROUTE_NONE, ROUTE_REFUSED, ROUTE_COMMON, ROUTE_DEVICE, ROUTE_DOORBELL, ROUTE_CONFIG };

/* One member: the relay under test, its device, and what the oracle knows of it. */
struct seat {
	struct sw_relay *relay;
	struct sw_device device;		/* behind the recorder */
	struct sw_script script;
	struct sw_oracle_transport transport;
	struct sw_oracle_call call;		/* what is due now; issues is 0 outside a call */
	uint64_t commands;
	uint64_t calls;				/* since the last event */
	uint64_t wrong;				/* calls that were not due, or with other bytes */
	uint64_t reply_len;
	struct sw_oracle_reply reply;
	uint8_t content[SW_LOCKSTEP_REPLY];
};

struct run {
	struct sw_plan plan;
	struct seat seat[SW_PLAN_SEATS];
	uint8_t canary[SW_LOCKSTEP_BUFFER];
	uint8_t prior[SW_LOCKSTEP_BUFFER];	/* what the caller's buffer held */
	uint8_t buffer[SW_LOCKSTEP_BUFFER];	/* what the subject is given */
	uint64_t wanted[SW_LOCKSTEP_BUFFER / 8];	/* what it must hold afterwards */
};

/* --- the recorder: between subject and device -------------------------------------------------------- */

static int due(const struct seat *seat, uint64_t kind)
{
	return seat->calls == 0 && seat->call.issues && seat->call.kind == kind;
}

static void keep(struct seat *seat, const uint8_t *reply, size_t reply_len, size_t written)
{
	size_t len = reply_len < SW_ORACLE_REPLY ? reply_len : SW_ORACLE_REPLY;

	if (len == 8)	/* the reply to a write */
		memcpy(seat->content, reply, 8);
	else
		memcpy(seat->content, reply, len);
	seat->reply_len = reply_len;
	seat->reply.written = written;
}

static size_t seen_admin(void *ctx, const uint8_t *command, size_t command_len,
			 uint8_t *reply, size_t reply_len)
{
	struct seat *seat = ctx;
	size_t written;

	if (!due(seat, SW_ORACLE_COMMAND) || seat->call.sent_len != command_len ||
	    seat->call.reply_len != reply_len || memcmp(command, seat->call.sent, command_len) != 0)
		seat->wrong++;
	seat->calls++;
	written = seat->device.admin(seat->device.ctx, command, command_len, reply, reply_len);
	keep(seat, reply, reply_len, written);
	return written;
}

static void seen_doorbell(void *ctx, uint8_t bar_owner, uint8_t bar, uint64_t offset, uint16_t queue)
{
	struct seat *seat = ctx;

	if (!due(seat, SW_ORACLE_DOORBELL) || seat->call.bar_owner != bar_owner || seat->call.bar != bar ||
	    seat->call.offset != offset || seat->call.sent_len != sizeof(queue) ||
	    seat->call.sent[0] != queue)
		seat->wrong++;
	seat->calls++;
	seat->device.doorbell(seat->device.ctx, bar_owner, bar, offset, queue);
}

static uint64_t seen_bar_len(void *ctx, uint8_t bar_owner, uint8_t bar)
{
	struct seat *seat = ctx;

	return seat->device.bar_len(seat->device.ctx, bar_owner, bar);	/* no operation */
}

static void seen_config_read(void *ctx, uint16_t offset, uint8_t *buf, size_t len)
{
	struct seat *seat = ctx;

	if (!due(seat, SW_ORACLE_CONFIG_READ) || seat->call.offset != offset || seat->call.reply_len != len)
		seat->wrong++;
	seat->calls++;
	seat->device.config_read(seat->device.ctx, offset, buf, len);
	keep(seat, buf, len, len);
}

static void seen_config_write(void *ctx, uint16_t offset, const uint8_t *buf, size_t len)
{
	struct seat *seat = ctx;

	if (!due(seat, SW_ORACLE_CONFIG_WRITE) || seat->call.offset != offset || seat->call.sent_len != len ||
	    memcmp(buf, seat->call.sent, len) != 0)
		seat->wrong++;
	seat->calls++;
	seat->device.config_write(seat->device.ctx, offset, buf, len);
}

static struct sw_device recorder(struct seat *seat)
{
	struct sw_device device = {
		.ctx = seat,
		.admin = seen_admin,
		.doorbell = seen_doorbell,
		.bar_len = seen_bar_len,
		.config_read = seen_config_read,
		.config_write = seen_config_write,
	};

	return device;
}

/* The call that is due, made by nobody else: for a run without a subject. */
static void make_call(struct seat *seat)
{
	const struct sw_oracle_call *call = &seat->call;
	struct sw_device device = recorder(seat);
	uint8_t reply[SW_LOCKSTEP_REPLY];
	const uint8_t *sent = (const uint8_t *)call->sent;

	memset(reply, 0, sizeof(reply));
	if (call->kind == SW_ORACLE_COMMAND)
		device.admin(seat, sent, call->sent_len, reply, call->reply_len);
	else if (call->kind == SW_ORACLE_DOORBELL)
		device.doorbell(seat, (uint8_t)call->bar_owner, (uint8_t)call->bar, call->offset,
				(uint16_t)call->sent[0]);
	else if (call->kind == SW_ORACLE_CONFIG_READ)
		device.config_read(seat, (uint16_t)call->offset, reply, call->reply_len);
	else
		device.config_write(seat, (uint16_t)call->offset, sent, call->sent_len);
}

/* --- a trace ----------------------------------------------------------------------------------------- */

static void run_init(struct run *run)
{
	memset(run, 0, sizeof(*run));
	/* Not constant: a shifted copy is not the original. */
	for (size_t i = 0; i < sizeof(run->canary); i++)
		run->canary[i] = (uint8_t)(0xa5 ^ (7 * i));
}

static void seat_start(struct run *run, uint32_t number, const uint8_t *config)
{
	struct seat *seat = &run->seat[number];
	const struct sw_member *member = &run->plan.seat[number].member;

	sw_script_start(&seat->script, &run->plan, number, config);
	seat->device = sw_script_device(&seat->script);
	memset(&seat->transport, 0, sizeof(seat->transport));
	seat->transport.member = member->group_member_id;
	seat->transport.virtio_id = member->virtio_device_id;
	seat->transport.config_len = member->device_config_len;
	seat->commands = member->commands;
	seat->reply.content = seat->content;
	seat->calls = 0;
	seat->wrong = 0;
}

/* Open, by the subject or (NULL) by nobody. */
static uint32_t seat_open(struct run *run, uint32_t number, const struct sw_subject *subject)
{
	struct seat *seat = &run->seat[number];
	struct sw_device device = recorder(seat);
	uint64_t bars[2 * SW_ORACLE_BARS];
	uint32_t what = SW_LOCKSTEP_NOTHING;

	for (uint32_t i = 0; i < 2 * SW_ORACLE_BARS; i++)
		bars[i] = seat->device.bar_len(seat->device.ctx, (uint8_t)(1 + i / SW_ORACLE_BARS),
					       (uint8_t)(1 + i % SW_ORACLE_BARS));
	sw_oracle_asks(&seat->transport, seat->commands, &seat->call);
	seat->relay = NULL;
	if (subject)
		seat->relay = subject->open(&device, &run->plan.seat[number].member, NULL);
	else if (seat->call.issues)
		make_call(seat);
	if (seat->wrong || seat->calls != seat->call.issues)
		what = SW_LOCKSTEP_OPERATION;
	sw_oracle_opened(&seat->transport, seat->commands, &seat->reply, bars);
	if (!what && subject && (!seat->relay || subject->bar_size(seat->relay) !=
						 (int64_t)sw_oracle_window(&seat->transport)))
		what = SW_LOCKSTEP_OPEN;
	seat->call.issues = 0;
	return what;
}

/* len bytes and some more, up to a multiple of 32: all buffers here have room for that. Short accesses are
 * the rule, and a call of memcpy would cost more than they do. */
static inline void copy(void *to, const void *from, size_t len)
{
	for (size_t at = 0; at < len; at += 32)
		memcpy((uint8_t *)to + at, (const uint8_t *)from + at, 32);
}

/* The bytes of a write, or what a read's buffer holds before, and the guard behind them; three times. Word by
 * word into each: a wide load that follows a narrow store to the same place stalls. */
static void fill(struct run *run, const struct sw_plan_event *event)
{
	size_t len = (size_t)event->length + GUARD;
	uint64_t word = event->payload, state = event->payload;

	copy(run->prior, run->canary, len);
	copy(run->buffer, run->canary, len);
	copy(run->wanted, run->canary, len);
	if (event->kind != SW_PLAN_WRITE && event->kind != SW_PLAN_CONFIG_WRITE)
		return;
	for (size_t at = 0; at < event->length; at += 8) {
		if (event->length - at < 8) {
			uint64_t above = UINT64_MAX << (8 * (event->length - at)), canary;

			memcpy(&canary, run->canary + at, 8);
			word = (word & ~above) | (canary & above);
		}
		memcpy(run->prior + at, &word, 8);
		memcpy(run->buffer + at, &word, 8);
		run->wanted[at / 8] = word;
		word = sw_next(&state);
	}
}

/* Whether the buffer is as it must be, guard and all: at least len bytes, by whole words. */
static int as_wanted(const struct run *run, size_t len)
{
	uint64_t differs = 0, word;

	for (size_t at = 0; at < len; at += 8) {
		memcpy(&word, run->buffer + at, 8);
		differs |= word ^ run->wanted[at / 8];
	}
	return differs == 0;
}

static uint32_t width_of(uint64_t len)
{
	if (len <= 4)
		return (uint32_t)len;
	return len <= 8 ? 5 : len <= 32 ? 6 : 7;
}

static uint32_t cell_of(const struct seat *seat, const struct sw_plan_event *event, int64_t result,
			uint8_t msix)
{
	const struct sw_oracle_call *call = &seat->call;
	uint32_t route = event->length ? ROUTE_REFUSED : ROUTE_NONE;
	uint32_t outcome = 0;

	if (call->issues) {
		route = ROUTE_CONFIG;
		if (call->kind == SW_ORACLE_DOORBELL)
			route = ROUTE_DOORBELL;
		else if (call->kind == SW_ORACLE_COMMAND)
			route = (call->sent[0] & 0xffff) <= SW_OP_LEGACY_COMMON_CFG_READ ? ROUTE_COMMON :
											   ROUTE_DEVICE;
		if (result < 0)
			outcome = 1;
		else if (call->kind == SW_ORACLE_COMMAND && seat->reply.written != seat->reply_len)
			outcome = seat->reply.written < seat->reply_len ? 2 : 3;
	}
	route = (route * 2 + (event->kind & 1u)) * 2 + msix;
	return (route * SW_LOCKSTEP_WIDTHS + width_of(event->length)) * SW_LOCKSTEP_OUTCOMES + outcome;
}

static uint64_t digest_of(uint64_t digest, const struct seat *seat, const struct run *run, int64_t result)
{
	digest = sw_mix(digest, (uint64_t)result ^ run->wanted[0]);
	if (seat->call.issues)
		digest = sw_mix(digest, seat->call.sent[0] ^ seat->call.sent[3] << 32 ^
						seat->call.offset << 40);
	return digest;
}

/* One access through the subject (NULL: none) and the oracle. */
static uint32_t access(struct run *run, const struct sw_plan_event *event, const struct sw_subject *subject,
		       struct sw_lockstep_report *report)
{
	struct seat *seat = &run->seat[event->seat];
	struct sw_oracle_transport *transport = &seat->transport;
	struct sw_oracle_access access = { event->offset, event->length, run->prior };
	uint8_t msix = transport->msix;
	int64_t result = 0, wanted;

	fill(run, event);
	switch (event->kind) {
	case SW_PLAN_READ:
		sw_oracle_begin_bar_read(transport, &access, &seat->call);
		if (subject)
			result = subject->bar_read(seat->relay, event->offset, run->buffer, event->length);
		else if (seat->call.issues)
			make_call(seat);
		wanted = sw_oracle_end_bar_read(transport, &access, &seat->reply, run->wanted);
		break;
	case SW_PLAN_WRITE:
		sw_oracle_begin_bar_write(transport, &access, &seat->call);
		if (subject)
			result = subject->bar_write(seat->relay, event->offset, run->buffer, event->length);
		else if (seat->call.issues)
			make_call(seat);
		wanted = sw_oracle_end_bar_write(transport, &access, &seat->reply);
		break;
	case SW_PLAN_CONFIG_READ:
		sw_oracle_begin_config_read(transport, &access, &seat->call);
		if (subject)
			result = subject->config_read(seat->relay, event->offset, run->buffer, event->length);
		else if (seat->call.issues)
			make_call(seat);
		wanted = sw_oracle_end_config_read(transport, &access, &seat->reply, run->wanted);
		break;
	default:
		sw_oracle_begin_config_write(transport, &access, &seat->call);
		if (subject)
			result = subject->config_write(seat->relay, event->offset, run->buffer,
						       event->length);
		else if (seat->call.issues)
			make_call(seat);
		wanted = sw_oracle_end_config_write(transport, &access);
		break;
	}
	report->accesses++;
	report->digest = digest_of(report->digest, seat, run, wanted);
	report->cells[cell_of(seat, event, wanted, msix)]++;
	if (seat->calls != seat->call.issues)
		seat->wrong++;
	seat->call.issues = 0;
	if (!subject)
		return SW_LOCKSTEP_NOTHING;
	if (result != wanted)
		return SW_LOCKSTEP_RESULT;
	return as_wanted(run, (size_t)event->length + GUARD) ? SW_LOCKSTEP_NOTHING : SW_LOCKSTEP_BYTES;
}

static uint32_t happen(struct run *run, const struct sw_plan_event *event, const struct sw_subject *subject,
		       struct sw_lockstep_report *report)
{
	struct seat *seat = &run->seat[event->seat];
	uint32_t what = SW_LOCKSTEP_NOTHING;

	for (uint32_t i = 0; i < SW_PLAN_SEATS; i++)
		run->seat[i].calls = 0;
	switch (event->kind) {
	case SW_PLAN_MSIX:
		sw_oracle_react(&seat->transport, SW_ORACLE_MSIX, event->on);
		if (subject)
			subject->set_msix(seat->relay, event->on);
		break;
	case SW_PLAN_RESET:
		sw_oracle_react(&seat->transport, SW_ORACLE_RESET, 0);
		if (subject)
			subject->reset(seat->relay);
		break;
	case SW_PLAN_TICK:
		sw_oracle_react(&seat->transport, SW_ORACLE_TICK, 0);
		if (subject)
			subject->tick(seat->relay);
		break;
	default:
		what = access(run, event, subject, report);
		break;
	}
	report->events++;
	/* Both seats: nothing may reach the device of a member whose guest does nothing. */
	for (uint32_t i = 0; i < SW_PLAN_SEATS; i++)
		if (run->seat[i].wrong)
			return SW_LOCKSTEP_OPERATION;
	return what;
}

/* One trace; 0, or 1 with the difference in report. */
static int run_trace(struct run *run, const struct sw_subject *subject, const uint8_t *config, uint64_t seed,
		     struct sw_lockstep_report *report)
{
	struct sw_plan_event event = { 0 };
	uint32_t opened = 0;

	report->event = 0;
	sw_plan_start(&run->plan, seed, report->trace);
	for (uint32_t i = 0; i < SW_PLAN_SEATS; i++)
		seat_start(run, i, config);
	for (; opened < SW_PLAN_SEATS && !report->what; opened++) {
		report->seat = opened;
		report->what = seat_open(run, opened, subject);
	}
	while (!report->what && sw_plan_next(&run->plan, &event)) {
		report->event++;
		report->seat = event.seat;
		report->what = happen(run, &event, subject, report);
	}
	for (uint32_t i = 0; i < opened; i++) {
		struct seat *seat = &run->seat[i];

		if (!seat->relay)
			continue;
		subject->close(seat->relay);
		if (seat->wrong && !report->what) {	/* on close: C-INIT */
			report->event++;
			report->seat = i;
			report->what = SW_LOCKSTEP_OPERATION;
		}
	}
	return report->what != SW_LOCKSTEP_NOTHING;
}

void sw_lockstep_run(const struct sw_subject *subject, const uint8_t *config, uint64_t seed, uint64_t first,
		     uint64_t count, struct sw_lockstep_report *report)
{
	struct run run;

	run_init(&run);
	memset(report, 0, sizeof(*report));
	for (uint64_t i = 0; i < count; i++) {
		report->trace = first + i;
		report->traces++;
		if (run_trace(&run, subject, config, seed, report))
			return;
	}
}

uint64_t sw_lockstep_draw(uint64_t seed, uint64_t first, uint64_t count)
{
	struct sw_plan_event event = { 0 };
	struct sw_plan plan;
	uint64_t hash = 0;

	for (uint64_t i = 0; i < count; i++) {
		sw_plan_start(&plan, seed, first + i);
		while (sw_plan_next(&plan, &event))
			hash = sw_mix(hash, event.offset ^ event.payload ^ event.kind);
	}
	return hash;
}

/* --- export ------------------------------------------------------------------------------------------ */

static void export_seat(const struct sw_plan_seat *from, struct sw_lockstep_seat *to)
{
	memset(to, 0, sizeof(*to));
	to->group_member_id = from->member.group_member_id;
	to->commands = from->member.commands;
	to->parts_object_id = from->member.parts_object_id;
	to->virtio_device_id = from->member.virtio_device_id;
	to->device_config_len = from->member.device_config_len;
	to->addresses = from->addresses;
	for (uint32_t i = 0; i < from->addresses; i++) {
		to->offset[i] = from->address[i].offset;
		to->bar_owner[i] = from->address[i].bar_owner;
		to->bar[i] = from->address[i].bar;
	}
}

/* The command's answer, where the event caused one. */
static void export_reply(const struct seat *seat, struct sw_lockstep_event *to)
{
	if (seat->calls == 0 || seat->call.kind != SW_ORACLE_COMMAND)
		return;
	to->written = seat->reply.written;
	to->reply_len = (uint16_t)seat->reply_len;	/* the oracle asks for no more than SW_ORACLE_REPLY */
	memcpy(to->reply, seat->content, seat->reply_len);
}

size_t sw_lockstep_export(const uint8_t *config, uint64_t seed, uint64_t trace,
			  struct sw_lockstep_seat *seats, struct sw_lockstep_event *events, size_t cap)
{
	struct sw_lockstep_report unused;
	struct sw_plan_event event;
	struct run run;
	size_t count = 0;

	run_init(&run);
	memset(&unused, 0, sizeof(unused));
	sw_plan_start(&run.plan, seed, trace);
	for (uint32_t i = 0; i < SW_PLAN_SEATS; i++, count++) {
		seat_start(&run, i, config);
		seat_open(&run, i, NULL);
		export_seat(&run.plan.seat[i], &seats[i]);
		if (count >= cap)
			continue;
		memset(&events[count], 0, sizeof(events[count]));
		events[count].kind = SW_LOCKSTEP_OPENED;
		events[count].seat = (uint8_t)i;
		export_reply(&run.seat[i], &events[count]);
	}
	while (sw_plan_next(&run.plan, &event)) {
		struct sw_lockstep_event *to = &events[count];

		happen(&run, &event, NULL, &unused);
		if (count++ >= cap)
			continue;
		memset(to, 0, sizeof(*to));
		to->kind = event.kind;
		to->seat = event.seat;
		if (event.kind == SW_PLAN_MSIX)
			to->on = event.on;
		if (event.kind <= SW_PLAN_CONFIG_WRITE) {
			to->offset = event.offset;
			to->length = event.length;
			memcpy(to->data, run.prior, sizeof(to->data));
		}
		export_reply(&run.seat[event.seat], to);
	}
	return count;
}
