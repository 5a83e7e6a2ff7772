/* SPDX-License-Identifier: Apache-2.0
 *
 * What the generated extension module includes, so that the compiler checks each cdef against its header.
 */
#include "straightwire/dpu.h"
#include "straightwire/relay_abi.h"

#include "harness/subject.h"
#include "lockstep/bench.h"
#include "lockstep/engine.h"
#include "owner/owner_driver.h"
