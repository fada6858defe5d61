"""Exports as programs and people really write them, drawn at random, with what each row means.

A file has one way to write numbers, one to write dates, and the habits of its program: encoding, delimiter, quotes, line ends, titles,
totals. Now and then a cell is something that no setting makes readable; then the row means nothing, and must be set aside.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
from workbooks import number, row, text, workbook

ZONE = ZoneInfo("Europe/Berlin")
# key -> (UTC moment or day, amount; leads have none); None: nobody can read the row
Meaning = dict[str, tuple[date, Decimal | None] | None]
MONTHS = ("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря")
SHORT_MONTHS = ("янв.", "февр.", "мар.", "апр.", "мая", "июн.", "июл.", "авг.", "сент.", "окт.", "нояб.", "дек.")


@dataclass
class Export:
    """One source with one entity. files: content by name; rows: lines that are rows, as often as written; habits: for the report."""

    name: str
    entity: str
    settings: dict[str, object]
    options: dict[str, object]
    meaning: Meaning = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    rows: int = 0
    codec: str = "utf-8"
    habits: list[str] = field(default_factory=list)


# ---------- numbers

SPACES = (" ", "\u00a0", "\u202f", "\u2009")
GROUPS = {".": (",", "'", "’", *SPACES), ",": (".", "'", "’", *SPACES)}
SIGNS = {
    "EUR": ("€{}", "{} €", "{}\u00a0€", "EUR {}", "{} EUR"),
    "USD": ("${}", "US$ {}", "{} USD"),
    "RUB": ("{} ₽", "{} руб.", "{} р.", "RUB {}"),
}
UNREADABLE_NUMBERS = ("#REF!", "n/a", "12,34,5", "1.2.3.4", "5 %", "see note", "1_000", "--7", "1 23", "∞", "1/2", "٣٤", "5 шт")


def number_form(random: Random, separator: str, currency: str) -> Callable[[Decimal], str]:
    """How a file writes its amounts: groups, decimals, currency, sign."""
    group = random.choice(("", "", *GROUPS[separator]))
    sign = random.choice(("{}", "{}", "{}", *SIGNS[currency]))
    negative = random.choice(("-{}", "-{}", "({})", "{}-", "−{}"))
    always_cents = random.random() < 0.7

    def write(amount: Decimal) -> str:
        written = f"{abs(amount):,.2f}" if always_cents or amount % 1 else f"{abs(amount):,.0f}"
        written = written.replace(",", "\0").replace(".", separator).replace("\0", group)
        shown = sign.format(written)
        return negative.format(shown) if amount < 0 else shown

    return write


# ---------- dates

Write = Callable[[datetime], str]


def _offset(moment: datetime) -> str:
    return moment.astimezone(ZONE).strftime("%z")


# precision in seconds -> forms of a local time, for strftime or what it cannot say; those under an order are read only where it is declared
FORMS: dict[str, list[tuple[int, str | Write]]] = {
    "any": [
        (1, "%Y-%m-%d %H:%M:%S"),
        (1, "%Y-%m-%dT%H:%M:%S"),
        (60, "%Y-%m-%d %H:%M"),
        (86400, "%Y-%m-%d"),
        (86400, "%Y%m%d"),
        (1, "%Y/%m/%d %H:%M:%S"),
        (1, lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.000") + _offset(at)),
        (1, lambda at: at.strftime("%Y-%m-%dT%H:%M:%S") + _offset(at)[:3] + ":" + _offset(at)[3:]),
        (1, lambda at: at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
        (1, lambda at: at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")),
        (1, lambda at: at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S+00")),
        (1, lambda at: str(int(at.timestamp()))),
        (1, lambda at: str(int(at.timestamp() * 1000))),
        (60, "%b %-d, %Y, %-I:%M %p"),
        (86400, "%-d %b %Y"),
        (86400, "%B %-d, %Y"),
        (60, lambda at: f"{at.day} {SHORT_MONTHS[at.month - 1]} {at.year} г., {at:%H:%M}"),
        (86400, lambda at: f"{at.day} {MONTHS[at.month - 1]} {at.year} г."),
        (1, lambda at: at.strftime("%a, %d %b %Y %H:%M:%S ") + _offset(at)),
        (1, lambda at: at.strftime("%a %b %d %Y %H:%M:%S GMT") + _offset(at)),
    ],
    "dmy": [
        (1, "%d.%m.%Y %H:%M:%S"),
        (60, "%d.%m.%Y %H:%M"),
        (60, "%d.%m.%Y, %H:%M"),
        (1, "%d.%m.%Y %-H:%M:%S"),
        (86400, "%d.%m.%Y"),
        (86400, "%-d.%-m.%y"),
        (86400, "%d/%m/%Y"),
        (60, "%d-%m-%Y %H:%M"),
        (86400, "%d.%m.%Y г."),
    ],
    "mdy": [
        (60, "%m/%d/%Y %I:%M %p"),
        (1, "%-m/%-d/%Y %-I:%M:%S %p"),
        (60, "%-m/%-d/%y %-H:%M"),
        (86400, "%-m/%-d/%Y"),
        (86400, "%m-%d-%Y"),
    ],
    "ymd": [(86400, "%y-%m-%d"), (60, "%Y.%m.%d %H:%M")],
}
UNREADABLE_DATES = ("46027.4375", "yesterday", "2026-02-30", "31.31.2025", "00.00.0000", "0000-00-00", "#VALUE!", "Q1 2026", "10:30")


def date_form(random: Random, order: str) -> tuple[int, Write]:
    precision, form = random.choice([*FORMS["any"], *FORMS[order], *FORMS[order], *FORMS[order]])
    return precision, (lambda at: at.strftime(form)) if isinstance(form, str) else form


# ---------- rows

NOTES = (
    *("", "", "ok", "ok", "ok", "a;b", "a,b", 'said "yes"', "two\nlines", "tab\there", "Привет, мир", "— ™ ✓ 🙂"),
    *("  padded ", "=SUM(A1)", "'x", "|"),
)
COLUMNS = {
    "payments": ("payment_id", "paid_at", "amount", "currency", "lead_id", "kind"),
    "ad_spend": ("date", "channel", "cost", "currency", "campaign"),
    "payment_plan": ("plan_id", "due_date", "amount", "currency", "lead_id"),
    "leads": ("lead_id", "created_at", "channel"),
}
KEYS = {"payments": "payment_id", "ad_spend": "campaign", "payment_plan": "plan_id", "leads": "lead_id"}
DATED = {"payments": "paid_at", "ad_spend": "date", "payment_plan": "due_date", "leads": "created_at"}
MONEY = {"payments": "amount", "ad_spend": "cost", "payment_plan": "amount"}


@dataclass
class Row:
    """cells as text; at and amount as a program that types its cells holds them."""

    cells: dict[str, str]
    at: datetime | None
    amount: Decimal | None


def draw_rows(random: Random, export: Export, currency: str) -> list[Row]:
    """Rows of one entity in the file's own way to write, and what they mean, into the export."""
    order, separator = str(export.settings["date_order"]), str(export.settings["decimal_separator"])
    precision, write_date = date_form(random, order)
    write_number = number_form(random, separator, currency)
    rows = []
    for position in range(random.choice((3, 8, 20))):
        start = datetime(2025, 1, 1, 8, tzinfo=ZONE) + timedelta(days=random.randrange(440), seconds=random.randrange(40_000))
        at = start.replace(hour=0, minute=0, second=0) if precision == 86400 else start - timedelta(seconds=start.second % precision)
        magnitude = 10 ** random.choice((1, 2, 3, 4, 6))
        amount = Decimal(random.randrange(1, 100 * magnitude)) / random.choice((1, 10, 100, 100))
        is_refund = export.entity == "payments" and random.random() < 0.2
        amount = -amount if is_refund else amount
        key = f"{export.name}-{position}"
        cells = {"lead_id": "L1", KEYS[export.entity]: key, DATED[export.entity]: write_date(at)}
        cells |= {MONEY[export.entity]: write_number(amount)} if export.entity in MONEY else {}
        cells |= {"currency": random.choice((currency, currency.lower())), "channel": random.choice(("seo", "Google Ads", "контекст"))}
        cells |= {"kind": "refund" if is_refund else "payment", "note": random.choice(NOTES), "city": random.choice(("", "Köln", "Омск"))}
        when = at.astimezone(UTC).replace(tzinfo=None) if export.entity in ("payments", "leads") else at.date()
        export.meaning[key] = (when, amount if export.entity in MONEY else None)
        drawn = Row(cells, at, amount)
        if random.random() < 0.05:
            spoilt, texts = random.choice(((MONEY, UNREADABLE_NUMBERS), (DATED, UNREADABLE_DATES))[export.entity not in MONEY :])
            cells[spoilt[export.entity]] = random.choice(texts)
            drawn = Row(cells, None if spoilt is DATED else at, None if spoilt is MONEY else amount)
            export.meaning[key] = None
        rows.append(drawn)
    return rows


