"""Money of which nobody said whether it is thousands, and in which currency: asked for, with the line to write."""

from __future__ import annotations

import pytest
from conftest_landing import Landing

from onefunnel.errors import ConfigError

AMOUNTS = "payment_id,paid_at,amount,currency\n"


def _payments(*amounts: str, currency: str = "EUR") -> str:
    return AMOUNTS + "".join(f'p{number},2026-01-05,"{amount}",{currency}\n' for number, amount in enumerate(amounts))


ASKED = [
    ("1.234", "12.500", "900", "3.000"),
    ("1.234", "1.234,50"),
    # one that was typed otherwise says nothing of the others
    ("1.500", "2.250", "3.750", "12000", "4.100"),
    ("990.5", "1.510", "2.260", "3.760", "4.110"),
]


@pytest.mark.parametrize("amounts", ASKED)
def test_thousands_or_three_decimals_is_asked_for(csv: Landing, amounts: tuple[str, ...]) -> None:
    csv.system, csv.entity = "template", "payments"
    csv.write("a.csv", _payments(*amounts))
    with pytest.raises(ConfigError, match=r"column amount[\s\S]*a.csv[\s\S]*`decimal_separator: \",\"`"):
        csv.land()
    for declared in ".,":
        csv.source = {"decimal_separator": declared}
        assert csv.land().rows == len(amounts)


DECIDED = [
    (("1.234", "2.500", "3.00", "4.500"), "EUR", 0),
    (("1.234", "2.500", "4.000", "1234"), "EUR", 0),
    (("1.234", "2.500", "4.000"), "KWD", 0),
    (("1.234", "900"), "EUR", 1),
    (("0.500", "1.234", "2.345", "3.456", "4.567"), "EUR", 0),
    (("1234.500", "1.234", "2.345", "3.456", "4.567"), "EUR", 0),
]


@pytest.mark.parametrize(("amounts", "currency", "warnings"), DECIDED)
def test_thousands_are_not_asked_for_where_the_others_say_it(csv: Landing, amounts: tuple[str, ...], currency: str, warnings: int) -> None:
    csv.system, csv.entity = "template", "payments"
    csv.write("a.csv", _payments(*amounts, currency=currency))
    assert len(csv.land().warnings) == warnings


OTHER_NUMBERS = {
    "payments": "payment_id,paid_at,amount,currency,direct_cost\np{row},2026-01-05,5000,EUR,{number}\n",
    "targets": "month,kpi,value\n2026-0{row},leads,{number}\n",
    "market_index": "month,index\n2026-0{row},{number}\n",
}


def _land_numbers(csv: Landing, entity: str, numbers: str) -> int:
    csv.system, csv.entity = "template", entity
    header, row = OTHER_NUMBERS[entity].splitlines()
    rows = [row.format(row=place, number=number) for place, number in enumerate(numbers.split(), start=1)]
    csv.write("a.csv", "\n".join([header, *rows, ""]))
    return csv.land().rows


@pytest.mark.parametrize(
    ("entity", "numbers"),
    [("payments", "1.200 1.300 900 2.400"), ("targets", "12.000 1.500 300 1.200"), ("market_index", "900 1.100 1.200 1.300")],
)
def test_thousands_are_asked_for_wherever_a_number_is_read(csv: Landing, entity: str, numbers: str) -> None:
    column = {"payments": "direct_cost", "targets": "value", "market_index": "index"}[entity]
    with pytest.raises(ConfigError, match=rf"column {column}: 3 value[\s\S]*`decimal_separator: \",\"`"):
        _land_numbers(csv, entity, numbers)
    csv.source = {"decimal_separator": ","}
    assert csv.land().rows == 4


