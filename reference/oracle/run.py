# SPDX-License-Identifier: Apache-2.0
"""The comparison of whole device types: registers on one QEMU started for it, the data path on one for each script."""

from __future__ import annotations

from dataclasses import dataclass

from straightwire.model.registers import DeviceType
from straightwire.reference.lockstep.golden import FILES, Golden, golden
from straightwire.reference.oracle.compare import Compared, compare_all, scripts_of
from straightwire.reference.oracle.data_compare import DataCompared, compare_all_data
from straightwire.reference.oracle.data_differences import DATA_TABLE, DataRow
from straightwire.reference.oracle.data_scripts import DISK_LEN, data_scripts
from straightwire.reference.oracle.data_worlds import worlds
from straightwire.reference.oracle.differences import TABLE, Row
from straightwire.reference.oracle.face import Face
from straightwire.reference.oracle.qemu import Qemu
from straightwire.reference.oracle.recordings import script_of


@dataclass(frozen=True)
class TypeRun:
    """One device type: what QEMU's device is, what the scripts showed, and what each recording of the type did."""

    face: Face
    scripts: Compared
    recordings: tuple[tuple[Golden, Compared], ...]

    @property
    def all(self) -> tuple[Compared, ...]:
        """Scripts and recordings."""
        return self.scripts, *(compared for _, compared in self.recordings)

    def seen(self, row: str) -> int:
        """Steps that this row has explained."""
        return sum(dict(compared.by_row).get(row, 0) for compared in self.all)


def run_type(
    program: str,
    version: tuple[int, int],
    device_type: DeviceType,
    seed: int,
    accesses: int,
    table: tuple[Row, ...] = TABLE,
) -> TypeRun:
    """Start QEMU with one device and compare; at least so many accesses. Raises ``QemuError``."""
    with Qemu(program, device_type) as qemu:
        face = qemu.face(device_type, version)
        scripts = compare_all(face, qemu, scripts_of(face, seed, accesses), table)
        recordings = tuple(
            (recording, compare_all(face, qemu, [script_of(recording)], table))
            for recording in (golden(file) for file in FILES if file.kind == device_type.name)
        )
    return TypeRun(face, scripts, recordings)


def missing_rows(table: tuple[Row, ...], runs: tuple[TypeRun, ...]) -> tuple[Row, ...]:
    """The rows that should have occurred in these runs and did not."""
    return tuple(
        row
        for row in table
        if any(row.belongs_to(run.face) for run in runs) and not any(run.seen(row.id) for run in runs)
    )


@dataclass(frozen=True)
class DataRun:
    """The data path of one device type."""

    face: Face
    compared: DataCompared

    def seen(self, row: str) -> int:
        """Values that this row has explained."""
        return dict(self.compared.by_row).get(row, 0)


def run_data_path(
    program: str,
    version: tuple[int, int],
    device_type: DeviceType,
    seed: int,
    requests: int,
    table: tuple[DataRow, ...] = DATA_TABLE,
) -> DataRun:
    """Compare at least so many requests, each script on a QEMU of its own. Raises ``QemuError``."""
    world, _ = worlds(device_type, bytes(DISK_LEN))
    with Qemu(program, device_type, world) as qemu:
        world.started(qemu)
        face = qemu.face(device_type, version)
    return DataRun(face, compare_all_data(program, face, data_scripts(face, seed, requests), table))


def missing_data_rows(table: tuple[DataRow, ...], runs: tuple[DataRun, ...]) -> tuple[DataRow, ...]:
    """The rows that should have occurred in these runs and did not."""
    return tuple(
        row
        for row in table
        if any(row.belongs_to(run.face) for run in runs) and not any(run.seen(row.id) for run in runs)
    )
