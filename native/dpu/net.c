/* SPDX-License-Identifier: Apache-2.0
 *
 * The network device (virtio 1.4, 5.1): one pair of queues and a control queue, no offload. A frame that
 * finds no room, no link or no interest is dropped; none waits (E13).
 */
#include "dpu.h"

#define RECEIVE_QUEUE 0u
#define TRANSMIT_QUEUE 1u
#define CONTROL_QUEUE 2u

#define HEADER_LEN 10u
#define NUM_BUFFERS_AT 10u	/* the last two bytes of the longer header, with MRG_RXBUF */

#define LINK_UP 1u
#define ANNOUNCE 2u

#define TYPE_AT (2 * SW_ADDRESS_LEN)
#define VLAN_TAG 0x8100u
#define VLAN_MASK 0xfffu

enum class { CLASS_RX = 0, CLASS_MAC = 1, CLASS_VLAN = 2, CLASS_ANNOUNCE = 3 };
enum mode { PROMISC = 0, ALLMULTI = 1, ALLUNI = 2, NOMULTI = 3, NOUNI = 4, NOBCAST = 5 };
enum { MAC_TABLE_SET = 0, MAC_ADDR_SET = 1, VLAN_ADD = 0, VLAN_DEL = 1, ANNOUNCE_ACK = 0 };
enum answer { OK = 0, ERR = 1 };

static int has(const struct sw_member_device *member, uint32_t features)
{
	return (member->guest_features & features) == features;
}

static uint32_t header_len(const struct sw_member_device *member)
{
	return has(member, SW_F_NET_MRG_RXBUF) ? SW_NET_MAX_HEADER : HEADER_LEN;
}

static uint32_t link_status(const struct sw_member_device *member)
{
	return (uint32_t)sw_get_le(member->config + SW_NET_STATUS, SW_NET_STATUS_LEN);
}

/* --- the filter ---------------------------------------------------------------------------------- */

static int listed(const struct sw_net_snapshot *filter, uint32_t first, uint32_t count,
		  const uint8_t *address)
{
	for (uint32_t i = first; i < first + count; i++) {
		if (memcmp(filter->addresses[i], address, SW_ADDRESS_LEN) == 0)
			return 1;
	}
	return 0;
}

/* A tag that is cut short counts as the bytes that are there. */
static int vlan_wanted(const struct sw_net_snapshot *filter, const uint8_t *frame, size_t len)
{
	uint32_t number = 0;

	if (((uint32_t)frame[TYPE_AT] << 8 | frame[TYPE_AT + 1]) != VLAN_TAG)
		return 1;
	for (size_t i = TYPE_AT + 2; i < TYPE_AT + 4 && i < len; i++)
		number = number << 8 | frame[i];
	number &= VLAN_MASK;
	return filter->vlans[number / 8] >> (number % 8) & 1;
}

/* What the driver wants to receive (virtio 1.4, 5.1.6.5.1); promiscuous mode comes before everything
 * (E14). */
