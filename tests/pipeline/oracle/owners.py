"""Who has what is delivered of a lead (itself, who is left at the end of its merges, or only its client), and what an id means."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from .entities import Lead


class Ids:
    """Delivered ids. A reference means the id that is written so, else the only one of the same form."""

    def __init__(self, ids: Iterable[str]):
        self._ids = set(ids)
        self._forms: dict[tuple[str, int], set[str]] = defaultdict(set)
        for one in self._ids:
            for form in _forms(one):
                self._forms[form].add(one)

    def meant(self, reference: str | None) -> str | None:
        if reference is None or reference in self._ids:
            return reference
        found: set[str] = set()
        for text, cut_from in _forms(reference):
            lengths = [15 + 18 - cut_from] if cut_from else [0]
            found |= {one for length in lengths for one in self._forms[text, length]}
        return found.pop() if len(found) == 1 else None


def _forms(text: str) -> list[tuple[str, int]]:
    """(form, length of the id that was cut to it)."""
    plain = str(int(re.sub(r"[.,]00?$", "", text))) if re.fullmatch(r"[0-9]+([.,]00?)?", text) else text.lower()
    forms = [(plain, 0)]
    if re.fullmatch(r"[0-9A-Za-z]{15}([0-5A-Z]{3})?", text) and re.search("[A-Za-z]", text):
        forms.append((text[:15], len(text)))
    return forms


def settle_owners(leads: list[Lead]) -> None:
    """Fill in `excluded`, `owner`, `owner_client`, `owner_channel`, `owner_flag` and `left_out` of every lead."""
    by_id = {lead.lead_id: lead for lead in leads}
    ids = Ids(by_id)
    target = {lead.lead_id: ids.meant(lead.duplicate_of) for lead in leads if lead.duplicate_of}
    target = {one: other for one, other in target.items() if other is not None and other != one}
    for one in [one for one in target if _comes_back(one, target)]:
        target.pop(one)
    for lead in leads:
        end = lead
        while end.lead_id in target:
            end = by_id[target[end.lead_id]]
        lead.excluded = lead.flag is not None or end is not lead
        lead.owner = end.lead_id if end.flag is None else None
        lead.owner_client, lead.owner_channel, lead.owner_flag = end.client, end.channel, end.flag
        lead.left_out = "test" in (lead.flag, end.flag)


def _comes_back(one: str, target: dict[str, str]) -> bool:
    seen, at = {one}, target[one]
    while at in target and at not in seen:
        seen.add(at)
        at = target[at]
    return at == one
