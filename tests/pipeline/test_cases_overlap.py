"""Rows that overlap: nothing is superseded in silence. Small inputs in the shape of real exports (tests/cases), and others of each kind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest
from nights import ROOT, RunCli

pytestmark = pytest.mark.slow

CASES = ROOT / "tests" / "cases"
HEAD = """version: 1
reporting: {base_currency: EUR, time_zone: Europe/Kyiv}
quality: {max_age_hours: 100000, min_rows_vs_previous_pct: 0}
sources:
"""
LEADS = "lead_id,created_at,channel,first_contact_at\nL1,2026-01-05 10:00:00,seo,2026-01-05 11:00:00\n"
SPEND = "date,channel,cost,currency,campaign\n2026-01-05,seo,{},EUR,Brand\n"
ACCOUNT = "date,channel,account,cost,currency\n2026-01-05,seo,{},{},EUR\n"
PAYMENTS = "payment_id,paid_at,amount,currency,lead_id,kind\n"
# totals that repeat the day, by their name and without one; and costs that are the sum of others because they never change
_DAYS = "date,channel,campaign,ad_group,cost,currency\n"
SUMS = {
    "all": _DAYS
    + "".join(f"2026-01-0{day},seo,{{}},,{{}},EUR\n" * 3 for day in (5, 6)).format(
        *(each for day in (5, 6) for each in ("Brand", 10, "Generic", 16 + day, "Все кампании", 26 + day))
    ),
    "blank": _DAYS + "".join(f"2026-01-0{day},seo,Brand,,{10 + day},EUR\n2026-01-0{day},seo,Brand,A,{10 + day},EUR\n" for day in (5, 6, 7)),
    "flat": _DAYS
    + "".join(f"2026-01-0{day},seo,{name},,{cost},EUR\n" for day in (5, 6, 7) for name, cost in (("A", 10), ("B", 20), ("C", 30))),
}

_ACCOUNTS = "date,channel,account,campaign,cost,currency\n"
# the same costs in two exports, one in more detail, with a day that was restated between them; and equal budgets of two accounts
TWO_FILES = {
    "finer": (
        _DAYS + "".join(f"2026-01-0{day},seo,Brand,,{10 + day},EUR\n" for day in range(1, 6)),
        _DAYS + "".join(f"2026-01-0{day},seo,Brand,A,{10 + day + (day == 4) / 4},EUR\n" for day in range(3, 8)),
    ),
    "one_day": (_DAYS + "2026-01-05,seo,Brand,,30,EUR\n", _DAYS + "2026-01-05,seo,Brand,A,10,EUR\n2026-01-05,seo,Brand,B,20,EUR\n"),
    "accounted": (
        _ACCOUNTS + "".join(f"2026-01-0{day},seo,,{name},{10 + day},EUR\n" for day in range(1, 6) for name in "AB"),
        _ACCOUNTS + "".join(f"2026-01-0{day},seo,7,{name},{10 + day},EUR\n" for day in range(4, 8) for name in "AB"),
    ),
    "budgets": (
        _ACCOUNTS + "".join(f"2026-01-0{day},seo,,A,100,EUR\n" for day in range(1, 6)),
        _ACCOUNTS + "".join(f"2026-01-0{day},seo,7,B,100,EUR\n" for day in range(1, 6)),
    ),
    # each part is rounded, and the total by itself: 43.33 + 28.11 + 10.11 is not 81.56
    "rounded": (
        _ACCOUNTS
        + "".join(
            f"2026-01-0{day},seo,,{name},{cost + day},EUR\n"
            for day in range(1, 4)
            for name, cost in (("A", 42.33), ("B", 27.11), ("C", 9.11), ("Все кампании", 78.56 + 2 * day))
        ),
    ),
    # of one file and day: what several add up to is no chance, one equal cost may be
    "day": (_DAYS + "2026-01-05,seo,Brand,,31,EUR\n2026-01-05,seo,Brand,A,11,EUR\n2026-01-05,seo,Brand,B,20,EUR\n",),
    "pair": (_DAYS + "2026-01-05,seo,Brand,,20,EUR\n2026-01-05,seo,Brand,B,20,EUR\n",),
    # under a word that no list knows
    "channels": (
        "date,channel,cost,currency\n"
        + "".join(
            f"2026-01-0{day},{name},{cost},EUR\n"
            for day in (5, 6, 7)
            for name, cost in (("seo", 10), ("google ads", day), ("Both", 10 + day))
        ),
    ),
}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def sources(folder: Path, entities: dict[str, str]) -> Path:
    """A sources.yml of template sources: name -> the entities as YAML writes them in one line."""
    lines = [
        f"  - {{name: {name}, system: template, connector: files, time_zone: Europe/Kyiv, entities: {{{each}}}}}\n"
        for name, each in entities.items()
    ]
    (folder / "sources.yml").write_text(HEAD + "".join(lines), encoding="utf-8")
    return folder / "sources.yml"


def queried(home: Path, query: str) -> dict:
    with duckdb.connect(str(home / "published" / "current.duckdb"), read_only=True) as db:
        return dict(db.execute(query).fetchall())


COST = "select source_name, sum(cost_base)::double from facts.fct_ad_spend where cost_kind = 'ad_spend' group by all"


def test_what_counts_where_the_sources_say_so(tmp_path: Path, run_cli: RunCli) -> None:
    """Two nights: what overlaps inside one delivery as declared, then what a later delivery restates."""
    shutil.copytree(CASES, tmp_path / "cases")
    accounts = tmp_path / "cases" / "ads" / "accounts"
    for letter in "ab":
        lines = (accounts / f"account_{letter}.csv").read_text(encoding="utf-8").splitlines()
        named = [f"{line},{'account' if not number else letter}" for number, line in enumerate(lines)]
        write(tmp_path, {f"named/account_{letter}.csv": "\n".join(named) + "\n"})
    write(
        tmp_path,
        {
            "natural/spend_9.csv": SPEND.format(9),
            "natural/spend_10.csv": SPEND.format(10),
            "same/a.csv": SPEND.format(7),
            "same/b.csv": SPEND.format("7.00") + "2026-01-06,seo,1,EUR,Brand\n",
            "twins/a.csv": SPEND.format(5),
            "twins/b.csv": SPEND.format(5),
            "delta/1.csv": SPEND.format(40),
            "later/a.csv": ACCOUNT.format("a", 100),
            "voided/payments_1.csv": PAYMENTS.replace("lead_id", "client_id")
            + "".join(f"{number},2026-01-20 12:00:00,10,EUR,A,\n" for number in range(100)),
            "voided/plan_1.csv": "plan_id,due_date,amount,currency,client_id\n"
            + "".join(f"{number},2026-03-01,10,EUR,A\n" for number in range(100)),
            "spelt/1.csv": SPEND.format(20).replace("Brand", "Cafe\u0301"),
            "clock/leads.csv": "lead_id,created_at,channel,updated_at\nL1,2026-01-05 10:00:00,blog,2026-01-07 10:00:00\n"
            "L1,2026-01-05 10:00:00,seo,2026-01-06 10:00:00\n",
            "clock/payments.csv": PAYMENTS + 2 * "1,2026-01-20 12:00:00,100,EUR,L1,\n",
            "plan/payment_plan.csv": "plan_id,due_date,amount,currency,lead_id\n1,2026-02-01,10,EUR,L1\n1,2026-03-01,20,EUR,L1\n",
        },
    )
    path = sources(
        tmp_path,
        {
            "named": 'ad_spend: {path: "named/*.csv"}',
            "added": 'ad_spend: {path: "cases/ads/accounts/*.csv", overlap: add}',
            "rename": 'ad_spend: {path: "cases/ads/rename/*.csv", delivery: delta, overlap: days}',
            "natural": 'ad_spend: {path: "natural/*.csv", overlap: replace}',
            "same": 'ad_spend: {path: "same/*.csv"}',
            "twins": 'ad_spend: {path: "twins/*.csv", overlap: add}',
            "delta": 'ad_spend: {path: "delta/*.csv", delivery: delta}',
            "later": 'ad_spend: {path: "later/*.csv"}',
            "spelt": 'ad_spend: {path: "spelt/*.csv", delivery: delta}',
            "voided": 'payments: {path: "voided/payments*.csv", delivery: delta}, '
            'payment_plan: {path: "voided/plan*.csv", delivery: delta}',
            "books": "leads: {path: cases/books/dup_numbers/leads.csv}, "
            "payments: {path: cases/books/dup_numbers/payments.csv, overlap: add}",
            "clock": "leads: {path: clock/leads.csv}, payments: {path: clock/payments.csv}, "
            "payment_plan: {path: plan/payment_plan.csv, overlap: add}",
        },
    )
    home = tmp_path / "home"
    run_cli("run", "--sources", path, "--home", home, "--as-of", "2026-03-31")
    assert queried(home, COST) == {
        "named": 450, "added": 450, "rename": 90, "natural": 10, "same": 8, "twins": 10, "delta": 40, "later": 100, "spelt": 20,
    }  # fmt: skip
    assert queried(home, "select source_name, count(distinct account) from facts.fct_ad_spend group by all")["named"] == 2
    paid = queried(home, "select source_name, sum(amount_base)::double from facts.fct_payment group by all")
    assert paid == {"books": 7000, "clock": 100, "voided": 1000}
    assert queried(home, "select source_name, sum(planned_base)::double from facts.fct_payment_plan group by all") == {
        "clock": 30,
        "voided": 1000,
    }
    assert queried(home, "select lead_key, channel_key from facts.fct_lead_funnel where source_name = 'clock'") == {"clock:L1": "blog"}
    columns = "source_name || '.' || entity, (rows_superseded, money_superseded::double)"
    gone = f"select {columns} from marts.mart_data_quality where rule = 'all'"
    superseded = {name: found for name, found in queried(home, gone).items() if found[0]}
    assert superseded == {
        "rename.ad_spend": (3, 90), "natural.ad_spend": (1, 9), "same.ad_spend": (1, 7), "clock.leads": (1, 0), "clock.payments": (1, 100),
    }  # fmt: skip
    told = json.loads(run_cli("status", "--home", home, "--json").stdout)
    assert {entry["source"]: float(entry["money_base"]) for entry in told["replaced"] if entry["entity"] == "ad_spend"} == {
        "rename": 90, "natural": 9, "same": 7,
    }  # fmt: skip
    assert "superseded: 7 rows, 206.00 in base currency" in run_cli("status", "--home", home).stdout
    # a newer row that says something else is a restatement: beyond the threshold, somebody looks; a repeated one is none
    (warning,) = [line for line in told["warnings"] if "superseded_money_share" in line]
    assert [name in warning for name in ("rename:ad_spend", "natural:ad_spend", "same:", "clock:")] == [True, True, False, False]

    write(
        tmp_path,
        {
            "delta/0.csv": SPEND.format(50),
            "later/b.csv": ACCOUNT.format("b", 350),
            "spelt/2.csv": SPEND.format(30).replace("Brand", "CAF\u00c9"),
            "voided/payments_2.csv": PAYMENTS.replace("lead_id", "client_id") + "1,2026-01-20 12:00:00,0,EUR,A,\n",
            "voided/plan_2.csv": "plan_id,due_date,amount,currency,client_id\n2,2026-03-02,0.00,EUR,A\n",
        },
    )
    run_cli("run", "--sources", path, "--home", home, "--as-of", "2026-04-01")
    # another account of the same day restates nothing
    assert (queried(home, COST)["delta"], queried(home, COST)["later"]) == (50, 450)
    # a campaign is the same in other letters of the same word
    assert queried(home, COST)["spelt"] == 30
    # what is nothing now was something before
    for relation, amount in (("fct_payment", "amount_base"), ("fct_payment_plan", "planned_base")):
        left = f"select source_name, sum({amount})::double from facts.{relation} where source_name = 'voided' group by all"
        assert queried(home, left) == {"voided": 990}, relation
    assert queried(home, gone)["voided.payments"] == (1, 10)
    assert queried(home, gone)["delta.ad_spend"] == (1, 40)
    (warning,) = [line for line in json.loads(run_cli("status", "--home", home, "--json").stdout)["warnings"] if "superseded_money" in line]
    assert "delta:ad_spend: 1 rows, 40.00" in warning


def test_what_nobody_settles_holds_the_night_back(tmp_path: Path, run_cli: RunCli) -> None:
    shutil.copytree(CASES, tmp_path / "cases")
    write(
        tmp_path,
        {
            "crm/leads.csv": LEADS,
            "crm/more_leads.csv": LEADS.replace("seo", "blog"),
            "crm/events.csv": "event_id,lead_id,stage,entered_at\n7,L1,sql,2026-01-06 10:00:00\n7,L1,sal,2026-01-07 10:00:00\n",
            "crm/plan.csv": "plan_id,due_date,amount,currency,lead_id\n1,2026-02-01,10,EUR,L1\n1,2026-03-01,20,EUR,L1\n",
            "money/costs_1.csv": "channel,from_date,to_date,cost,currency\nseo,2026-01-01,2026-01-31,31,EUR\n",
            "money/costs_2.csv": "channel,from_date,to_date,cost,currency\nseo,2026-01-01,2026-01-31,62,EUR\n",
            "money/targets.csv": "month,kpi,value,channel\n2026-03,leads,10,seo\n2026-03,leads,20,seo\n",
            "money/rates.csv": "date,currency,rate_to_base\n2026-01-05,USD,0.9\n",
            "bank/rates.csv": "date,currency,rate_to_base\n2026-01-05,USD,0.8\n",
            **{f"sums/{name}.csv": text for name, text in SUMS.items()},
        },
    )
    path = sources(
        tmp_path,
        {
            "crm": 'leads: {path: "crm/*leads.csv"}, stage_events: {path: crm/events.csv}, payment_plan: {path: crm/plan.csv}',
            "accounts": 'ad_spend: {path: "cases/ads/accounts/*.csv"}',
            "books": "leads: {path: cases/books/dup_numbers/leads.csv}, payments: {path: cases/books/dup_numbers/payments.csv}",
            "money": 'channel_costs: {path: "money/costs*.csv"}, targets: {path: money/targets.csv}, fx_rates: {path: money/rates.csv}',
            "bank": "fx_rates: {path: bank/rates.csv}",
            **{name: f"ad_spend: {{path: sums/{name}.csv}}" for name in SUMS},
        },
    )
    said = run_cli("run", "--sources", path, "--home", tmp_path / "home", "--as-of", "2026-03-31", code=3).stderr
    assert not (tmp_path / "home" / "published" / "current.duckdb").exists()
    for words in (
        "accounts.ad_spend: cases/ads/accounts/account_a.csv row 1 and cases/ads/accounts/account_b.csv row 1 say different things of "
        "date 2026-01-05, channel google ads and of 2 more keys, 450.00 in base currency is at stake; say in sources.yml under source "
        "accounts, entity ad_spend: `overlap: add`",
        "books.payments: cases/books/dup_numbers/payments.csv row 1 and cases/books/dup_numbers/payments.csv row 3 say different things of "
        "payment_id 000001 and of 1 more keys, 7000.00 in base currency",
        "crm.leads: crm/leads.csv row 1 and crm/more_leads.csv row 1 say different things of lead_id L1;",
        "deliver updated_at",
        "crm.stage_events: crm/events.csv row 1 and crm/events.csv row 2 say different things of event_id 7;",
        "crm.payment_plan: crm/plan.csv row 1 and crm/plan.csv row 2 say different things of plan_id 1, 30.00",
        "money.channel_costs: money/costs_1.csv row 1 and money/costs_2.csv row 1 say different things of 2026-01-01 to 2026-01-31, "
        "channel seo, 93.00",
        "money.targets: money/targets.csv row 1 and money/targets.csv row 2 say different things of month 2026-03-01, kpi leads, "
        "channel seo;",
        "bank.fx_rates: bank/rates.csv row 1 and money/rates.csv row 1 say different things of date 2026-01-05, currency USD; "
        "sources bank and money both deliver it: take fx_rates out of one of them",
        "all.ad_spend: sums/all.csv row 3 and sums/all.csv row 6 are the sum of the others of their days: campaign Все кампании, 2 day(s), "
        "63.00 in base currency is at stake; export it without totals, or leave their lines out with `skip_rows_matching`",
        "blank.ad_spend: sums/blank.csv row 1 and sums/blank.csv row 5 are the sum of the others of their days: ad group (empty), ",
    ):
        assert words in said, (words, said[-6000:])
    assert "flat.ad_spend" not in said


def test_the_same_costs_in_two_exports_are_told_where_one_says_more(tmp_path: Path, run_cli: RunCli) -> None:
    """By ad group and without, by account and without; equal budgets of two accounts are no sum of one another. So are rates of which the
    second file is the inverse of the first.
    """
    write(tmp_path, {f"{name}/{number}.csv": text for name, texts in TWO_FILES.items() for number, text in enumerate(texts)})
    head = "date,currency,rate_to_base\n"
    rates = {"feb": "2026-02-27,CHF,1.07\n2026-02-27,GBP,1.16\n", "mar": "2026-03-02,CHF,0.9346\n2026-03-02,GBP,1.14\n"}
    write(tmp_path, {f"rates/{month}.csv": head + text for month, text in rates.items()})
    spend = {name: f'ad_spend: {{path: "{name}/*.csv"}}' for name in TWO_FILES}
    path = sources(tmp_path, spend | {"rates": 'fx_rates: {path: "rates/*.csv"}'})
    home = tmp_path / "home"
    run_cli("extract", "--sources", path, "--home", home, "--as-of", "2026-03-31")
    run_cli("build", "--sources", path, "--home", home)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as db:
        columns = "source_name, first_file, first_row, last_file, last_row, money_base::double"
        found = db.execute(f"select {columns} from facts.fct_disputed_key order by 1").fetchall()
    assert found == [
        ("accounted", "accounted/0.csv", 7, "accounted/0.csv", 10, 58),
        ("channels", "channels/0.csv", 3, "channels/0.csv", 9, 48),
        ("day", "day/0.csv", 1, "day/0.csv", 1, 31),
        ("finer", "finer/0.csv", 3, "finer/0.csv", 5, 42),
        ("one_day", "one_day/0.csv", 1, "one_day/0.csv", 1, 30),
        ("rates", "rates/feb.csv", 1, "rates/mar.csv", 1, 0),
        ("rounded", "rounded/0.csv", 4, "rounded/0.csv", 12, 253.68),
    ]
