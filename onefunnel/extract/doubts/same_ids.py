"""Rows of one file that share an id and all that is read, and differ in what nobody reads: lines of an order, or one payment said twice.

They count once. Which they are only the source knows: what differs between them may be what each was paid for.
"""

from __future__ import annotations

from onefunnel.entities import contract_entities
from onefunnel.extract.doubts.sums import MONEY_OF
from onefunnel.extract.doubts.unread_words import ignore_line, number_sql, unread_columns
from onefunnel.extract.normalise import quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import Deliverable, TabularSource

ID_OF = {"payments": "payment_id", "payment_plan": "plan_id"}


def check_same_ids(writer: PartWriter, part: LandedFile, source: TabularSource, options: Deliverable) -> None:
    """Raise ConfigError where there are such rows of money and the entity does not say `overlap`."""
    entities = contract_entities(source.system, writer.staged.entity)
    entity = next((entity for entity in ID_OF if entity in entities), None)
    names = {name.strip().lower(): name for name in part.columns}
    unread = unread_columns(writer, part, options)
    if entity is None or options.overlap or not unread or not {ID_OF[entity], MONEY_OF[entity]} <= names.keys():
        return
    key, money = names[ID_OF[entity]], names[MONEY_OF[entity]]
    unsaid = {*unread, *options.ignore_columns}
    read = [name for name in part.columns if name not in unsaid]
    ways = ", ".join(f"count(distinct coalesce({quoted(name)}, '')) > 1 as way_{place}" for place, name in enumerate(unread))
    differs = [f"way_{place}" for place in range(len(unread))]
    groups = (
        f"select count(*) - 1 as more, any_value({number_sql(money, source.decimal_separator)}) as money, min(_row) as row, {ways} "
        f"from {rows_of(writer.staged.folder / part.part)} where {quoted(key)} is not null "
        f"group by {', '.join(map(quoted, read))} having count(*) > 1"
    )
    ored = ", ".join(f"bool_or({way})" for way in differs)
    query = f"select sum(more), sum(more * money), min(row), {ored} from ({groups}) where {' or '.join(differs)}"
    rows, lost, first, *said = writer.run(query, part.path).fetchone()
    if not rows:
        return
    shown = [name for name, is_said in zip(unread, said, strict=True) if is_said]
    writer.doubt(
        part,
        f"{rows} row(s), the first after row {first}, are alike in all that is read and differ in what is not ({', '.join(shown)}): "
        f"as one id counts once, their {money} of {lost or 0:,.2f} would not count",
        f"say of `{writer.staged.entity}`: `overlap: add` if each was paid, `overlap: replace` if they are one said several times, "
        f"or {ignore_line(shown[0])} if that column says nothing",
    )
