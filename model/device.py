# SPDX-License-Identifier: Apache-2.0
"""The device as an uninterpreted transition function: whatever it does, it does as a function of the operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from straightwire.model import term
from straightwire.model.interposer import flat, signature
from straightwire.model.vocabulary import REPLY_BITS, Reply

if TYPE_CHECKING:
    from straightwire.model.term import Element
    from straightwire.model.vocabulary import Operation


class AnyDevice:
    """An arbitrary device: next state and reply are uninterpreted functions of state and operation."""

    def __init__(self, name: str = "device") -> None:
        self.name = name

    def run(self, state: Element, operation: Operation) -> tuple[Element, Reply]:
        """The state after an operation, and the reply to it."""
        known = [term.constant(state, term.ELEMENT_BITS), *flat(operation)]
        sorts = [term.bit_vectors(term.ELEMENT_BITS), *signature(operation)]

        def apply(leaf: str, bits: int) -> Any:
            return term.function(f"{self.name}.{leaf}", *sorts, term.bit_vectors(bits))(*known)

        after: Element = apply("next", term.ELEMENT_BITS)
        return after, Reply(apply("content", REPLY_BITS), apply("written", 64))

    def leftover(self, state: Element) -> Element:
        """Where operations that nobody asked for may take the device: anywhere."""
        states = term.bit_vectors(term.ELEMENT_BITS)
        after: Element = term.function(f"{self.name}.leftover", states, states)(state)
        return after