# ---------- files

ENCODINGS: tuple[tuple[str, str | None], ...] = (
    ("utf-8", None), ("utf-8", None), ("utf-8-sig", None), ("utf-8-sig", "windows-1251"), ("utf-16", None), ("utf-16-le", "utf-16-le"),
    ("utf-16-le", None), ("windows-1251", "windows-1251"), ("windows-1251", None), ("windows-1252", "windows-1252"), ("koi8-r", "koi8-r"),
)  # fmt: skip
TITLES = (["Отчёт по платежам"], ["Report", "1/1/2026 - 3/31/2026"], ["Campaign performance (EUR)", "", "All accounts"], ['"Unbalanced'])
TOTALS = ("Total", "Итого:", "Grand total", "Summe", "ИТОГО")


def write_csv(random: Random, export: Export, columns: list[str], rows: list[Row]) -> bytes:
    delimiter = str(export.options.get("delimiter") or random.choice(",;;\t|"))
    end = random.choice(("\r\n", "\r\n", "\n", "\n", "\r"))
    quoting = random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    habits = {name for name, share in HABITS.items() if random.random() < share}
    export.habits += [f"delimiter {delimiter!r}", f"end {end!r}", *sorted(habits)]
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=delimiter, lineterminator=end, quoting=quoting)
    if "sep=" in habits:
        target.write(f"sep={delimiter}{end}")
    if "titles" in habits:
        target.write("".join(line + end for line in random.choice(TITLES)))
    tail = [""] if "trailing delimiter" in habits else []
    header = [name.upper() if "upper" in habits else f" {name} " if "padded" in habits else name for name in columns]
    writer.writerow(header + tail)
    for position, drawn in enumerate(rows):
        cells = [drawn.cells.get(name, "") for name in columns] + tail
        while "short rows" in habits and len(cells) > 1 and not cells[-1]:
            cells.pop()
        writer.writerow(cells)
        if "blank lines" in habits and random.random() < 0.2:
            target.write(end)
        if "header again" in habits and position == len(rows) // 2:
            writer.writerow(header + tail)
    if "totals" in habits:
        total = sum((drawn.amount for drawn in rows if drawn.amount), Decimal(0))
        money = MONEY.get(export.entity)
        writer.writerow([random.choice(TOTALS) if not index else f"{total}" if name == money else "" for index, name in enumerate(columns)])
    if "blank end" in habits:
        target.write(end * 3)
    content = target.getvalue()
    if "no last end" in habits:
        content = content.removesuffix(end)
    if "stray quotes" in habits:  # as programs write that do not know that a quote in a cell is doubled
        content = content.replace(f"{delimiter}ok{end}", f'{delimiter}"Acme{end}', 1)
        content = f'Acme"{end}'.join(content.rsplit(f"ok{end}", 1))
    if "nul" in habits:
        content = content.replace("ok", "o\0k", 1)
    return content.encode(export.codec, errors="replace")


