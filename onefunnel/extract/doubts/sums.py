"""A row whose money is that of all the others of its file together: the total of a report under a day and an id of its own.

Nothing in its words need say so; that one payment is by chance what all the others add up to is next to impossible where they are several.
"""

from __future__ import annotations

from onefunnel.entities import contract_entities
from onefunnel.extract.doubts.unread_words import number_sql
from onefunnel.extract.normalise import quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import Deliverable, TabularSource

MONEY_OF = {"payments": "amount", "payment_plan": "amount", "ad_spend": "cost", "channel_costs": "cost"}
# One of three equal prices may be the sum of the two others: fewer rows, or of fewer prices, are told.
LEAST_ROWS, CERTAIN_ROWS, CERTAIN_PRICES = 3, 5, 3
HALF_A_CENT = 0.005


def check_sums(writer: PartWriter, part: LandedFile, source: TabularSource, options: Deliverable) -> None:
    """Raise ConfigError where one row is the sum of the others of its currency; warn where they are few."""
    entities = contract_entities(source.system, writer.staged.entity)
    money = next((name for entity, name in MONEY_OF.items() if entity in entities), None)
    names = {name.strip().lower(): name for name in part.columns}
    if money not in names or options.overlap == "add":
        return
    currency = quoted(names["currency"]) if "currency" in names else "null"
    query = (
        f"with rows as (select _row, {currency} as currency, {number_sql(names[money], source.decimal_separator)} as money "
        f"from {rows_of(writer.staged.folder / part.part)}) "
        "select max(money), arg_max(_row, money), count(*) - 1, count(distinct money) - 1 from rows where money <> 0 group by currency "
        f"having count(*) > {LEAST_ROWS} and abs(sum(money) - 2 * max(money)) < {HALF_A_CENT} * count(*) "
        "order by count(*) desc limit 1"
    )
    found = writer.run(query, part.path).fetchone()
    if found is None:
        return
    total, row, others, prices = found
    what = f"row {row}: its {money} of {total:,.2f} is what the {others} others add up to: as a total it would count once more"
    hint = "deliver the rows without their total (`skip_rows_matching` leaves a line out); if it is one of them, say `overlap: add`"
    writer.doubt(part, what, hint, is_refused=others >= CERTAIN_ROWS and prices >= CERTAIN_PRICES)