static int wanted(const struct sw_member_device *member, const uint8_t *frame, size_t len)
{
	static const uint8_t broadcast[SW_ADDRESS_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const struct sw_net_snapshot *filter = &member->type.net->filter;

	if (filter->promiscuous)
		return 1;
	if (has(member, SW_F_NET_CTRL_VLAN) && !vlan_wanted(filter, frame, len))
		return 0;
	if (memcmp(frame, broadcast, SW_ADDRESS_LEN) == 0)
		return !filter->no_broadcast;
	if (frame[0] & 1)
		return !filter->no_multicast &&
		       (filter->all_multicast || filter->multicast_overflow ||
			listed(filter, filter->unicast_count, filter->multicast_count, frame));
	return !filter->no_unicast &&
	       (filter->all_unicast || filter->unicast_overflow ||
		memcmp(frame, member->config + SW_NET_MAC, SW_ADDRESS_LEN) == 0 ||	/* E10 */
		listed(filter, 0, filter->unicast_count, frame));
}

void sw_net_reset(struct sw_member_device *member)
{
	memset(&member->type.net->filter, 0, sizeof(member->type.net->filter));
	member->type.net->filter.promiscuous = 1;	/* E14 */
}

/* --- receiving ----------------------------------------------------------------------------------- */

/* Buffers taken for one frame. */
struct room {
	uint32_t bytes, segments;
	uint16_t chains;
};

enum found { ENOUGH, TOO_LITTLE, BROKEN_RING, MISTAKE };

/* Keep of a chain only what a frame that needs so many bytes more will use, at the end of what is kept
 * already: so the segments of a frame are at most its bytes. */
static void keep(struct sw_member_device *member, struct room *room, const struct sw_chain *chain,
		 uint32_t needed)
{
	struct sw_segment *kept = member->segments + room->segments;
	struct sw_chain *place = &member->type.net->chains[room->chains];
	uint32_t bytes = 0;
	uint32_t count = 0;

	while (count < chain->writable_segments && bytes < needed) {
		kept[count] = chain->segments[chain->readable_segments + count];
		bytes += kept[count++].length;
	}
	*place = *chain;
	place->segments = kept;
	place->readable_segments = 0;
	place->writable_segments = count;
	room->segments += count;
	room->bytes += chain->writable;
	room->chains++;
}

/* The driver's next buffers, as many as a frame of so many bytes with its header needs. Without MRG_RXBUF one
 * has to hold it; with it, the first has to hold the whole header (virtio 1.4, 5.1.6.3.1; E12). */
static enum found find_room(struct sw_member_device *member, struct sw_queue *queue, uint32_t needed,
			    struct room *room)
{
	int mergeable = has(member, SW_F_NET_MRG_RXBUF);

	while (room->bytes < needed) {
		struct sw_chain chain;
		int got;

		if (room->chains == queue->size)
			return TOO_LITTLE;
		got = sw_ring_pop(member, queue, room->segments, &chain);
		if (got < 0)
			return BROKEN_RING;
		if (got == 0 && sw_ring_listen(member, queue) < 0)
			return BROKEN_RING;
		if (got == 0)
			return TOO_LITTLE;
		keep(member, room, &chain, needed - room->bytes);
		if (chain.writable == 0)
			return MISTAKE;
		if (mergeable && room->chains == 1 && chain.writable < SW_NET_MAX_HEADER)
			return MISTAKE;
		if (!mergeable && chain.writable < needed)
			return TOO_LITTLE;
	}
	return ENOUGH;
}

/* Fill the buffers and return them, in order. */
static int hand_over(struct sw_member_device *member, struct sw_queue *queue, uint16_t chains,
		     const uint8_t *frame, uint32_t len)
{
	uint8_t header[SW_NET_MAX_HEADER] = { 0 };
	uint32_t start = header_len(member);
	uint32_t left = start + len;
	uint32_t done = 0;

	sw_put_le(header + NUM_BUFFERS_AT, chains, 2);
	for (uint16_t i = 0; i < chains; i++) {
		struct sw_chain *chain = &member->type.net->chains[i];
		uint32_t at = 0;

		if (i == 0)
			at = sw_chain_write(member, chain, 0, header, start);
		done += sw_chain_write(member, chain, at, frame + done, len - done);
	}
	for (uint16_t i = 0; i < chains; i++) {
		const struct sw_chain *chain = &member->type.net->chains[i];
		uint32_t written = sw_smaller(chain->writable, left);

		left -= written;
		if (sw_ring_push(member, queue, chain->head, written))
			return -1;
	}
	return 0;
}

void sw_dpu_net_deliver(struct sw_dpu *dpu, uint64_t id, const uint8_t *frame, size_t len)
{
	struct sw_member_device *member = sw_member_of_type(dpu, id, SW_ID_NET);
	struct room room = { 0 };
	struct sw_queue *queue;
	enum found found;

	if (!member || len < SW_MIN_FRAME || len > SW_MAX_FRAME)	/* E11 */
		return;
	queue = &member->queues[RECEIVE_QUEUE];
	if (!(link_status(member) & LINK_UP) || !sw_path_works(member, queue) || !wanted(member, frame, len))
		return;
	found = find_room(member, queue, header_len(member) + (uint32_t)len, &room);
	if (found == TOO_LITTLE || found == BROKEN_RING)
		sw_ring_put_back(queue, room.chains);
	if (found == TOO_LITTLE)
		return;
	if (found != ENOUGH || hand_over(member, queue, room.chains, frame, (uint32_t)len))
		sw_path_break(member);
	else
		sw_path_done(member, queue);
}

/* --- transmitting -------------------------------------------------------------------------------- */

/* Where the header ends is a matter of bytes, not of buffers; what it asks for nobody negotiated (E12). */
static int64_t transmit(struct sw_member_device *member, const struct sw_chain *chain)
{
	uint32_t start = header_len(member);
	uint32_t len;

	if (!(link_status(member) & LINK_UP))
		return 0;
	if (chain->readable <= start)
		return SW_MISTAKE;
	len = chain->readable - start;
	if (len < SW_MIN_FRAME || len > SW_MAX_FRAME)
		return 0;
	sw_chain_read(member, chain, start, member->scratch, len);
	member->plug.frame_out(member->plug.ctx, member->scratch, len);
	return 0;
}

/* --- the control queue --------------------------------------------------------------------------- */

#define DATA_AT 2u	/* behind class and command */

static uint32_t data_len(const struct sw_chain *chain)
{
	return chain->readable - DATA_AT;
}

static enum answer set_mode(struct sw_member_device *member, const struct sw_chain *chain, uint8_t command)
{
	struct sw_net_snapshot *filter = &member->type.net->filter;
	uint32_t feature = command <= ALLMULTI ? SW_F_NET_CTRL_RX : SW_F_NET_CTRL_RX_EXTRA;
	uint8_t on;

	if (command > NOBCAST || !has(member, feature) || sw_chain_read(member, chain, DATA_AT, &on, 1) != 1)
		return ERR;
	on = on != 0;
	switch (command) {
	case PROMISC:
		filter->promiscuous = on;
		break;
	case ALLMULTI:
		filter->all_multicast = on;
		break;
	case ALLUNI:
		filter->all_unicast = on;
		break;
	case NOMULTI:
		filter->no_multicast = on;
		break;
	case NOUNI:
		filter->no_unicast = on;
		break;
	default:
		filter->no_broadcast = on;
		break;
	}
	return OK;
}

/* The number of addresses in the list at this place of a command, or -1 where the list is cut short. */
static int64_t addresses_at(const struct sw_member_device *member, const struct sw_chain *chain, uint32_t at)
{
	uint8_t bytes[4];
	uint64_t count;

	if (sw_chain_read(member, chain, at, bytes, sizeof(bytes)) != sizeof(bytes))
		return -1;
	count = sw_get_le(bytes, sizeof(bytes));
	return count * SW_ADDRESS_LEN <= chain->readable - at - sizeof(bytes) ? (int64_t)count : -1;
}

/* Both lists, as long as they say and not a byte longer; one that does not fit lets in all of its kind
 * (E14). */
static enum answer set_table(struct sw_member_device *member, const struct sw_chain *chain)
{
	struct sw_net_snapshot *filter = &member->type.net->filter;
	int64_t unicast = addresses_at(member, chain, DATA_AT);
	int64_t multicast;
	uint32_t second;

	if (unicast < 0)
		return ERR;
	second = DATA_AT + 4 + SW_ADDRESS_LEN * (uint32_t)unicast;
	multicast = addresses_at(member, chain, second);
	if (multicast < 0 || second + 4 + SW_ADDRESS_LEN * (uint32_t)multicast != chain->readable)
		return ERR;
	memset(filter->addresses, 0, sizeof(filter->addresses));
	filter->unicast_overflow = unicast > SW_DPU_MAX_FILTERED;
	filter->unicast_count = filter->unicast_overflow ? 0 : (uint16_t)unicast;
	filter->multicast_overflow = multicast > SW_DPU_MAX_FILTERED - filter->unicast_count;
	filter->multicast_count = filter->multicast_overflow ? 0 : (uint16_t)multicast;
	sw_chain_read(member, chain, DATA_AT + 4, filter->addresses[0],
		      SW_ADDRESS_LEN * filter->unicast_count);
	/* With no room left there is nothing to read, and no place for it. */
	if (filter->multicast_count)
		sw_chain_read(member, chain, second + 4, filter->addresses[filter->unicast_count],
			      SW_ADDRESS_LEN * filter->multicast_count);
	return OK;
}

static enum answer set_addresses(struct sw_member_device *member, const struct sw_chain *chain,
				 uint8_t command)
{
	if (command == MAC_TABLE_SET && has(member, SW_F_NET_CTRL_RX))
		return set_table(member, chain);
	if (command == MAC_ADDR_SET && has(member, SW_F_NET_CTRL_MAC_ADDR) &&
	    data_len(chain) == SW_ADDRESS_LEN) {
		sw_chain_read(member, chain, DATA_AT, member->config + SW_NET_MAC, SW_ADDRESS_LEN);
		return OK;
	}
	return ERR;
}

static enum answer set_vlan(struct sw_member_device *member, const struct sw_chain *chain, uint8_t command)
{
	uint8_t *vlans = member->type.net->filter.vlans;
	uint8_t bytes[2];
	uint32_t number;

	if (!has(member, SW_F_NET_CTRL_VLAN) || command > VLAN_DEL ||
	    sw_chain_read(member, chain, DATA_AT, bytes, sizeof(bytes)) != sizeof(bytes))
		return ERR;
	number = (uint32_t)sw_get_le(bytes, sizeof(bytes));
	if (number > VLAN_MASK)
		return ERR;
	if (command == VLAN_ADD)
		vlans[number / 8] |= (uint8_t)(1u << (number % 8));
	else
		vlans[number / 8] &= (uint8_t)~(1u << (number % 8));
	return OK;
}

/* The bit goes without a word: the driver knows (virtio 1.4, 5.1.6.5.4). */
static enum answer acknowledge(struct sw_member_device *member, uint8_t command)
{
	uint32_t status = link_status(member);

	if (!has(member, SW_F_NET_GUEST_ANNOUNCE) || command != ANNOUNCE_ACK || !(status & ANNOUNCE))
		return ERR;
	sw_put_le(member->config + SW_NET_STATUS, status & ~ANNOUNCE, SW_NET_STATUS_LEN);
	return OK;
}

static enum answer carry_out(struct sw_member_device *member, const struct sw_chain *chain,
			     uint8_t class, uint8_t command)
{
	if (!has(member, SW_F_NET_CTRL_VQ))	/* E15 */
		return ERR;
	switch (class) {
	case CLASS_RX:
		return set_mode(member, chain, command);
	case CLASS_MAC:
		return set_addresses(member, chain, command);
	case CLASS_VLAN:
		return set_vlan(member, chain, command);
	case CLASS_ANNOUNCE:
		return acknowledge(member, command);
	default:
		return ERR;
	}
}

static int64_t control(struct sw_member_device *member, const struct sw_chain *chain)
{
	uint8_t head[DATA_AT];
	uint8_t answer;

	if (chain->readable < DATA_AT || chain->writable == 0)
		return SW_MISTAKE;
	sw_chain_read(member, chain, 0, head, sizeof(head));
	answer = (uint8_t)carry_out(member, chain, head[0], head[1]);
	return sw_chain_write(member, chain, 0, &answer, 1);
}

/* Buffers to receive are taken when a frame comes. */
void sw_net_notified(struct sw_member_device *member, uint16_t queue)
{
	if (queue == TRANSMIT_QUEUE)
		sw_path_serve(member, TRANSMIT_QUEUE, transmit);
	else if (queue == CONTROL_QUEUE)
		sw_path_serve(member, CONTROL_QUEUE, control);
}

/* --- the link ------------------------------------------------------------------------------------ */

/* A reset leaves the link as it is: its state is the device's own. */
int sw_dpu_net_link(struct sw_dpu *dpu, uint64_t id, int up)
{
	struct sw_member_device *member = sw_member_of_type(dpu, id, SW_ID_NET);
	uint32_t status;

	if (!member)
		return -1;
	status = link_status(member);
	if (((status & LINK_UP) != 0) == (up != 0))
		return 0;
	sw_put_le(member->config + SW_NET_STATUS, status ^ LINK_UP, SW_NET_STATUS_LEN);
	sw_put_le(member->own_config + SW_NET_STATUS, up ? LINK_UP : 0, SW_NET_STATUS_LEN);
	sw_path_config_changed(member);
	return 0;
}

int sw_dpu_net_announce(struct sw_dpu *dpu, uint64_t id)
{
	struct sw_member_device *member = sw_member_of_type(dpu, id, SW_ID_NET);

	if (!member || !has(member, SW_F_NET_GUEST_ANNOUNCE))
		return 0;
	sw_put_le(member->config + SW_NET_STATUS, link_status(member) | ANNOUNCE, SW_NET_STATUS_LEN);
	sw_path_config_changed(member);
	return 1;
}