HABITS = {
    "sep=": 0.1, "titles": 0.15, "trailing delimiter": 0.1, "upper": 0.1, "padded": 0.05, "short rows": 0.1, "blank lines": 0.1,
    "header again": 0.1, "totals": 0.15, "blank end": 0.15, "no last end": 0.3, "nul": 0.05, "stray quotes": 0.15,
}  # fmt: skip


def write_xlsx(random: Random, export: Export, columns: list[str], rows: list[Row]) -> bytes:
    """Typed cells for dates and money, or texts, or a mixture by row."""
    share = random.choice((0, 1, 1, 0.5))
    lines = [row(1, *(text(f"{chr(65 + index)}1", name) for index, name in enumerate(columns)))]
    for line, drawn in enumerate(rows, start=2):
        cells = []
        for index, name in enumerate(columns):
            place, is_typed = f"{chr(65 + index)}{line}", random.random() < share
            if is_typed and name == MONEY.get(export.entity) and drawn.amount is not None:
                cells.append(number(place, str(drawn.amount)))
            elif is_typed and name == DATED[export.entity] and drawn.at is not None:
                days = (drawn.at.replace(tzinfo=None) - datetime(1899, 12, 30)) / timedelta(days=1)
                cells.append(number(place, repr(days), 2))
            elif drawn.cells.get(name):
                cells.append(text(place, drawn.cells[name]))
        lines.append(row(line, *cells))
    export.habits.append(f"xlsx typed {share}")
    return workbook(("Sheet1", "".join(lines)))


