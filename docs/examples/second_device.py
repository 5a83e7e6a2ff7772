# SPDX-License-Identifier: Apache-2.0
"""A whole block device behind a relay: a driver negotiates, sets up a queue and reads a sector."""

from straightwire.model.features import Blk as Feature
from straightwire.reference.dpu.devices.blk import Blk, blk_config
from straightwire.reference.dpu.devices.disk import MemoryDisk
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import describe
from straightwire.reference.dpu.memory import GuestMemory
from straightwire.reference.guest import GuestDriver
from straightwire.reference.owner_driver import OwnerDriver
from straightwire.reference.relay import ReferenceSubject

disk = MemoryDisk(bytearray(b"a straight wire".ljust(512)))
memory = GuestMemory.of_size(4 << 20)
dpu = Dpu([describe("blk", features=Feature.BLK_SIZE | Feature.FLUSH, config=blk_config(capacity=1))])
dpu.device(1).plug(memory, lambda path: Blk(path, disk))

owner = OwnerDriver.attached(dpu)
owner.list_use(owner.list_query())
relay = ReferenceSubject().open(owner.port(dpu.port(1)), dpu.attachment(1))

guest = GuestDriver(relay, memory)
guest.start(Feature.BLK_SIZE | Feature.FLUSH)
queue = guest.queue(0)
guest.ready()
_, data, status = queue.add([bytes(16)], [512, 1])  # type 0 reads, sector 0
guest.notify(0)
print(queue.used(), memory.read(status, 1), memory.read(data, 15))
