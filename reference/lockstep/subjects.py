# SPDX-License-Identifier: Apache-2.0
"""Subjects by name, as the command line writes them: native, reference, model, mediator:ID, or a library's path."""

from __future__ import annotations

from pathlib import Path

from straightwire.model.mediators import MEDIATORS
from straightwire.reference.abi import Subject
from straightwire.reference.lockstep.library import LibrarySubject, SubjectError
from straightwire.reference.lockstep.model_subject import ModelSubject
from straightwire.reference.relay import ReferenceSubject

MEDIATOR = "mediator:"


def mediator(clause: str) -> ModelSubject:
    """The mediator that breaks this clause; ``SubjectError`` where there is none."""
    if clause not in MEDIATORS:
        raise SubjectError(f"{MEDIATOR}{clause}: no such mediator; there are {' '.join(MEDIATORS)}")
    return ModelSubject(MEDIATORS[clause], MEDIATOR + clause)


def subject_named(name: str) -> Subject:
    """The subject of this name; raises ``SubjectError`` with one line that says what is wrong."""
    if name == "model":
        return ModelSubject()
    if name == "reference":
        return ReferenceSubject()
    if name == "native":
        return LibrarySubject()
    if name.startswith(MEDIATOR):
        return mediator(name.removeprefix(MEDIATOR))
    path = Path(name)
    if not path.is_file():
        raise SubjectError(f"{name}: no subject; give model, reference, native, {MEDIATOR}CLAUSE or a library's path")
    return LibrarySubject(path)
