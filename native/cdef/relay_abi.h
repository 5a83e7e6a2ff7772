/* SPDX-License-Identifier: Apache-2.0
 *
 * The types of include/straightwire/relay_abi.h, word for word; a test holds them against it.
 * Its functions are the pointers of struct sw_subject (subject.h).
 */
#define SW_RELAY_ABI_VERSION 1

enum sw_bar_owner { SW_BAR_OF_OWNER = 1, SW_BAR_OF_MEMBER = 2 };

struct sw_device {
	void *ctx;
	size_t (*admin)(void *ctx, const uint8_t *command, size_t command_len,
			uint8_t *reply, size_t reply_len);
	void (*doorbell)(void *ctx, uint8_t bar_owner, uint8_t bar, uint64_t offset, uint16_t queue);
	uint64_t (*bar_len)(void *ctx, uint8_t bar_owner, uint8_t bar);
	void (*config_read)(void *ctx, uint16_t offset, uint8_t *buf, size_t len);
	void (*config_write)(void *ctx, uint16_t offset, const uint8_t *buf, size_t len);
};

struct sw_member {
	uint64_t group_member_id;
	uint64_t commands;
	uint32_t parts_object_id;
	uint16_t virtio_device_id;
	uint16_t device_config_len;
};

struct sw_relay;

enum sw_error {
	SW_REFUSED  = -1,
	SW_NOTSUP   = -2,
	SW_INVALID  = -3,
	SW_NOMEM    = -4,
	SW_TOOSMALL = -5,
};
