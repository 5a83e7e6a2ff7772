# SPDX-License-Identifier: Apache-2.0
"""What this project takes where virtio 1.4 contradicts itself or is silent: one choice, one id, one place.

The model, the reference and the native implementation follow these and cite the id beside the code.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """A question the specification leaves open, the answer taken here and why.

    ``literal`` is what a reference device does instead that is told to take the sentence in question literally;
    empty where that makes no sense or makes no difference.
    """

    id: str
    question: str
    answer: str
    because: str
    literal: str = ""


CHOICES = (
    Choice(
        "A1",
        "Must the parts of a command be multiples of 8 bytes (QR3)?",
        "Not for commands 2 to 5 and other byte-long structures: they go out unpadded.",
        "The length of a legacy access is the length of its buffer; padded, no 1-byte access could be expressed.",
    ),
    Choice(
        "A2",
        "May a device fail a command only because of a buffer's length (QD4 against LD3 and LD4)?",
        "LD3 and LD4 win: an access that is no part of one field fails.",
        "The specific rule wins over the general one.",
        "Only the offset counts: a command is about all the rest of the field there. Missing data is zero (QD1), "
        "surplus data is ignored (QD2).",
    ),
    Choice(
        "A3",
        "Which status does an access outside a single field get?",
        "EINVAL with qualifier INVALID_FIELD.",
        "GD4 then forbids every side effect.",
    ),
    Choice(
        "A4",
        "Do LIST_QUERY and LIST_USE fail while VF Enable is clear (GD13)?",
        "No.",
        "Linux issues both at DRIVER_OK of the owner, before it can enable a VF.",
        "Yes, as every command of the group: EINVAL, INVALID_GROUP.",
    ),
    Choice(
        "A5",
        "Does GD14 fail LIST_QUERY and LIST_USE, which carry member id 0?",
        "No: a command that does not use the member id is not checked for it (GD2).",
        "Taken literally a driver that follows the text, and sends 0, could never use them.",
        "Yes: EINVAL, INVALID_MEMBER for id 0.",
    ),
    Choice(
        "A9",
        "Are reserved bytes of a command checked?",
        "No, they are ignored.",
        "virtio 1.4, 2.13: the device ignores them.",
    ),
    Choice(
        "A7",
        "How long is the array of LIST_QUERY and LIST_USE?",
        "One 64-bit word for every 64 opcodes begun, so that the largest opcode is inside.",
        "The specification's formula loses a largest opcode that is a multiple of 64; zero words do no harm.",
    ),
    Choice(
        "A10",
        "Is RESOURCE_OBJ_QUERY 0xb or 0xc?",
        "Neither is used or answered.",
        "Two chapters of the specification say different things, and Linux uses neither.",
    ),
    Choice(
        "A13",
        "What is a reply whose used length cuts it short?",
        "Bytes past the used length are zero, those of the status included; so an empty reply is success with zeros.",
        "QR5. Linux hands out whatever an earlier access left in its buffer.",
    ),
    Choice(
        "A14",
        "Does a relay retry EAGAIN (QR7)?",
        "No, it is a status like another.",
        "A retry is a decision; and Linux does not.",
    ),
    Choice(
        "B1",
        "Does an access 'refer to a single field' only when it is the whole field?",
        "No: it has to be contained in one.",
        "Every real driver reads device configuration byte by byte.",
        "Yes: an access to a part of a field fails.",
    ),
    Choice(
        "B2",
        "What is a field?",
        "A row of the register table; an array such as mac is one field.",
        "The listing of each structure in the specification.",
    ),
    Choice(
        "B3",
        "How long is the device configuration?",
        "As long as the member's structure is, whatever features are offered.",
        "A length that follows features would make the window depend on the guest.",
    ),
    Choice(
        "B4",
        "Are the common registers 20 or 24 bytes?",
        "24 while the member's own MSI-X Enable bit is set when the command is executed, else 20.",
        "The registers 20 to 23 exist only then.",
    ),
    Choice(
        "B6", "What does an access without data do?", "It fails like any access that is no field.", "No field is empty."
    ),
    Choice(
        "B7",
        "What does a write to a read-only register do?",
        "It succeeds and changes nothing.",
        "As on a legacy device (LD5); QEMU does the same.",
    ),
    Choice("B8", "What does QUEUE_NOTIFY read as?", "All ones.", "QEMU; no driver reads it."),
    Choice(
        "B9",
        "What does a write to some bytes of a register do?",
        "It changes those bytes. QUEUE_NOTIFY keeps nothing to merge with: a write that has its low byte notifies the "
        "queue of that value, one that has not is ignored.",
        "Bytes of a little-endian register; QEMU decodes by exact offset instead. No driver does it.",
    ),
    Choice(
        "B10",
        "What does QUEUE_PFN = 0 do?",
        "It deactivates the selected queue.",
        "The MMIO transport's words and Linux's intent; QEMU resets the device. Drivers do it only with STATUS 0.",
    ),
    Choice(
        "B11",
        "A queue that is active is set up again, one that is absent is set up, one without a ring is notified?",
        "Replaced; ignored; ignored.",
        "QEMU.",
    ),
    Choice(
        "B12",
        "What does QUEUE_SEL hold for a queue that does not exist?",
        "The value written; QUEUE_NUM and QUEUE_PFN then read 0.",
        "QEMU below 1024.",
    ),
    Choice(
        "B13",
        "Which STATUS values are accepted?",
        "All, verbatim; 0 resets the device.",
        "QEMU; iPXE goes from 0 to 6.",
    ),
    Choice(
        "B14",
        "May a command that writes STATUS 0 complete before the reset has?",
        "No.",
        "Legacy drivers do not poll.",
    ),
    Choice(
        "B15",
        "What does GUEST_FEATURES accept, and when?",
        "Offered bits, at any time; others are dropped.",
        "QEMU, without its rule for bit 30.",
    ),
    Choice(
        "B16",
        "When are the accepted features final?",
        "Never: a queue is served with what GUEST_FEATURES holds at that moment.",
        "virtio 1.4, 3.1.1: legacy devices finalise them on first use, for there is no FEATURES_OK.",
    ),
    Choice("B17", "An ISR read whose reply is lost?", "The bits are lost.", "A read clears (LD5)."),
    Choice(
        "B18",
        "Which ISR bits are set with MSI-X on?",
        "Configuration change (bit 1) yes, queue (bit 0) no.",
        "virtio 1.4, 4.1.4.5.",
    ),
    Choice(
        "B20",
        "Is an access that straddles fields split?",
        "No: forwarded whole, the device fails it.",
        "Splitting is a decision.",
    ),
    Choice(
        "B23",
        "Does a member have to be powered up, decoding memory or bus master for commands 2 to 6?",
        "No. But it touches guest memory and sends messages only while its Bus Master Enable is set.",
        "The commands go to the owner; memory accesses of a function are PCI's to allow.",
    ),
    Choice(
        "B25",
        "What does a function-level reset do to a member?",
        "What STATUS 0 does, and it clears MSI-X Enable and COMMAND as PCI does.",
        "PD13; PCI.",
    ),
    Choice(
        "B26",
        "What does a vector register take?",
        "A vector below the table's size; anything else reads back NO_VECTOR. A queue that does not exist has none.",
        "virtio 1.4, 4.1.5.1.2; QEMU keeps a vector for absent queues.",
    ),
    Choice(
        "B27",
        "What does a reset do to device configuration that the driver wrote?",
        "The device's own values come back.",
        "QEMU does so for mac.",
    ),
    Choice(
        "B28",
        "What does a device do that cannot go on, such as with a descriptor loop or a ring moved while in use?",
        "It sets DEVICE_NEEDS_RESET, serves nothing until a reset, and where DRIVER_OK is set at that moment says so "
        "by a configuration change. STATUS is kept as ever (B13): a driver that writes it hides the bit and heals "
        "nothing. What was used before the mistake was noticed stays used; a chain that was being filled may be lost.",
        "virtio 1.4, 2.1.2. QEMU stops as silently as for any legacy device.",
    ),
    Choice(
        "B29",
        "How much may one chain be?",
        "As many buffers as the queue has descriptors, none empty, 4 MiB together. An indirect table only where "
        "negotiated, and only as the last descriptor of a chain.",
        "virtio 1.4, 2.7.5; the limit on bytes bounds the work for one request, above any driver's largest.",
    ),
    Choice(
        "C1",
        "How many entries can NOTIFY_INFO advertise (LD9)?",
        "A device advertises three and a terminator; a relay reads four.",
        "Linux reads four.",
    ),
    Choice(
        "C2",
        "How long is a notification address valid?",
        "As long as the relay is open.",
        "Linux caches it for the life of the device.",
    ),
    Choice(
        "C6",
        "A notification before DRIVER_OK, or with STATUS 0?",
        "Served, if the queue has a ring.",
        "iPXE notifies before it sets any STATUS; virtio 1.4, 3.1.1 has a transitional device support it.",
    ),
    Choice(
        "E1",
        "blk: how long is the answer to a request?",
        "The whole writable part, the status its last byte, after an error too.",
        "QEMU; virtio 1.4, 2.7.8.2 has legacy drivers not rely on it.",
    ),
    Choice(
        "E2",
        "blk: how does a serial shorter than 20 bytes end?",
        "All 20 bytes are written, the rest zeros.",
        "virtio 1.4, 5.2.6: 20 bytes, padded. QEMU writes one zero.",
    ),
    Choice(
        "E3",
        "blk: what do the bits for a barrier and for the direction mean in the type of a request?",
        "The barrier nothing. The direction nothing for flushing and for the serial; without it there is no discarding "
        "and no zeroing.",
        "QEMU. Requests are carried out in order, so that every one is a barrier.",
    ),
    Choice(
        "E4",
        "blk: a request to discard or zero that is wrong in several ways?",
        "All its ranges are looked at first: an unknown flag is UNSUPP, then a range outside the disk IOERR; nothing "
        "has been done.",
        "virtio 1.4, 5.2.6.2; QEMU looks at the range before the flag.",
    ),
    Choice(
        "E5",
        "blk: do requests have to be aligned to blk_size?",
        "No, to sectors of 512 bytes.",
        "virtio 1.4, 5.2.5: blk_size is for the driver to know; the unit of the protocol is the sector.",
    ),
    Choice(
        "E6",
        "blk: when is a write stable before it completes?",
        "With CONFIG_WCE negotiated, where writeback is 0 at that moment; without, where FLUSH was not negotiated. "
        "writeback reads 0 or 1.",
        "virtio 1.4, 5.2.5.2 and 5.2.6.2, with features that are never frozen (B16).",
    ),
    Choice(
        "E7",
        "console: what does emerg_wr keep, and what becomes of input that nobody took?",
        "The value written, whose low byte is output at once, 0 as well. Input waits, across a reset too.",
        "The register file keeps what is written; whoever typed the input is no driver. QEMU keeps nothing.",
    ),
    Choice(
        "E8",
        "balloon: when does actual count, and what does a reset do?",
        "With its last byte. A reset empties the balloon, and actual is the device's own again (B27).",
        "virtio 1.4, 5.5.6.2: legacy drivers may write it byte by byte; after a reset the driver has all its memory.",
    ),
    Choice(
        "E9",
        "balloon: what do statistics mean, and how long is the buffer when it comes back?",
        "Those of the first buffer nothing; tags above 15 are not kept. The length is 0: nothing was written.",
        "virtio 1.4, 5.5.6.3.",
    ),
    Choice(
        "E10",
        "net: may the driver write mac once CTRL_MAC_ADDR is negotiated?",
        "Yes, and each byte counts at once.",
        "virtio 1.4, 5.1.4 makes no such difference; QEMU drops it.",
    ),
    Choice(
        "E11",
        "net: a frame shorter than 14 or longer than 69632 bytes?",
        "Dropped, in both directions; the driver gets its buffer back.",
        "A frame has two addresses and a type. QEMU passes short ones on.",
    ),
    Choice(
        "E12",
        "net: a chain to send without a frame, or a buffer to receive without room for its header?",
        "The device needs a reset (B28); a header that asks for an offload nobody negotiated is ignored.",
        "virtio 1.4, 5.1.9.",
    ),
    Choice(
        "E13",
        "net: a frame for which the driver has no room?",
        "Dropped whole, its buffers as they were.",
        "No device owes its driver a frame. QEMU keeps some for later.",
    ),
    Choice(
        "E14",
        "net: what does the filter let in after a reset, and with a list of addresses too long?",
        "All: promiscuous mode is on, and comes before everything. 64 addresses in all; a list that does not fit lets "
        "in all of its kind.",
        "QEMU.",
    ),
    Choice(
        "E15",
        "net: a control command whose feature was not negotiated?",
        "ERR, and nothing has changed.",
        "virtio 1.4, 5.1.9 has drivers not send it. QEMU carries some out.",
    ),
)

LITERAL = frozenset(choice.id for choice in CHOICES if choice.literal)
"""The choices whose literal reading a reference device can be asked for."""
