/* SPDX-License-Identifier: Apache-2.0
 *
 * The entropy device (virtio 1.4, 5.4): fills the buffers it is given.
 */
#include "dpu.h"

#define REQUEST_QUEUE 0u

/* A chain that cannot take a byte goes back empty; one that could waits until there is some. */
static int64_t fill(struct sw_member_device *member, const struct sw_chain *chain)
{
	size_t found;
	uint32_t len;

	if (chain->writable == 0)
		return 0;
	found = member->plug.entropy(member->plug.ctx, member->scratch, chain->writable);
	if (found == 0)
		return SW_LATER;
	len = sw_smaller(found, chain->writable);
	return sw_chain_write(member, chain, 0, member->scratch, len);
}

void sw_rng_notified(struct sw_member_device *member, uint16_t queue)
{
	if (queue == REQUEST_QUEUE)
		sw_path_serve(member, queue, fill);
}

void sw_dpu_rng_more(struct sw_dpu *dpu, uint64_t id)
{
	struct sw_member_device *member = sw_member_of_type(dpu, id, SW_ID_RNG);

	if (member && member->queue_count > REQUEST_QUEUE)
		sw_rng_notified(member, REQUEST_QUEUE);
}
