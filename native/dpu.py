# SPDX-License-Identifier: Apache-2.0
"""Python binding of the native DPU (``dpu.h``): an owner and members with data paths, for comparison and for tests.

Offsets, lengths and addresses are in bytes. An exception of a member's other side cannot pass through C: it is
remembered and raised again once the call into the DPU has returned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from straightwire.native._native import ffi, lib

_BARS = 6
_ADDRESS_LEN = 6
SUPPORTED = 0x7F
"""Opcodes 0 to 6, all that the DPU knows."""


class Disk(Protocol):
    """What keeps a block device's sectors. An ``OSError`` is an error of the medium."""

    @property
    def length(self) -> int: ...
    def read(self, offset: int, length: int) -> bytes: ...
    def write(self, offset: int, data: bytes) -> None: ...
    def flush(self) -> None: ...


@dataclass
class Plug:
    """What a member's data path stands on: guest memory as (address, bytes), and the other side of its type.

    ``message`` is called with the vector of each MSI-X message, ``console_out`` with a chain's output, ``frame_out``
    with a frame that the driver sends. ``entropy`` gives at most so many bytes, or none now; an ``OSError`` of it
    is none, and one of ``console_out`` loses the output.
    """

    memory: Sequence[tuple[int, bytearray | memoryview]]
    message: Callable[[int], object] | None = None
    disk: Disk | None = None
    serial: bytes = b""
    entropy: Callable[[int], bytes] | None = None
    console_out: Callable[[bytes], object] | None = None
    frame_out: Callable[[bytes], object] | None = None


class NotifyAddress(NamedTuple):
    """Where a 16-bit write notifies a queue: in a BAR of the owner (1) or of the member (2)."""

    bar_owner: int
    bar: int
    offset: int


@dataclass(frozen=True)
class NativeMember:
    """A member: ``struct sw_dpu_member``. Without ``plug`` it is registers only."""

    virtio_device_id: int
    host_features: int
    queue_sizes: tuple[int, ...]
    config: bytes
    vectors: int
    notify: tuple[NotifyAddress, ...] = ()
    bar_lengths: tuple[int, ...] = (0,) * _BARS
    plug: Plug | None = None


class Attachment(NamedTuple):
    """What the owner's driver tells a relay that opens a member (``struct sw_member``)."""

    group_member_id: int
    commands: int
    virtio_device_id: int
    device_config_len: int
    parts_object_id: int = 0


class _Other:
    """A member's other side as C calls it; ``ctx`` is an ffi handle of one. Keeps what C points to alive."""

    def __init__(self, plug: Plug, errors: list[BaseException]) -> None:
        self.plug = plug
        self._errors = errors
        self.handle = ffi.new_handle(self)
        self.buffers = [ffi.from_buffer("uint8_t[]", content, True) for _, content in plug.memory]
        self.regions = ffi.new(
            "struct sw_dpu_region[]",
            [
                {"bytes": buffer, "address": address, "length": len(content)}
                for (address, content), buffer in zip(plug.memory, self.buffers, strict=True)
            ],
        )

    def struct(self) -> Any:
        """Its ``struct sw_dpu_plug *``; a callback is there where its object is."""
        plug = self.plug
        made = ffi.new("struct sw_dpu_plug *")
        made.regions, made.region_count, made.ctx = self.regions, len(self.regions), self.handle
        if plug.message is not None:
            made.message = lib.sw_py_message
        made.serial = plug.serial.ljust(20, b"\0")
        if plug.disk is not None:
            made.disk_read, made.disk_write = lib.sw_py_disk_read, lib.sw_py_disk_write
            made.disk_flush, made.disk_length = lib.sw_py_disk_flush, lib.sw_py_disk_length
        if plug.entropy is not None:
            made.entropy = lib.sw_py_entropy
        if plug.console_out is not None:
            made.console_out = lib.sw_py_console_out
        if plug.frame_out is not None:
            made.frame_out = lib.sw_py_frame_out
        return made

    def guard(self, work: Callable[[], int], failed: int) -> int:
        """``work``'s result; ``failed`` for an ``OSError``, and for any other exception, which is remembered."""
        try:
            return work()
        except OSError:
            return failed
        except BaseException as error:  # noqa: BLE001 - raised again by NativeDpu, whatever it is
            self._errors.append(error)
            return failed


def _other(ctx: Any) -> _Other:
    other: _Other = ffi.from_handle(ctx)
    return other


def _said(work: Callable[[bytes], object] | None, data: bytes) -> int:
    if work is not None:
        work(data)
    return 0


