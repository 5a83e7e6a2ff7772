/* SPDX-License-Identifier: Apache-2.0
 *
 * harness/subject.h, and the device side in Python: ctx is an ffi handle.
 */
struct sw_subject {
	void *handle;
	uint32_t (*abi_version)(void);
	struct sw_relay *(*open)(const struct sw_device *device, const struct sw_member *member, int *error);
	void (*close)(struct sw_relay *relay);
	int64_t (*bar_size)(struct sw_relay *relay);
	int64_t (*bar_read)(struct sw_relay *relay, uint64_t offset, uint8_t *buf, size_t len);
	int64_t (*bar_write)(struct sw_relay *relay, uint64_t offset, const uint8_t *buf, size_t len);
	int64_t (*config_read)(struct sw_relay *relay, uint64_t offset, uint8_t *buf, size_t len);
	int64_t (*config_write)(struct sw_relay *relay, uint64_t offset, const uint8_t *buf, size_t len);
	void (*set_msix)(struct sw_relay *relay, int enabled);
	void (*reset)(struct sw_relay *relay);
	void (*tick)(struct sw_relay *relay);
	int64_t (*stop)(struct sw_relay *relay, int stop);
	int64_t (*save)(struct sw_relay *relay, uint8_t *buf, size_t cap);
	int64_t (*load)(struct sw_relay *relay, const uint8_t *buf, size_t len);
	const char *(*source_hash)(void);
};

int sw_subject_load(struct sw_subject *subject, const char *path, char *error, size_t error_len);
void sw_subject_unload(struct sw_subject *subject);

extern "Python" {
	size_t sw_py_admin(void *ctx, const uint8_t *command, size_t command_len,
			   uint8_t *reply, size_t reply_len);
	void sw_py_doorbell(void *ctx, uint8_t bar_owner, uint8_t bar, uint64_t offset, uint16_t queue);
	uint64_t sw_py_bar_len(void *ctx, uint8_t bar_owner, uint8_t bar);
	void sw_py_config_read(void *ctx, uint16_t offset, uint8_t *buf, size_t len);
	void sw_py_config_write(void *ctx, uint16_t offset, const uint8_t *buf, size_t len);
}
