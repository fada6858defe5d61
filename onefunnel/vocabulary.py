"""The stages and channels that an account has, as staging writes them, and which of them neither seeds nor the agency's words map."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import jmespath

from onefunnel.systems import Listing, filled
from onefunnel.words import OwnWords, as_word, known_keys, mapped_words, target_of

FILES = {"stage": "stage_mapping", "channel": "channel_mapping"}


@dataclass(frozen=True)
class Word:
    """A value that will come as a stage or channel (field), and what people see there. is_mapped: somebody said what it means."""

    field: str
    value: str
    label: str
    is_mapped: bool


def read_vocabulary(
    system: str, listings: Iterable[Listing], ask: Callable[[dict[str, Any]], Any], words: dict[str, str], own: OwnWords
) -> list[Word]:
    """Every value that the account lists. ask: gives the answer to an endpoint; one that several listings share is asked once."""
    answers: dict[str, Any] = {}
    found: dict[tuple[str, str], Word] = {}
    for listing in listings:
        asked = json.dumps(listing.endpoint, sort_keys=True)
        if asked not in answers:
            answers[asked] = ask(filled(listing.endpoint, words))
        known = _known(system, listing.field, own)
        for value, label in _values(listing, answers[asked]):
            found.setdefault((listing.field, value), Word(listing.field, value, label, value in known))
    return list(found.values())


def _values(listing: Listing, answer: Any) -> Iterable[tuple[str, str]]:
    groups = jmespath.search(listing.groups, answer) if listing.groups else [answer]
    for group in groups or []:
        name = str(jmespath.search(listing.group, group)) if listing.group else ""
        for item in jmespath.search(listing.items, group) or []:
            key, label = str(jmespath.search(listing.item, item)), jmespath.search(listing.label, item)
            stands_alone = name in listing.plain or key in listing.alone
            value = key if stands_alone else filled(listing.value, {"group": name, "item": key})
            yield as_word(value), str(label or key)


def _known(system: str, field: str, own: OwnWords) -> set[str]:
    """The words that are mapped for the system, and the keys themselves."""
    file = FILES[field]
    mapped = {as_word(line["source_value"]) for line in mapped_words(file, own) if line["source_system"] == system}
    return mapped | set(known_keys(*target_of(file), own))
