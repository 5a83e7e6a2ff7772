# SPDX-License-Identifier: Apache-2.0
"""The normative statements of virtio 1.4 about administration commands, one id each, in words of our own.

``level`` is the specification's keyword. A statement is either shown by tests, which carry its id in their names, or
``not_modelled`` says why there is nothing to show. Source: virtio 1.4, 2.13 (GD, GR: group commands; QD, QR:
administration virtqueues; LD, LR: legacy interfaces; CD, CR: capabilities; OD, OR: resource objects; PD, PR: device
parts). The second letter is whom it binds: the device, or the driver of the owner.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """One normative statement; ``not_modelled`` is empty where tests show it."""

    id: str
    level: str
    says: str
    not_modelled: str = ""


_SHAPE = "a liberty of the driver: nothing has to follow from it"
_NO_CAPABILITIES = "no capability command is in any list: opcodes 7 to 9 fail as unknown"
_NO_OBJECTS = "no owner here keeps resource objects: their opcodes fail as unknown"
_NO_PARTS = "no owner here has device parts: their opcodes fail as unknown; a relay's commands are compared in lockstep"

_GROUP = (
    Statement("GD1", "MUST", "Opcode, group type and member id are validated; a bad one fails with EINVAL."),
    Statement("GD2", "MUST", "Of several mistakes the group is named first, then the opcode, then the member."),
    Statement("GD3", "MUST", "A success has status OK, a failure another."),
    Statement("GD4", "MUST NOT", "A command that fails with EINVAL changes nothing and puts nothing in error."),
    Statement("GD5", "SHOULD NOT", "A command that fails in another way leaves state alone as far as possible."),
    Statement("GD6", "MAY", "LIST_USE may fail with INVALID_FIELD for a list that the device cannot serve."),
    Statement("GD7", "MUST", "Group types work independently of each other."),
    Statement("GD8", "MUST", "After reset and before LIST_USE only LIST_QUERY and LIST_USE are legal."),
    Statement("GD9", "MUST", "After a successful LIST_USE its list is what is legal."),
    Statement("GD10", "MUST", "A command outside the list in use fails with EINVAL, INVALID_OPCODE."),
    Statement("GD11", "MUST NOT", "The list of supported commands never shrinks."),
    Statement("GD12", "SHOULD", "A list that was accepted before a reset is accepted after it."),
    Statement("GD13", "MUST", "While VF Enable is clear commands of the SR-IOV group fail with INVALID_GROUP (A4)."),
    Statement("GD14", "MUST", "A member id outside 1 to NumVFs fails with INVALID_MEMBER (A5)."),
    Statement("GR1", "MAY", "A driver may ask for a group type's list to find out whether there is one.", _SHAPE),
    Statement("GR2", "MUST", "LIST_USE completes before any other command but the two about lists is sent."),
    Statement("GR3", "MUST NOT", "LIST_USE is not sent while another command is in flight."),
    Statement(
        "GR4",
        "SHOULD NOT",
        "LIST_USE names no opcode that the driver does not understand.",
        "the driver here is told which opcodes to use, and understands none by itself",
    ),
    Statement("GR5", "MUST NOT", "LIST_USE names no opcode that LIST_QUERY did not report."),
    Statement(
        "GR6",
        "MUST NOT",
        "No command of a group type is used before LIST_USE for that type.",
        "there is one group type; for it this is GR2",
    ),
    Statement("GR7", "MAY", "LIST_USE may shut out LIST_QUERY and LIST_USE themselves."),
    Statement("GR8", "MUST", "A reserved status is taken for EINVAL, a reserved qualifier for INVALID_COMMAND."),
    Statement(
        "GR9",
        "MUST",
        "VF Enable stays set while a command to a VF is outstanding.",
        "VF Enable is the host's PCI driver's: neither relay nor owner driver here writes it",
    ),
)

_QUEUE = (
    Statement("QD1", "MUST", "Missing bytes of a command are zero; output that does not fit is dropped."),
    Statement("QD2", "MUST", "Surplus bytes are ignored; the used length is the length really written."),
    Statement("QD3", "SHOULD", "The writable part is initialised up to the shorter of its and the reply's length."),
    Statement("QD4", "MUST NOT", "No command fails only because a buffer is shorter or longer (A2)."),
    Statement(
        "QD5",
        "MUST",
        "What is initialised of the writable part is a multiple of 64 bits.",
        "contradicts QD1 and the legacy reads, whose length is what is asked for (A1)",
    ),
    Statement("QD6", "MUST", "Status and qualifier are always initialised."),
    Statement("QD7", "MUST", "The commands of one queue are executed in order."),
    Statement("QD8", "MUST NOT", "EAGAIN and ENOMEM leave no side effect."),
    Statement("QR1", "MAY", "Buffers may be longer than their structures.", _SHAPE),
    Statement("QR2", "SHOULD", "The readable part is at least as long as its structure."),
    Statement(
        "QR3",
        "MUST",
        "Both parts are multiples of 8 bytes.",
        "taken literally no access of 1, 2 or 4 bytes could be expressed (A1)",
    ),
    Statement("QR4", "MUST", "Both parts of a command are there."),
    Statement("QR5", "MUST", "Bytes past the used length count as zero."),
    Statement(
        "QR6",
        "MUST",
        "Order between several administration virtqueues is the driver's to make.",
        "there is one administration virtqueue",
    ),
    Statement(
        "QR7",
        "SHOULD",
        "A command that fails with EAGAIN is retried.",
        "a relay that retries decides: the guest's driver is told (A14)",
    ),
)

_LEGACY = (
    Statement("LD1", "MUST", "Commands 2 to 5 are supported all together or not at all."),
    Statement("LD2", "MUST", "Data is little-endian."),
    Statement("LD3", "MUST", "2 and 3 fail unless the access lies in one field of the common configuration."),
    Statement("LD4", "MUST", "4 and 5 fail unless the access lies in one field of the device configuration."),
    Statement("LD5", "MUST", "2 to 5 have the effect of the same access through a legacy interface."),
    Statement("LD6", "SHOULD", "Owner and member follow the non-transitional rules for their PCI identity."),
    Statement("LD7", "MUST", "A notification at an advertised address is command 2 at Queue Notify."),
    Statement("LD8", "MUST", "Who supports 6 supports 2 to 5."),
    Statement("LD9", "MUST", "The last entry of command 6 has flags 0 (C1)."),
    Statement("LD10", "MUST", "No valid entry names a BAR that is hardwired to zero."),
    Statement("LD11", "MUST", "The offset of a valid entry is even."),
    Statement("LD12", "MAY", "Entries may name BARs of the owner, of the member, or of both."),
    Statement("LD13", "MUST", "Who supports 6 has VF BAR0 hardwired to zero."),
    Statement("LR1", "MUST", "Data is little-endian."),
    Statement(
        "LR2",
        "SHOULD",
        "2 and 3 refer to a single field of the common configuration.",
        "the guest chooses the access: a relay passes it on whole and the device decides (B20)",
    ),
    Statement("LR3", "SHOULD", "4 and 5 refer to a single field of the device configuration.", "as LR2 (B20)"),
    Statement("LR4", "SHOULD", "Where 6 is supported all notifications go to the advertised address."),
    Statement("LR5", "MUST", "An entry with flags 0 and all behind it are ignored."),
    Statement("LR6", "MUST", "Every other entry is validated; one that does not stand is ignored."),
    Statement("LR7", "prose", "Earlier entries are preferred."),
)

_CAPABILITIES = (
    Statement("CD1", "MUST", "Commands 7, 8 and 9 are supported together.", _NO_CAPABILITIES),
    Statement("CD2", "MUST", "A capability set to no more than the device's value is accepted.", _NO_CAPABILITIES),
    Statement("CD3", "MAY", "One set to more may fail with EINVAL.", _NO_CAPABILITIES),
    Statement("CD4", "MUST", "Outside the self group these commands fail with EINVAL.", _NO_CAPABILITIES),
    Statement("CD5", "SHOULD", "Disabling a capability in use fails with EBUSY.", _NO_CAPABILITIES),
    Statement("CD6", "SHOULD", "An unlisted capability fails with ENXIO.", _NO_CAPABILITIES),
    Statement("CD7", "MUST", "A device reset clears what the driver set.", _NO_CAPABILITIES),
    Statement("CD8", "SHOULD", "A limit that the driver did not set is 0.", _NO_CAPABILITIES),
    Statement("CR1", "MUST", "A capability is set before objects that depend on it are used.", _NO_CAPABILITIES),
    Statement("CR2", "MUST NOT", "No value is set above the device's.", _NO_CAPABILITIES),
    Statement("CR3", "MUST NOT", "A capability is not disabled while objects depend on it.", _NO_CAPABILITIES),
    Statement("OD1", "SHOULD", "Creating an object that exists fails with EEXIST.", _NO_OBJECTS),
    Statement("OD2", "SHOULD", "A command about an object that does not exist fails with ENXIO.", _NO_OBJECTS),
    Statement("OD3", "SHOULD", "Where no more objects fit, creating one fails with ENOSPC.", _NO_OBJECTS),
    Statement("OD4", "SHOULD", "Changing or destroying an object that others depend on fails with EBUSY.", _NO_OBJECTS),
    Statement("OD5", "MUST", "A destroyed object can be created again.", _NO_OBJECTS),
    Statement("OD6", "SHOULD", "Any free id is accepted, and as many objects as the driver's limit.", _NO_OBJECTS),
    Statement("OD7", "MUST NOT", "A failed change has no side effect.", _NO_OBJECTS),
    Statement("OD8", "MUST", "A query returns what was last created or changed.", _NO_OBJECTS),
    Statement("OR1", "MUST NOT", "No id is created twice, and none above the limit.", _NO_OBJECTS),
    Statement("OR2", "SHOULD NOT", "A destroyed object is not used.", _NO_OBJECTS),
)

_PARTS = (
    Statement("PD1", "MUST", "All commands about device parts are supported together.", _NO_PARTS),
    Statement("PD2", "MUST", "Parts can be got repeatedly.", _NO_PARTS),
    Statement("PD3", "MUST", "Parts are returned in the order of the table.", _NO_PARTS),
    Statement("PD4", "SHOULD", "Setting parts of a member that is not stopped fails.", _NO_PARTS),
    Statement("PD5", "MUST", "Parts can be set repeatedly.", _NO_PARTS),
    Statement("PD6", "MUST", "A part of the wrong length fails.", _NO_PARTS),
    Statement("PD7", "MUST NOT", "Device features are compared, never set.", _NO_PARTS),
    Statement("PD8", "may", "Optional parts may be ignored.", _NO_PARTS),
    Statement("PD9", "MUST", "A stopped member starts no transaction and keeps taking notifications.", _NO_PARTS),
    Statement("PD10", "MUST NOT", "A stopped member touches no queue and sends nothing.", _NO_PARTS),
    Statement("PD11", "MUST", "Stopping and setting wait for a reset in progress.", _NO_PARTS),
    Statement("PD12", "MUST", "Stopping what is stopped and resuming what runs succeed.", _NO_PARTS),
    Statement("PD13", "MUST", "A reset of the member brings all parts back to their defaults.", _NO_PARTS),
    Statement("PD14", "MAY NOT", "Invalid selected parts are not left out.", _NO_PARTS),
    Statement("PD15", "MUST", "Within a reply parts keep their precedence.", _NO_PARTS),
    Statement("PD16", "SHOULD", "Invariant fields are verified rather than applied.", _NO_PARTS),
    Statement("PD17", "prose", "A failed command has no side effect; parts take effect on resume.", _NO_PARTS),
    Statement("PR1", "MUST", "A member is stopped before its parts are set.", _NO_PARTS),
    Statement("PR2", "MUST", "Parts are set in the order of the table.", _NO_PARTS),
    Statement("PR3", "SHOULD NOT", "The configuration of a stopped member is left alone.", _NO_PARTS),
    Statement("PR4", "SHOULD", "Reply buffers are long enough.", _NO_PARTS),
)  # fmt: skip

STATEMENTS = (*_GROUP, *_QUEUE, *_LEGACY, *_CAPABILITIES, *_PARTS)
