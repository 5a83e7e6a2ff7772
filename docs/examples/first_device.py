# SPDX-License-Identifier: Apache-2.0
"""Attach to the reference DPU, ask which commands it has, and read a MAC through command 5."""

from straightwire.reference.dpu.devices.net import net_config
from straightwire.reference.dpu.dpu import Dpu
from straightwire.reference.dpu.member import describe
from straightwire.reference.owner_driver import OwnerDriver, admin_command

dpu = Dpu([describe("net", queues=(256, 256), config=net_config(bytes.fromhex("525400123456")))])
driver = OwnerDriver.attached(dpu)  # puts commands into the owner's administration virtqueue
driver.list_use(driver.list_query())
read_mac = admin_command(5, member_id=1, data=b"\x00")  # LEGACY_DEV_CFG_READ at offset 0
reply = driver.execute(read_mac, reply_len=8 + 6)
print(f"commands {driver.list_query():#x}, status {reply[0]}, MAC {reply[8:].hex(':')}")