@pytest.mark.parametrize(
    ("entity", "numbers"),
    [
        pytest.param("targets", "0.125 1.250 1.500 1.750", id="a ratio says what the point is"),
        pytest.param("targets", "25% 300 1200", id="no point at all"),
        pytest.param("market_index", "1.234 1.100 1.050 1.320", id="an index is of any unit"),
        pytest.param("market_index", "0.987 1.012 1.100 1.234 1", id="an index around 1"),
    ],
)
def test_numbers_that_are_of_one_size_only_are_read(csv: Landing, entity: str, numbers: str) -> None:
    assert _land_numbers(csv, entity, numbers) == len(numbers.split())


@pytest.mark.parametrize(
    ("costs", "is_told"),
    [
        (("12340000", "560000", "7890000", "45670000", "123450000"), True),
        (("150000", "2000000", "1250000", "300000", "70000"), False),
        (("12340000", "560000", "7890000", "45670000.5", "123450000"), False),
        (("12340000", "560000", "7890000"), False),
    ],
)
def test_millionths_are_told(csv: Landing, costs: tuple[str, ...], is_told: bool) -> None:
    csv.system, csv.entity = "template", "ad_spend"
    rows = [f"2026-01-{day:02},google,{cost},EUR" for day, cost in enumerate(costs, start=1)]
    csv.write("a.csv", "\n".join(["date,channel,cost,currency", *rows, ""]))
    assert any("divide them by 1,000,000" in warning for warning in csv.land().warnings) == is_told


@pytest.mark.parametrize(
    ("costs", "currency", "is_refused"),
    [
        (("1,234", "2,903", "15,100"), "EUR", True),
        (("1,234", "2,903", "1,150,100.50"), "RUB", True),
        (("1,234", "2,903", "15,10"), "EUR", False),
        (("1,234", "2,903", "15100"), "EUR", False),
        (("1,234", "2,903", "5,100"), "KWD", False),
    ],
)
def test_thousands_under_a_declared_comma_are_asked_for(csv: Landing, costs: tuple[str, ...], currency: str, is_refused: bool) -> None:
    csv.system, csv.entity, csv.source = "template", "ad_spend", {"decimal_separator": ","}
    rows = [f'2026-01-{day:02},google,"{cost}",{currency}' for day, cost in enumerate((*costs, "7"), start=1)]
    csv.write("a.csv", "\n".join(["date,channel,cost,currency", *rows, ""]))
    if is_refused:
        with pytest.raises(ConfigError, match=r"under a decimal comma[\s\S]*`decimal_separator: \"[.]\"`"):
            csv.land()
    else:
        assert csv.land().rows == len(costs) + 1


BY_COMMA = ("0,50", "7,12", "12,250", "900")


@pytest.mark.parametrize(
    ("declared", "costs", "line"),
    [
        (None, BY_COMMA, '","'),
        (None, ("€ 7,12", "12,250 €"), '","'),
        (None, ("1.234,50", "12,250"), '","'),
        (None, ("0,125", "12,250"), '","'),
        (",", ("2,500.00", "1,000"), '"[.]"'),
        (",", ("$2,500.00", "$1,000", "300"), '"[.]"'),
        (",", ("2,500,000", "1,000"), '"[.]"'),
    ],
)
def test_a_comma_that_others_of_the_column_read_otherwise_is_asked_for(
    csv: Landing, declared: str | None, costs: tuple[str, ...], line: str
) -> None:
    csv.system, csv.entity, csv.source = "template", "payments", {"decimal_separator": declared} if declared else {}
    csv.write("a.csv", _payments(*costs))
    told = rf"column amount: 1 value\(s\) such as 9,999, and \d such as 9,99[\s\S]*say `decimal_separator: {line}` of source src"
    with pytest.raises(ConfigError, match=told):
        csv.land()
    csv.source = {"decimal_separator": "." if declared else ","}
    assert not [warning for warning in csv.land().warnings if "comma" in warning]


