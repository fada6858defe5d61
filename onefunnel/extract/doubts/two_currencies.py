"""Ad spend of one day, channel and campaign in two currencies: a report in the money of the account and the same report in another."""

from __future__ import annotations

from onefunnel.entities import contract_entities
from onefunnel.extract.doubts.unread_words import number_sql
from onefunnel.extract.normalise import quoted, rows_of
from onefunnel.extract.parts import PartWriter
from onefunnel.landing.loads import LandedFile
from onefunnel.sources import Deliverable, TabularSource

KEY = ("date", "channel", "account", "campaign", "ad_group", "ad")
# So many campaigns; how far apart the proportions of one day may lie; the least cost of which they are exact to that.
MANY, SPREAD, LEAST_COST = 3, 1.01, 1


def check_two_currencies(writer: PartWriter, part: LandedFile, source: TabularSource, options: Deliverable) -> None:
    """Raise ConfigError where the costs of the two are in one proportion each day, over several campaigns of a day; warn where not."""
    names = {name.strip().lower(): name for name in part.columns}
    entities = contract_entities(source.system, writer.staged.entity)
    if "ad_spend" not in entities or options.overlap == "add" or not {"date", "cost", "currency"} <= names.keys():
        return
    key = ", ".join(f"coalesce({quoted(names[name])}, '')" for name in KEY if name in names)
    costs = (
        f"select any_value({quoted(names['date'])}) as day, [{key}] as key, upper(trim({quoted(names['currency'])})) as code, "
        f"sum({number_sql(names['cost'], source.decimal_separator)}) as cost "
        f"from {rows_of(writer.staged.folder / part.part)} group by key, code having code is not null and cost > 0"
    )
    pairs = (
        "select any_value(day) as day, min(code) as first, max(code) as second, arg_min(cost, code) as one, arg_max(cost, code) as other "
        f"from ({costs}) group by key having count(*) = 2"
    )
    days = (
        f"select first, second, count(*) as pairs, sum(other) as money, "
        f"count(*) > 1 as is_compared, max(other / one) <= {SPREAD} * min(other / one) as is_alike "
        f"from ({pairs}) where least(one, other) >= {LEAST_COST} group by first, second, day"
    )
    query = (
        "select first, second, sum(pairs), sum(money), coalesce(sum(pairs) filter (is_compared), 0), bool_and(is_alike) "
        f"from ({days}) group by first, second having sum(pairs) >= {MANY} order by 3 desc limit 1"
    )
    if found := writer.run(query, part.path).fetchone():
        first, second, told, money, compared, is_alike = found
        is_sure = is_alike and compared >= MANY
        what = (
            f"{told} campaigns of a day are there in {first} and in {second}{', in one proportion each day' if is_sure else ''}: "
            f"as one report told twice, their {money:,.2f} {second} would count once more"
        )
        hint = "deliver one of the two; if each was spent, say `overlap: add` of the entity"
        writer.doubt(part, what, hint, is_refused=is_sure)
