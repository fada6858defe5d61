"""What an answer says beside its records: that there are more of them than it holds. One judgement for JSON files and REST answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


DEEPEST = 8
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# Names written as one word of small letters: nextpagetoken, hasmore, totalcount.
SQUEEZED = re.compile(
    r"(has|is)(more|next|truncated|last|done)(page)?|(next)(page|link|url|uri|href|cursor|token|offset|key|start|marker)(token|url|link)?"
    r"|(total|record|records|result|results|item|items|row|rows)(count|size|records|results|items|rows|hits|pages)"
)
# `next_update` is no page.
EVENTS = _set(
    "action activity allowed at billing call charge check contact date day due event export invoice month payment refresh release renewal "
    "reset retry run schedule scheduled stage step steps sync task time update updated version week year"
)
PAGES_GO_ON = _set("page link links url uri href cursor token offset start marker key records after id index skip batch")
NOUNS = _set("count size result results record records row rows item items element elements entry entries hit hits object objects")
COUNTING = NOUNS | _set("total num number of all found odata matches overall filtered")
LAST = tuple(map(_set, ("last", "is last", "last page", "is last page")))
DONE = (*LAST, *map(_set, ("done", "is done", "complete", "is complete", "completed", "eof", "is eof")))
ALL_PAGES = tuple(map(_set, ("total pages", "total page", "last page", "page count", "pages count", "num pages")))
# Where `total`, `count` and `pages` speak of the list, besides the objects that hold it.
ABOUT_LISTS = _set("meta metadata pagination paging paginator page pages pageinfo info data result results response hits list")
BESIDE_A_COUNT = _set("page pages limit offset skip per next previous prev more cursor start")
MONEY = _set("currency amount sum price cost revenue tax subtotal vat paid discount spend balance budget")
MONEY_COLUMNS = MONEY | {"total", "value", "size"}
LIMITS = _set("rate quota quotas usage credits throttle throttling cost")
# Lists that speak of the records rather than hold them.
ABOUT_RECORDS = _set(
    "meta metadata schema field fields column columns filter filters link links query request param params parameters pagination paging "
    "sort sorting facets aggregations total totals summary"
)
DEEPEST_LIST = 3
FAILED = ("error", "fail", "failed", "failure")
CUT = re.compile(r"truncat|incomplete|partial|cut off|not all ", re.IGNORECASE)
# Headers that number what there is in all: records, pages
ALL_IN_HEADERS = {
    **dict.fromkeys(("x-total-count", "x-total", "x-wp-total", "x-totalcount", "total-count"), "records"),
    **dict.fromkeys(("x-total-pages", "x-wp-totalpages", "x-page-count", "x-pagination-page-count"), "pages"),
}
# In place of the name of a link that a list has under this
REL_NEXT = "rel=next"
PAGE = "{by: page, param: page}"
NOTHING = ("", "null", "none", "false", "no", "0", "-1")
DATE = re.compile(r"\d{4}-\d\d-\d\d.*")


@dataclass(frozen=True)
class Told:
    """What says that there is more. path: dotted, empty where none leads to it; says: in words; paging: the setting of REST that reads it.

    records, pages: how many there are in all, where it is by such a number.
    """

    path: str
    says: str
    paging: str
    records: int | None = None
    pages: int | None = None

    def exceeds(self, held: Held) -> bool:
        """Whether it is by a number that is not reached."""
        return (self.records or 0) > held.records or (self.pages or 0) > held.answers


@dataclass(frozen=True)
class Page:
    """What a JSON file holds of a list, and what it says of the rest."""

    records: int
    told: Told | None

    def is_answered(self, pages: Iterable[Page], records: int, files: int) -> bool:
        """Whether the others that came with it hold the rest. records, files: of all that may be its pages, of earlier nights too."""
        told = self.told
        if told is None:
            return True
        if told.records is not None:
            return told.records <= records
        if told.pages is not None:
            return told.pages <= files
        return any(page.told is None or page.told.records or page.told.pages for page in pages)


@dataclass
class Held:
    """What has been read of a list. sums: of its columns of money, since a `total` may be one of them."""

    records: int = 0
    answers: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)

    def add(self, envelope: Any, records: list[Any]) -> None:
        self.records += len(records)
        self.answers += bool(records)  # one behind the last page is none of them
        if not any(_words(fact.name) == {"total"} or _words(fact.name) == {"total", "size"} for fact in _facts(envelope, records)):
            return
        for record in records:
            for name, value in record.items() if isinstance(record, dict) else ():
                if _words(name) & MONEY_COLUMNS and isinstance(value, str) and re.fullmatch(r"-?\d{1,18}(\.\d{1,9})?", value):
                    self.sums[name] = self.sums.get(name, Decimal(0)) + Decimal(value)


@dataclass(frozen=True)
class Fact:
    """A value of the envelope. beside: words of the names in the same object; of_list: stands where answers speak of their list."""

    path: tuple[str, ...]
    value: Any
    beside: frozenset[str]
    of_list: bool

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def dotted(self) -> str:
        return ".".join(self.path)


def more_told(envelope: Any, records: Any, held: Held, *, counts: bool = True, asked: frozenset[str] = frozenset()) -> Told | None:
    """What the answer says of records beyond those held; None where it says nothing of the kind.

    records: its list, whose members are data; counts: whether its totals are evidence; asked: values of the request, which it may repeat.
    """
    facts = list(_facts(envelope, records))
    says_end = any(fact.of_list and _says_end(fact) for fact in facts)
    for fact in facts:
        told = _by_flag(fact, facts) or (None if says_end else _by_next(fact)) or _by_pages(fact, held)
        if told:
            return told
    return next((told for fact in facts if (told := _by_count(fact, facts, held, asked) or _by_rest(fact, held))), None) if counts else None


def lists_in(envelope: Any, path: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """The lists of objects in an answer, by dotted path: whatever could be its records."""
    found: dict[str, list[Any]] = {}
    for name, value in envelope.items() if isinstance(envelope, dict) and len(path) < DEEPEST_LIST else ():
        if _words(name) & ABOUT_RECORDS:
            continue
        if isinstance(value, list) and any(isinstance(item, dict) for item in value):
            found[".".join((*path, name))] = value
        found |= lists_in(value, (*path, name))
    return found


def more_in_headers(headers: Mapping[str, str], held: Held, *, counts: bool = True) -> Told | None:
    """What an answer's headers (by small letters; `:status` among them) say of further records, as `more_told` says it of the answer."""
    if link := re.search(r"<([^>]*)>[^<]*;\s*rel=\"?next\b", headers.get("link", ""), re.IGNORECASE):
        return Told("", "its header `Link` names a next page", _paging_of(link[1]))
    told = {name: (kind, _whole(headers.get(name))) for name, kind in ALL_IN_HEADERS.items()}
    told["content-range"] = ("records", _whole(headers.get("content-range", "").rpartition("/")[2]))
    for name, (kind, total) in told.items() if counts else ():
        here = held.records if kind == "records" else max(held.answers, 1)
        if total is not None and total > here:
            return Told("", f"its header `{name}` says {total} {kind}, {here} are here", PAGE, **{kind: total})
    return Told("", "HTTP 206 is a part of it", PAGE) if headers.get(":status") == "206" else None