@pytest.mark.parametrize(
    ("declared", "costs", "told"),
    [
        pytest.param(None, ("1,234.50", "12,250", "900", "0.50"), 0, id="English thousands"),
        pytest.param(None, ("12,250", "1,000", "900"), 0, id="thousands alone"),
        pytest.param(None, ("7,12", "0,50", "12,25"), 0, id="decimal commas are set aside"),
        pytest.param(None, ("1,234.50", "7,12", "12,250"), 1, id="a slip among English numbers"),
        pytest.param(".", ("7,12", "12,250"), 0, id="the point is declared"),
        pytest.param(",", ("1.234,50", "12,250", "7,12"), 0, id="three decimals under a comma"),
        pytest.param(",", ("2,500.00", "7,12", "1,000"), 1, id="both ways"),
        pytest.param(",", ("2,500.00", "7,12"), 0, id="nothing of two sizes"),
    ],
)
def test_a_comma_that_all_read_alike_is_not(csv: Landing, declared: str | None, costs: tuple[str, ...], told: int) -> None:
    csv.system, csv.entity, csv.source = "template", "payments", {"decimal_separator": declared} if declared else {}
    csv.write("a.csv", _payments(*costs))
    assert len([warning for warning in csv.land().warnings if "the comma stands before" in warning]) == told


def test_an_empty_currency_among_others_is_not_the_base_one(csv: Landing) -> None:
    csv.system, csv.entity = "template", "payments"
    dollars = "".join(f"{number},2026-01-05,5,USD\n" for number in range(3))
    csv.write("a.csv", AMOUNTS + dollars + "3,2026-01-05,5,\n4,2026-01-05,,\n")
    with pytest.raises(ConfigError, match=r"1 row\(s\) name no currency and count as EUR[\s\S]*`currency: USD`"):
        csv.land()
    csv.source = {"currency": "USD"}
    assert csv.land().rows == 5
    csv.source = {}
    csv.write("a.csv", AMOUNTS + dollars + "3,2026-01-05,5,EUR\n4,2026-01-05,5,\n")
    assert not csv.land().warnings


@pytest.mark.parametrize(
    "rows", ["1,2026-01-05,5,USD\n2,2026-01-05,5,\n", "1,2026-01-05,5,USD\n" * 3 + "2,2026-01-05,5,GBP\n3,2026-01-05,5,\n"]
)
def test_of_few_rows_or_of_many_currencies_it_is_only_told(csv: Landing, rows: str) -> None:
    csv.system, csv.entity = "template", "payments"
    csv.write("a.csv", AMOUNTS + rows)
    (warning,) = csv.land().warnings
    assert "1 row(s) name no currency and count as EUR" in warning


SPEND = "date,channel,cost,currency\n"
DAYS = [f"2026-01-0{day},ads,{day}0,EUR\n" for day in range(1, 5)]


@pytest.mark.parametrize(
    ("rows", "is_refused"),
    [
        pytest.param(DAYS + DAYS, True, id="appended to itself"),
        pytest.param([row for row in DAYS for _ in range(3)], True, id="each three times"),
        pytest.param(DAYS[:2] * 2, False, id="two rows may be so by chance"),
        pytest.param(DAYS, False, id="each once"),
    ],
)
def test_costs_that_all_stand_there_twice_are_asked_for(csv: Landing, rows: list[str], is_refused: bool) -> None:
    refused = r"each of its 4 rows stands there [23] times[\s\S]*a.csv[\s\S]*`overlap: add`" if is_refused else None
    assert _land_costs(csv, rows, refused) == len(rows)


