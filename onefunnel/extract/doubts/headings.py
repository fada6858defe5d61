"""A line among the rows that says one word and nothing else (Refunds, Unpaid, Planned), with rows below it that do not say it themselves.

The line is no row and is set aside; what it says of those below would be lost.
"""

from __future__ import annotations

import re

from onefunnel.entities import contract_entities
from onefunnel.extract.doubts import unread_vocabulary as words
from onefunnel.extract.doubts.sums import MONEY_OF
from onefunnel.extract.doubts.unread_subjects import SUBJECTS
from onefunnel.extract.doubts.unread_words import number_sql
from onefunnel.extract.normalise import literal, quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import TabularSource

AGREED_NO_MORE = f"{words.CANCELLED}|{words.AGREED_NO_MORE}"
NOT_SPENT = f"{words.begins(f'{AGREED_NO_MORE}|{words.NOT_SPENT}|{words.CAME_BACK}')}|{words.whole(words.MEANT)}"
# By which headings the rows below are none, in the words of a status.
NO_ROWS = {
    "payments": f"{words.begins(f'{words.CANCELLED}|{words.UNPAID}|{words.NOT_YET_PAID}')}|{words.whole(words.MEANT)}",
    "payment_plan": words.begins(AGREED_NO_MORE),
    "ad_spend": NOT_SPENT,
    "channel_costs": NOT_SPENT,
}


def check_headings(writer: PartWriter, part: LandedFile, source: TabularSource) -> None:
    """Raise ConfigError where rows of money stand between such a line and the next that holds one cell only."""
    entities = contract_entities(source.system, writer.staged.entity)
    entity = next((each for each in NO_ROWS if each in entities), None)
    names = {name.strip().lower(): name for name in part.columns}
    if entity is None or MONEY_OF[entity] not in names:
        return
    cells, money = [quoted(name) for name in part.columns], names[MONEY_OF[entity]]
    file, text = rows_of(writer.staged.folder / part.part), f"trim(coalesce({', '.join(cells)}))"
    is_alone = " + ".join(f"({cell} is not null)::int" for cell in cells) + " = 1"
    bare = rf"regexp_replace(replace(lower({text}), 'ё', 'е'), '^[^\p{{L}}]+|[^\p{{L}}]+$', '', 'g')"
    heads = (
        f"select _row, {text} as head, regexp_matches({bare}, {literal(NO_ROWS[entity])}) as says "
        f"from {file} where {quoted(money)} is null and {is_alone}"
    )
    if not writer.run(f"select 1 from ({heads}) where says limit 1", part.path).fetchone():
        return
    value = number_sql(money, source.decimal_separator)
    # a row with a kind of its own says what it is
    is_open = f"{value} > 0 and {quoted(names['kind']) if 'kind' in names else 'null'} is null"
    query = (
        f"select min_by(head, heads._row), min(heads._row), count(*), sum({value}) "
        f"from {file} as part asof join ({heads}) as heads on part._row > heads._row where says and {is_open}"
    )
    head, row, rows, total = writer.run(query, part.path).fetchone()
    if rows:
        what = f"row {row} says {head!r} and nothing else: {rows} row(s) below, {total:,.2f}, would count as {SUBJECTS[entity].counts_as}"
        say_it = "say it in `kind` of each of them, or leave them out" if entity == "payments" else "leave them out"
        writer.doubt(part, what, f"{say_it}; if they all count, leave out the line: `skip_rows_matching: '^\\W*{re.escape(head)}\\W*$'`")