def _paging_of(link: str) -> str:
    """The setting that reads a next page whose link cannot be followed by a path: by what the link asks for."""
    asked = parse_qs(urlsplit(link).query)
    name = next((name for name in asked if _words(name) & {"offset", "skip", "start"}), None)
    size = next((values[0] for each, values in asked.items() if _words(each) & {"limit", "size", "count", "top", "per"}), "100")
    number = next((name for name in asked if "page" in _words(name) and not _words(name) & {"per", "size"}), "page")
    return f"{{by: offset, param: {name}, size: {size}}}" if name else f"{{by: page, param: {number}}}"


def trouble_told(envelope: Any, records: Any) -> str | None:
    """By what an answer says that it failed, or failed in part; its list is then not all there is, though it may be one."""
    for name, value in envelope.items() if isinstance(envelope, dict) else ():
        words = _words(name)
        if value is records:
            continue
        if words <= {"error", "errors"} and words and _is_filled(value):
            return f"`{name}` is filled"
        if words in ({"success"}, {"ok"}, {"is", "success"}) and _is_false(value):
            return f"`{name}` is false"
        if words == {"status"} and isinstance(value, str) and value.strip().lower() in FAILED:
            return f"`{name}` says {value.strip().lower()}"
        if words <= {"warning", "warnings"} and words and CUT.search(str(value)):
            return f"`{name}` says that it was cut"
    return None