def write_parquet(random: Random, export: Export, columns: list[str], rows: list[Row]) -> bytes:
    """Money as decimal or double, moments with or without a zone, all else text; text throughout where a cell is unreadable."""
    money, dated = MONEY.get(export.entity), DATED[export.entity]
    kind = random.choice(("typed", "text")) if all(drawn.at and drawn.amount is not None for drawn in rows) else "text"
    arrays: dict[str, pa.Array] = {name: pa.array([drawn.cells.get(name) or None for drawn in rows], pa.string()) for name in columns}
    if kind == "typed":
        amounts = [drawn.amount for drawn in rows if drawn.amount is not None]
        decimals, doubles = pa.array(amounts, pa.decimal128(18, 2)), pa.array([float(amount) for amount in amounts], pa.float64())
        arrays |= {money: random.choice((decimals, doubles))} if money else {}
        moments = [drawn.at for drawn in rows if drawn.at]
        arrays[dated] = random.choice(
            (pa.array(moments, pa.timestamp("us", "UTC")), pa.array([at.replace(tzinfo=None) for at in moments], pa.timestamp("ms")))
        )
    target = io.BytesIO()
    pq.write_table(pa.table(arrays), target)
    export.habits.append(f"parquet {kind}")
    return target.getvalue()


def write_json(random: Random, export: Export, columns: list[str], rows: list[Row]) -> bytes:
    records = _records(random, export, columns, rows)
    return json.dumps(records if random.random() < 0.5 else {"data": records, "count": len(records)}).encode()


def write_json_lines(random: Random, export: Export, columns: list[str], rows: list[Row]) -> bytes:
    records = _records(random, export, columns, rows)
    return "".join(json.dumps(record, ensure_ascii=random.random() < 0.5) + "\n" for record in records).encode()


def _records(random: Random, export: Export, columns: list[str], rows: list[Row]) -> list[dict[str, object]]:
    share = random.choice((0, 1, 0.5))
    records = []
    for drawn in rows:
        record: dict[str, object] = {name: drawn.cells.get(name) or None for name in columns}
        if export.entity in MONEY and drawn.amount is not None and random.random() < share:
            record[MONEY[export.entity]] = float(drawn.amount)
        records.append(record)
    export.habits.append(f"json typed {share}")
    return records


def draw_export(random: Random, name: str) -> Export:
    """One source: some rows, in one to three files, with duplicates of some rows in the same or another file."""
    order, separator = random.choice((("ymd", "."), ("ymd", "."), ("dmy", ","), ("dmy", ","), ("dmy", "."), ("mdy", ".")))
    currency = random.choice(("EUR", "EUR", "RUB", "USD"))
    entity = random.choice(("payments", "payments", "ad_spend", "payment_plan", "leads"))
    settings: dict[str, object] = {"date_order": order, "decimal_separator": separator, "currency": currency}
    export = Export(name, entity, settings, {})
    rows = draw_rows(random, export, currency)
    columns = [*COLUMNS[entity], *random.sample(("note", "city"), random.randrange(3))]
    if random.random() < 0.5:
        random.shuffle(columns)
    form = random.choice(("csv",) * 7 + ("xlsx", "xlsx", "parquet", "json", "jsonl"))
    if form == "csv":
        export.codec, declared = random.choice(ENCODINGS)
        export.habits.append(f"encoding {export.codec} declared as {declared}")
        export.options |= {"encoding": declared} if declared else {}
        export.options |= {"delimiter": random.choice(",;\t|")} if random.random() < 0.2 else {}
    if random.random() < 0.15 and entity != "ad_spend":
        rows.append(random.choice(rows))
        export.habits.append("a row twice")
    write = {"csv": write_csv, "xlsx": write_xlsx, "parquet": write_parquet, "json": write_json, "jsonl": write_json_lines}[form]
    for part_number, part in enumerate(_split(random, rows)):
        export.files[f"{name}/parts/part_{part_number}.{form}"] = write(random, export, columns, part)
    export.rows = len(rows)
    export.options["path"] = f"{name}/parts/*.{form}"
    return export


def _split(random: Random, rows: list[Row]) -> Iterator[list[Row]]:
    parts = random.choice((1, 1, 1, 2, 3))
    size = -(-len(rows) // parts)
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