def _land_costs(csv: Landing, rows: list[str], refused: str | None) -> int:
    """How many rows land: where they are refused with these words, once the entity says that they add up."""
    csv.system, csv.entity = "template", "ad_spend"
    csv.write("a.csv", SPEND + "".join(rows))
    if refused:
        with pytest.raises(ConfigError, match=refused):
            csv.land()
        csv.options["overlap"] = "add"
    return csv.land().rows


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param(DAYS + DAYS[1:], "6 rows of 3 days, such as 2026-01-02", id="two exports that overlap"),
        pytest.param([row + row.replace("ads", "seo") for row in DAYS] + DAYS[1:], None, id="half of each day"),
        pytest.param(DAYS + DAYS[2:], None, id="two days may be so by chance"),
        pytest.param(DAYS + [row.replace("0,EUR", "1,EUR") for row in DAYS], None, id="other costs"),
        pytest.param([f"2026-01-0{day},ads,0.00,EUR\n" * 2 for day in range(1, 5)] + DAYS[:1], None, id="what costs nothing"),
    ],
)
def test_whole_days_that_stand_there_twice_are_asked_for(csv: Landing, rows: list[str], told: str | None) -> None:
    refused = rf"{told}.*the costs would count as often[\s\S]*`overlap: add`" if told else None
    assert _land_costs(csv, rows, refused) == "".join(rows).count("\n")


THREE_OF_A_DAY = [f"2026-01-05,google,{cost},EUR\n" for cost in ("10.00", "20.00", "30.00")]
PAUSED = [f"2026-01-05,google,{cost},EUR\n" for cost in ("50.00", "0.00", "0")]


@pytest.mark.parametrize("days", [THREE_OF_A_DAY, [*DAYS[2:], "2026-01-03,seo,12,EUR\n"]])
def test_a_day_of_several_rows_that_stand_there_twice_is_asked_for(csv: Landing, days: list[str]) -> None:
    refused = r"all 6 rows of (1 day|2 days), such as 2026-01-0[35], stand there twice.*[\s\S]*`overlap: add`"
    assert _land_costs(csv, DAYS[:2] + days * 2, refused) == 8


@pytest.mark.parametrize(
    ("rows", "is_told"),
    [
        pytest.param(DAYS + DAYS[2:], True, id="two days of one campaign"),
        pytest.param(DAYS[:2] * 2, True, id="a whole file of two days"),
        pytest.param([*DAYS, *["2026-01-09,ads,12.34,EUR\n"] * 2], True, id="one row to the cent"),
        pytest.param(DAYS + DAYS[3:], False, id="one row of a round cost"),
        pytest.param(DAYS + PAUSED * 2, False, id="a budget of two ad sets beside what is paused"),
        pytest.param(DAYS + THREE_OF_A_DAY + THREE_OF_A_DAY[1:], False, id="a row of the day stands there once"),
    ],
)
def test_few_rows_that_stand_there_twice_are_told(csv: Landing, rows: list[str], is_told: bool) -> None:
    csv.system, csv.entity = "template", "ad_spend"
    csv.write("a.csv", SPEND + "".join(rows))
    assert any("the costs would count as often; deliver every row once" in warning for warning in csv.land().warnings) == is_told


def test_keywords_of_a_day_that_cost_alike_are_no_copy(csv: Landing) -> None:
    csv.system, csv.entity = "template", "ad_spend"
    rows = [f"2026-03-01,google,0.{ad}5,EUR,1,{word}\n" for ad in (1, 2, 3) for word in ("course", "school")]
    csv.write("a.csv", ACTIONS + "".join(rows) + "2026-03-02,google,7.50,EUR,40,course\n")
    assert not [warning for warning in csv.land().warnings if "count as often" in warning]


ACTIONS = "date,channel,cost,currency,impressions,Action type\n"


@pytest.mark.parametrize(
    ("impressions", "is_refused"),
    [pytest.param("900", True, id="the whole in each"), pytest.param("0", False, id="equal budgets of ad sets")],
)
def test_a_cost_that_stands_there_for_each_action_is_asked_for(csv: Landing, impressions: str, is_refused: bool) -> None:
    csv.system, csv.entity = "template", "ad_spend"
    rows = [f"2026-03-0{day},Facebook,2{day}.5,EUR,{impressions},{action}\n" for day in range(1, 5) for action in ("link", "like", "video")]
    csv.write("a.csv", ACTIONS + "".join(rows))
    if not is_refused:
        assert csv.land().rows == 12
        return
    with pytest.raises(ConfigError, match=r"stands there 3 times or more but for what nobody reads \(Action type\): the costs would count"):
        csv.land()
    csv.write("a.csv", ACTIONS + "".join(row for row in rows if "link" in row))
    assert csv.land().rows == 4