def _is_filled(value: Any) -> bool:
    if isinstance(value, (dict, list)):
        return any(map(_is_filled, value.values() if isinstance(value, dict) else value))
    return value is not None and str(value).strip().lower() not in ("", "null", "none", "false", "0")


def is_nothing(value: Any) -> bool:
    """Whether a next page, link or cursor is none."""
    return value is None or isinstance(value, bool) or str(value).strip().lower() in NOTHING


def _facts(envelope: Any, records: Any, path: tuple[str, ...] = ()) -> Iterator[Fact]:
    """Every value that is no object and no list, and links of lists that say `rel: next`."""
    if not isinstance(envelope, dict) or len(path) > DEEPEST:
        return
    beside = frozenset(word for name, value in envelope.items() if value is not records for word in _words(name))
    of_list = not path or bool(_words(path[-1]) & ABOUT_LISTS) or any(value is records for value in envelope.values())
    for name, value in envelope.items():
        here = (*path, name)
        if value is records:
            continue
        if isinstance(value, dict):
            yield from _facts(value, records, here)
        elif isinstance(value, list):
            for link in value:
                if isinstance(link, dict) and link.get("rel") == "next":
                    yield Fact((*here, REL_NEXT), link.get("href") or link.get("url"), beside, of_list)
        else:
            yield Fact(here, value, beside, of_list)


def _words(name: str) -> set[str]:
    """`@odata.nextLink`: odata, next, link."""
    if squeezed := SQUEEZED.fullmatch(name.strip("@_$").lower()):
        return {part for part in squeezed.groups() if part}
    return {word.lower() for word in WORD.findall(name)}


def _is_true(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() in ("true", "yes", "1", "y"))


def _is_false(value: Any) -> bool:
    return value is False or (isinstance(value, str) and value.strip().lower() in ("false", "no", "0", "n"))


def _says_end(fact: Fact) -> bool:
    """`has_more: false` beside a cursor for the next time."""
    words = _words(fact.name)
    if words in LAST:
        return _is_true(fact.value) and str(fact.value) != "1"
    return _is_of_more(words) and _is_false(fact.value)


def _is_of_more(words: set[str]) -> bool:
    return ("more" in words and "learn" not in words) or ({"has", "next"} <= words and not words & EVENTS)


def _by_flag(fact: Fact, facts: list[Fact]) -> Told | None:
    words = _words(fact.name)
    cursors = (each for each in facts if _words(each.name) == {"end", "cursor"} and not is_nothing(each.value))
    cursor = next((f"{{by: cursor, param: after, next: {each.dotted}}}" for each in cursors), None)
    page = cursor or next((told.paging for each in facts if (told := _by_next(each))), PAGE)
    is_more = _is_of_more(words) or "truncated" in words or {"incomplete", "results"} <= words or words - {"is"} == {"partial"}
    if is_more and _is_true(fact.value):
        return Told(fact.dotted, f"`{fact.dotted}` says that there is more", page)
    is_left = words in DONE and fact.of_list and (fact.value is False or str(fact.value).lower() == "false")
    return Told(fact.dotted, f"`{fact.dotted}` is false: there is more", page) if is_left else None


