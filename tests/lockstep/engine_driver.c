/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine without Python, for sanitizers: LIBRARY SEED TRACES; prints the digest and what differed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lockstep/engine.h"

int main(int argc, char **argv)
{
	static struct sw_lockstep_event events[4096];
	struct sw_lockstep_seat seats[2];
	struct sw_lockstep_report report;
	struct sw_subject subject;
	uint8_t config[256] = { 0 };
	char error[256];
	uint64_t seed;

	if (argc != 4 || sw_subject_load(&subject, argv[1], error, sizeof(error)))
		return 2;
	seed = strtoull(argv[2], NULL, 0);
	sw_lockstep_run(&subject, config, seed, 0, strtoull(argv[3], NULL, 0), &report);
	printf("%016" PRIx64 " %" PRIu32 " %" PRIu64 "\n", report.digest, report.what, report.accesses);
	for (uint64_t trace = 0; trace < 50; trace++)
		if (sw_lockstep_export(config, seed, trace, seats, events, trace % 2 ? 4096 : 3) < 4)
			return 1;
	sw_subject_unload(&subject);
	return 0;
}