@ffi.def_extern()
def sw_py_message(ctx: Any, vector: int) -> None:
    """An MSI-X message."""

    def send(other: _Other) -> int:
        if other.plug.message is not None:
            other.plug.message(vector)
        return 0

    other = _other(ctx)
    other.guard(lambda: send(other), 0)


@ffi.def_extern()
def sw_py_disk_read(ctx: Any, offset: int, to: Any, length: int) -> int:
    """See ``Disk.read``; fewer bytes than asked for are an error."""

    def read(disk: Disk | None) -> int:
        data = b"" if disk is None else disk.read(offset, length)
        if len(data) != length:
            return -1
        ffi.memmove(to, data, length)
        return 0

    other = _other(ctx)
    return other.guard(lambda: read(other.plug.disk), -1)


@ffi.def_extern()
def sw_py_disk_write(ctx: Any, offset: int, data: Any, length: int) -> int:
    """See ``Disk.write``."""

    def write(disk: Disk | None) -> int:
        if disk is not None:
            disk.write(offset, bytes(ffi.buffer(data, length)))
        return 0

    other = _other(ctx)
    return other.guard(lambda: write(other.plug.disk), -1)


@ffi.def_extern()
def sw_py_disk_flush(ctx: Any) -> int:
    """See ``Disk.flush``."""

    def flush(disk: Disk | None) -> int:
        if disk is not None:
            disk.flush()
        return 0

    other = _other(ctx)
    return other.guard(lambda: flush(other.plug.disk), -1)


@ffi.def_extern()
def sw_py_disk_length(ctx: Any) -> int:
    """See ``Disk.length``."""
    other = _other(ctx)
    return other.guard(lambda: 0 if other.plug.disk is None else other.plug.disk.length, 0)


@ffi.def_extern()
def sw_py_entropy(ctx: Any, to: Any, length: int) -> int:
    """Entropy into C's buffer; what is too much is cut."""

    def fill(entropy: Callable[[int], bytes] | None) -> int:
        data = b"" if entropy is None else entropy(length)[:length]
        ffi.memmove(to, data, len(data))
        return len(data)

    other = _other(ctx)
    return other.guard(lambda: fill(other.plug.entropy), 0)


@ffi.def_extern()
def sw_py_console_out(ctx: Any, data: Any, length: int) -> None:
    """A console's output."""
    other, said = _other(ctx), bytes(ffi.buffer(data, length))
    other.guard(lambda: _said(other.plug.console_out, said), 0)


@ffi.def_extern()
def sw_py_frame_out(ctx: Any, data: Any, length: int) -> None:
    """A frame from the driver."""
    other, frame = _other(ctx), bytes(ffi.buffer(data, length))
    other.guard(lambda: _said(other.plug.frame_out, frame), 0)


class NativePort:
    """One member as a relay in Python reaches it (``struct sw_device``)."""

    def __init__(self, dpu: NativeDpu, struct: Any) -> None:
        self._dpu = dpu
        self.struct = struct
        """The ``struct sw_device *`` itself, for a relay in C; good as long as the DPU is."""

    def admin(self, command: bytes, reply_len: int) -> bytes:
        """One command; the bytes that the device wrote."""
        return self._dpu.execute(command, reply_len)

    def doorbell(self, bar_owner: int, bar: int, offset: int, queue: int) -> None:
        """A 16-bit write of ``queue`` to the owner's or this member's BAR."""
        self._dpu.finish(self.struct.doorbell(self.struct.ctx, bar_owner, bar, offset, queue))

    def bar_len(self, bar_owner: int, bar: int) -> int:
        """Length of a BAR; 0 where there is none."""
        return int(self.struct.bar_len(self.struct.ctx, bar_owner, bar))

    def config_read(self, offset: int, length: int) -> bytes:
        """The member's own configuration space; past its end there is nothing."""
        there = max(0, min(length, 256 - offset))
        buffer = ffi.new("uint8_t[]", there)
        self.struct.config_read(self.struct.ctx, offset, buffer, there)
        return bytes(ffi.buffer(buffer))

    def config_write(self, offset: int, data: bytes) -> None:
        """Write the member's own configuration space."""
        self.struct.config_write(self.struct.ctx, offset, data, len(data))