def _by_rest(fact: Fact, held: Held) -> Told | None:
    """`remaining`: of records, where no quota stands beside it."""
    words, left = _words(fact.name), _whole(fact.value)
    if not left or "remaining" not in words or words - {"remaining"} - NOUNS or not fact.of_list or fact.beside & (LIMITS | {"reset"}):
        return None
    return Told("", f"`{fact.dotted}` says that {left} remain", PAGE, records=held.records + left)


def _by_next(fact: Fact) -> Told | None:
    """A next page, link or cursor that is not empty."""
    above = next((name for name in fact.path if _is_next(name)), None)
    value = fact.value
    if above is None or is_nothing(value):
        return None
    if DATE.fullmatch(str(value)) and not _words(above) & PAGES_GO_ON and above != "next":
        return None
    says = f"`{fact.dotted}` says that there is more"
    path = f'"{fact.dotted}"' if re.search(r"[^\w.]", fact.dotted) else fact.dotted
    if fact.name == REL_NEXT:
        return Told(fact.dotted, says, _paging_of(str(value)))
    if re.match(r"https?://|[/?]", str(value)):
        return Told(fact.dotted, says, f"{{by: next_link, next: {path}}}")
    if "page" in _words(fact.name) and _whole(value) is not None:
        return Told(fact.dotted, says, PAGE)
    name = re.sub(r"^_?next_?", "", fact.name, flags=re.IGNORECASE) or "cursor"
    return Told(fact.dotted, says, f"{{by: cursor, param: {name[:1].lower() + name[1:]}, next: {path}}}")


def _is_next(name: str) -> bool:
    words = _words(name)
    return ("next" in words or "continuation" in words or words == {"last", "evaluated", "key"}) and not words & EVENTS


def _by_pages(fact: Fact, held: Held) -> Told | None:
    words, pages = _words(fact.name), _whole(fact.value)
    is_pages = words in ALL_PAGES or (words == {"pages"} and fact.of_list and fact.beside & {"page", "total", "per", "limit", "current"})
    if not is_pages or pages is None or pages <= max(held.answers, 1):
        return None
    says = f"`{fact.dotted}` says {pages} pages, {max(held.answers, 1)} are here"
    return Told(fact.dotted, says, PAGE, pages=pages)


def _by_count(fact: Fact, facts: list[Fact], held: Held, asked: frozenset[str]) -> Told | None:
    """A number of all records greater than those held."""
    total = _whole(fact.value)
    if total is None or total <= held.records or not _is_count(fact, facts, held, asked):
        return None
    return Told(fact.dotted, f"`{fact.dotted}` says {total}, {held.records} are here", PAGE, records=total)


def _is_count(fact: Fact, facts: list[Fact], held: Held, asked: frozenset[str]) -> bool:
    """Whether a number is one of records: by its name, and where that may be money or a limit, by what stands beside it."""
    above = fact.path[:-1]
    words = _words(fact.name)
    if words == {"value"} and above and _words(above[-1]) == {"total"}:
        words = {"total", "hits"}
    if any(_words(name) & LIMITS for name in above):
        return False
    is_sum = any(total == _whole(fact.value) for total in held.sums.values())
    if words == {"total"}:
        is_of_list = fact.of_list and not fact.beside & (MONEY | LIMITS)
        return is_of_list and (bool(fact.beside & BESIDE_A_COUNT) or not is_sum)
    if words == {"count"}:
        others = any("total" in _words(each.name) and _whole(each.value) is not None for each in facts)
        return fact.of_list and not others and str(fact.value) not in asked
    if "size" in words:
        return words == {"total", "size"} and not is_sum
    return len(words) > 1 and words <= COUNTING and bool(words & (NOUNS | {"found"}))


def _whole(value: Any) -> int | None:
    """A number or a text of one; of numbers with a fraction none."""
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,15}", value.strip()) else None