def test_costs_of_months_may_be_alike(csv: Landing) -> None:
    csv.system, csv.entity = "template", "channel_costs"
    months = [f"partners,2026-0{month}-01,2026-0{month}-28,100,EUR\n" for month in range(1, 6)]
    csv.write("a.csv", "channel,from_date,to_date,cost,currency\n" + "".join(months + months[:3]))
    assert csv.land().rows == 8


def test_payments_have_an_id_and_may_stand_there_twice(csv: Landing) -> None:
    csv.system, csv.entity = "template", "payments"
    csv.write("a.csv", AMOUNTS + "p1,2026-01-05,10,EUR\np2,2026-01-05,20,EUR\np3,2026-01-05,30,EUR\n" * 2)
    assert csv.land().rows == 6


SWAPPED = [f"2026-0{month}-02 10:00" for month in (1, 3, 5, 6, 7)]
LATER = [f"{day}.02.2026 10:00" for day in range(13, 19)]


def _land_leads(csv: Landing, days: list[str]) -> int:
    csv.system, csv.entity, csv.source = "template", "leads", {"date_order": "dmy"}
    csv.write("a.csv", "lead_id;created_at;channel\n" + "".join(f"{number};{day};seo\n" for number, day in enumerate(days)))
    return csv.land().rows


@pytest.mark.parametrize("later", [LATER, [day.replace(".", "/") for day in LATER], [f"02/{day}/26" for day in range(13, 18)]])
def test_days_that_a_program_took_for_months_are_refused(csv: Landing, later: list[str]) -> None:
    with pytest.raises(ConfigError, match=rf"column created_at: 5 dates all of the days 1 to 12, and {len(later)} texts of the others"):
        _land_leads(csv, SWAPPED + later)


@pytest.mark.parametrize(
    "days",
    [
        pytest.param([*SWAPPED, "2026-02-13", *LATER], id="an ISO date of a later day"),
        pytest.param([*SWAPPED, *LATER, "02.03.2026"], id="a text of an early day"),
        pytest.param(SWAPPED[:4] + LATER, id="few dates"),
        pytest.param(SWAPPED + LATER[:4], id="few texts"),
        pytest.param([f"2026-02-{day:02}" for day in range(1, 13)] + LATER, id="written otherwise from the 13th on"),
        pytest.param(SWAPPED * 2, id="ISO dates alone"),
        pytest.param(LATER * 2, id="texts alone"),
    ],
)
def test_dates_that_may_be_so_are_read(csv: Landing, days: list[str]) -> None:
    assert _land_leads(csv, days) == len(days)


def test_a_column_that_nobody_reads_may_hold_any_dates(csv: Landing) -> None:
    csv.system, csv.entity = "template", "leads"
    rows = "".join(f"{number},2026-01-05,seo,{day}\n" for number, day in enumerate(SWAPPED + LATER))
    csv.write("a.csv", f"lead_id,created_at,channel,birthday\n{rows}")
    assert csv.land().rows == 11


@pytest.mark.parametrize("second", ["amount,payment_id,paid_at,currency", " Payment_ID ,PAID_AT,currency,amount"])
def test_a_second_header_in_another_order_is_refused(csv: Landing, second: str) -> None:
    csv.system, csv.entity = "template", "payments"
    csv.write("a.csv", f"{AMOUNTS}p1,2026-01-05,10,EUR\n{second}\np2,2026-01-06,10,EUR\n")
    with pytest.raises(ConfigError, match=r"a second header in another order[\s\S]*as two files"):
        csv.land()
    csv.write("a.csv", f"{AMOUNTS}p1,2026-01-05,10,EUR\n{AMOUNTS}p2,2026-01-06,10,EUR\n")
    assert csv.land().rows == 2
