/* SPDX-License-Identifier: Apache-2.0 */
#include "subject.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* Every function of the ABI: X(name), as sw_relay_<name> and as the member of struct sw_subject. */
#define FUNCTIONS(X) \
	X(abi_version) X(open) X(close) X(bar_size) X(bar_read) X(bar_write) X(config_read) X(config_write) \
	X(set_msix) X(reset) X(tick) X(stop) X(save) X(load)

/* dlsym forgets types, so hold each pointer against the header's declaration here. */
#define SAME_TYPE(name) \
	_Static_assert(__builtin_types_compatible_p(__typeof__(((struct sw_subject *)0)->name), \
						    __typeof__(&sw_relay_##name)), \
		       #name " is not the ABI's");
FUNCTIONS(SAME_TYPE)

struct symbol {
	const char *name;
	size_t at;	/* of its pointer in struct sw_subject */
};

#define SYMBOL(name) { "sw_relay_" #name, offsetof(struct sw_subject, name) },
static const struct symbol symbols[] = { FUNCTIONS(SYMBOL) };

#define SYMBOL_COUNT (sizeof(symbols) / sizeof(symbols[0]))

/* Store the symbol's address, 0 or -1. memcpy, for ISO C has no cast from object to function pointer. */
static int bind(struct sw_subject *subject, const struct symbol *symbol)
{
	void *address = dlsym(subject->handle, symbol->name);

	memcpy((char *)subject + symbol->at, &address, sizeof(address));
	return address ? 0 : -1;
}

/* Append to a line, cutting what does not fit. */
static void append(char *line, size_t size, const char *text)
{
	size_t have = strlen(line);

	if (have + 1 < size)
		snprintf(line + have, size - have, "%s", text);
}

/* 0, or -1 with the names of all that is missing. */
static int bind_all(struct sw_subject *subject, char *error, size_t error_len)
{
	int missing = 0;

	for (size_t i = 0; i < SYMBOL_COUNT; i++) {
		if (bind(subject, &symbols[i]) == 0)
			continue;
		append(error, error_len, missing++ ? " " : "lacks ");
		append(error, error_len, symbols[i].name);
	}
	return missing ? -1 : 0;
}

static int check_version(const struct sw_subject *subject, char *error, size_t error_len)
{
	uint32_t version = subject->abi_version();

	if (version == SW_RELAY_ABI_VERSION)
		return 0;
	snprintf(error, error_len, "has relay ABI version %lu, not %d", (unsigned long)version,
		 SW_RELAY_ABI_VERSION);
	return -1;
}

int sw_subject_load(struct sw_subject *subject, const char *path, char *error, size_t error_len)
{
	static const struct symbol source_hash = {
		"sw_relay_source_hash", offsetof(struct sw_subject, source_hash)
	};
	const char *why;

	memset(subject, 0, sizeof(*subject));
	if (error_len)
		error[0] = '\0';
	subject->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!subject->handle) {
		why = dlerror();
		append(error, error_len, why ? why : "cannot be loaded");
		return -1;
	}
	if (bind_all(subject, error, error_len) || check_version(subject, error, error_len)) {
		sw_subject_unload(subject);
		return -1;
	}
	bind(subject, &source_hash);
	return 0;
}

void sw_subject_unload(struct sw_subject *subject)
{
	if (subject->handle)
		dlclose(subject->handle);
	memset(subject, 0, sizeof(*subject));
}