class NativeDpu:
    """An owner and its members, numbered from 1. Raises ``ValueError`` for a description of no device."""

    def __init__(
        self,
        members: Sequence[NativeMember],
        *,
        supported: int = SUPPORTED,
        owner_bars: tuple[int, ...] = (0,) * _BARS,
    ) -> None:
        self._errors: list[BaseException] = []
        self.members = tuple(members)
        self._others = [None if member.plug is None else _Other(member.plug, self._errors) for member in members]
        described = ffi.new("struct sw_dpu_member[]", len(self.members))
        kept = []
        for member, other, made in zip(self.members, self._others, described, strict=True):
            sizes = ffi.new("uint16_t[]", member.queue_sizes)
            config = ffi.new("uint8_t[]", member.config or b"\0")
            plug = ffi.NULL if other is None else other.struct()
            kept += [sizes, config, plug]
            made.queue_sizes, made.queue_count = sizes, len(member.queue_sizes)
            made.config, made.config_len = config, len(member.config)
            made.plug = plug
            made.bar_len = list(member.bar_lengths)
            made.notify_count = len(member.notify)
            for at, place in zip(member.notify, made.notify, strict=False):
                place.bar_owner, place.bar, place.offset = at
            made.host_features = member.host_features
            made.virtio_device_id = member.virtio_device_id
            made.vectors = member.vectors
        bars = ffi.new("uint64_t[]", owner_bars)
        code = ffi.new("int *", 0)
        dpu = lib.sw_dpu_create(described, len(self.members), supported, bars, code)
        if dpu == ffi.NULL:
            raise ValueError(f"no DPU: error {code[0]}")
        self.pointer = ffi.gc(dpu, lib.sw_dpu_destroy)
        self._shown = ffi.new("struct sw_dpu_snapshot *")

    def finish(self, result: Any) -> Any:
        """``result`` of a call, unless a callback raised during it."""
        if self._errors:
            error = self._errors[0]
            self._errors.clear()
            raise error
        return result

    # The owner.

    def execute(self, command: bytes, reply_len: int) -> bytes:
        """One command of the administration queue; the bytes that the device wrote."""
        reply = ffi.new("uint8_t[]", reply_len)
        used = self.finish(lib.sw_dpu_execute(self.pointer, command, len(command), reply, reply_len))
        return bytes(ffi.buffer(reply, used))

    @property
    def in_use(self) -> int:
        """Bit n: opcode n."""
        return int(lib.sw_dpu_in_use(self.pointer))

    def set_vf_enable(self, enabled: bool) -> None:
        """The owner's VF Enable bit."""
        lib.sw_dpu_set_vf_enable(self.pointer, int(enabled))

    def reset_owner(self) -> None:
        """Only the lists are in use again."""
        lib.sw_dpu_owner_reset(self.pointer)

    # A member.

    def port(self, member_id: int) -> NativePort:
        """The device side of a relay on this member; ``ValueError`` where there is none."""
        struct = ffi.new("struct sw_device *")
        if lib.sw_dpu_port(self.pointer, member_id, struct) != 0:
            raise ValueError(f"no member {member_id}")
        return NativePort(self, struct)

    def attachment(self, member_id: int) -> Attachment:
        """What the owner's driver tells a relay that opens this member: the list in use as it is now."""
        member = self.members[member_id - 1]
        return Attachment(member_id, self.in_use, member.virtio_device_id, len(member.config))

    def reset(self, member_id: int) -> None:
        """Function-level reset."""
        self.finish(lib.sw_dpu_reset(self.pointer, member_id))

    def config_changed(self, member_id: int) -> None:
        """A configuration change notification."""
        self.finish(lib.sw_dpu_config_changed(self.pointer, member_id))

    def queue_used(self, member_id: int, queue: int) -> None:
        """A used buffer notification."""
        self.finish(lib.sw_dpu_queue_used(self.pointer, member_id, queue))

    def proceed(self, member_id: int) -> None:
        """Go on with the queues that were left unfinished."""
        self.finish(lib.sw_dpu_proceed(self.pointer, member_id))

    def resize_disk(self, member_id: int, sectors: int) -> None:
        """Another capacity; ``ValueError`` where the disk is shorter."""
        self._check(lib.sw_dpu_blk_resize(self.pointer, member_id, sectors))

    def more_entropy(self, member_id: int) -> None:
        """There is entropy again."""
        self.finish(lib.sw_dpu_rng_more(self.pointer, member_id))

    def feed(self, member_id: int, data: bytes) -> int:
        """Input for a console; how many bytes of it were taken."""
        return int(self.finish(lib.sw_dpu_console_feed(self.pointer, member_id, data, len(data))))

    def resize_console(self, member_id: int, cols: int, rows: int) -> None:
        """Another size in characters."""
        self._check(lib.sw_dpu_console_resize(self.pointer, member_id, cols, rows))

    def set_target(self, member_id: int, pages: int) -> None:
        """Ask for a balloon of so many pages."""
        self._check(lib.sw_dpu_balloon_target(self.pointer, member_id, pages))

    def ask_for_statistics(self, member_id: int) -> bool:
        """Whether there was a buffer to ask with."""
        return bool(self.finish(lib.sw_dpu_balloon_ask(self.pointer, member_id)))

    def deliver(self, member_id: int, frame: bytes) -> None:
        """A frame for the driver."""
        self.finish(lib.sw_dpu_net_deliver(self.pointer, member_id, frame, len(frame)))

    def set_link(self, member_id: int, up: bool) -> None:
        """Take the link up or down."""
        self._check(lib.sw_dpu_net_link(self.pointer, member_id, int(up)))

    def announce(self, member_id: int) -> bool:
        """Ask the driver to announce itself; whether it had agreed to be asked."""
        return bool(self.finish(lib.sw_dpu_net_announce(self.pointer, member_id)))

    def _check(self, result: int) -> None:
        if self.finish(result) != 0:
            raise ValueError("no such member, or a value that it cannot have")

    # Snapshots.

    def snapshot(self, member_id: int) -> dict[str, Any]:
        """All of a member's state, under the names of the snapshot that every device of the project can show.

        Plain values: ``device`` is what the type keeps, ``None`` without a data path.
        """
        if lib.sw_dpu_snapshot(self.pointer, member_id, self._shown) != 0:
            raise ValueError(f"no member {member_id}")
        shown = self._shown
        queues = shown.queues[0 : shown.queue_count]
        registers = {
            "host_features": shown.host_features,
            "guest_features": shown.guest_features,
            "queue_sel": shown.queue_sel,
            "status": shown.status,
            "isr": shown.isr,
            "config_vector": shown.config_vector,
            "msix": bool(shown.msix),
            "queues": tuple((queue.size, queue.pfn, queue.vector) for queue in queues),
            "config": bytes(ffi.buffer(shown.config, shown.config_len)),
            "notified": tuple(queue.notified for queue in queues),
        }
        rings = tuple(
            (queue.next_available, queue.next_used, queue.signalled) if queue.has_ring else None for queue in queues
        )
        return {
            "registers": registers,
            "own_config": bytes(ffi.buffer(shown.own_config, shown.config_len)),
            "pci": bytes(ffi.buffer(shown.pci)),
            "needs_reset": bool(shown.needs_reset),
            "rings": rings if shown.plugged else (),
            "unfinished": tuple(index for index, queue in enumerate(queues) if queue.unfinished),
            "device": self._device(member_id) if shown.plugged else None,
        }

    def _device(self, member_id: int) -> dict[str, Any]:
        kinds = {1: self._net, 2: self._blk, 3: self._console, 4: self._rng, 5: self._balloon}
        return kinds[self.members[member_id - 1].virtio_device_id](member_id)

    def _net(self, member_id: int) -> dict[str, Any]:
        net = self._shown.net
        flags = ("promiscuous", "all_multicast", "all_unicast", "no_multicast", "no_unicast", "no_broadcast",
                 "unicast_overflow", "multicast_overflow")  # fmt: skip
        addresses = [bytes(ffi.buffer(one, _ADDRESS_LEN)) for one in net.addresses]
        many = net.unicast_count
        vlans = int.from_bytes(bytes(ffi.buffer(net.vlans)), "little")
        return {name: bool(getattr(net, name)) for name in flags} | {
            "unicast": tuple(addresses[:many]),
            "multicast": tuple(addresses[many : many + net.multicast_count]),
            "vlans": tuple(number for number in range(vlans.bit_length()) if vlans >> number & 1),
        }

    def _blk(self, member_id: int) -> dict[str, Any]:
        return {"capacity": self._shown.blk_capacity}

    def _console(self, member_id: int) -> dict[str, Any]:
        waiting = ffi.new("uint8_t[]", lib.sw_dpu_console_waiting(self.pointer, member_id, ffi.NULL, 0))
        lib.sw_dpu_console_waiting(self.pointer, member_id, waiting, len(waiting))
        return {"waiting": bytes(ffi.buffer(waiting))}

    def _rng(self, member_id: int) -> dict[str, Any]:
        return {}

    def _balloon(self, member_id: int) -> dict[str, Any]:
        pages = ffi.new("uint32_t[]", lib.sw_dpu_balloon_pages(self.pointer, member_id, ffi.NULL, 0))
        lib.sw_dpu_balloon_pages(self.pointer, member_id, pages, len(pages))
        told = self._shown.balloon
        known = [tag for tag in range(16) if told.statistics_known >> tag & 1]
        return {
            "pages": tuple(pages),
            "actual": told.actual,
            "statistics": tuple((tag, told.statistics[tag]) for tag in known),
            "statistics_begun": bool(told.statistics_begun),
            "statistics_head": told.head if told.has_head else None,
        }
