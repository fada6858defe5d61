"""Files in the shape of real exports, and the sources that deliver them: what `test_cases_values` reads in one night."""

from __future__ import annotations

from nights import ROOT

CASES = ROOT / "tests" / "cases"
BERLIN = {"time_zone": "Europe/Berlin", "system": "template", "connector": "files"}
GERMAN = BERLIN | {"date_order": "dmy", "decimal_separator": ",", "currency": "EUR"}


def _source(name: str, folder: str, settings: dict[str, object] | None = None, **files: str) -> dict[str, object]:
    entities = {entity: {"path": f"{folder}/{path}"} for entity, path in files.items()}
    return (settings or BERLIN) | {"name": name, "entities": entities}


SOURCES = [
    _source("million", "million", leads="leads.csv", payments="payments.csv"),
    _source(
        "roubles",
        "roubles",
        BERLIN | {"currency": "RUB", "formats": ["%d|%m|%Y %H:%M", "%d|%m|%Y %H:%M %z"]},
        leads="leads.csv",
        payments="payments.csv",
    ),
    _source("us", "forms", BERLIN | {"date_order": "mdy"}, leads="us_leads.csv"),
    _source("ru", "forms", GERMAN | {"currency": "RUB"}, leads="ru_leads.csv", payments="ru_payments.csv"),
    _source("fx", "forms", fx_rates="fx.csv"),
    _source("thousands", "ads/thousands", ad_spend="en.csv"),
    _source("pg_ts", "books/pg_ts", leads="leads.csv", payments="payments.csv"),
    _source("opt_ts", "books/opt_ts", leads="leads.csv"),
    _source("words", "books/status_words", leads="leads.csv", channel_costs="costs.csv", targets="targets.csv"),
    _source("flags", "books/flags", leads="leads.csv"),
    _source("twice", "twice", payments="payments.csv", ad_spend="ads.csv", fx_rates="fx.csv"),
    _source("spelt", "spelt", leads="leads*.csv", payments="payments*.csv", ad_spend="ads.csv", payment_plan="plan*.csv"),
    _source("payers", "payers", payments="payments.csv"),
    _source("more", "more", leads="leads.csv", payments="payments.csv", payment_plan="plan.csv", ad_spend="ads.csv"),
]
# the edge of what money holds, formats that sources.yml declares, days with an offset, words with odd letters, contacts that are nobody
MORE = {
    "roubles/leads.csv": "lead_id,created_at,channel\nL1,05|01|2026 10:00,seo\nL2,05|01|2026 10:00 +0300,seo\n",
    "roubles/payments.csv": "payment_id,paid_at,amount,currency,lead_id\nbig,08|01|2026 10:00,1000000000000000.00,RUB,L1\n",
    "spelt/leads_1.csv": (
        "lead_id,created_at,channel,contact_id\n7,2026-01-05,seo,0077\nab,2026-01-05,seo,\n0019,2026-01-05,seo,\n{ABCDEF01-23},2026-01-05,seo,\n"
    ),
    "spelt/leads_2.csv": (
        "lead_id,created_at,channel,contact_id\n7.0,2026-01-05,seo,77.0\n70,2026-01-05,seo,770\nabcdef01-23,2026-01-05,seo,\n"
    ),
    "spelt/plan_1.csv": "plan_id,due_date,amount,currency,lead_id\n1,2026-03-01,5,EUR,ab\n",
    "spelt/plan_2.csv": "plan_id,due_date,amount,currency,lead_id\n1.0,2026-03-01,5,EUR,ab\n10,2026-03-01,5,EUR,ab\n",
    "payers/payments.csv": (
        "payment_id,paid_at,amount,currency,client_id\nq1,2026-01-08,2,EUR,C-9\nq2,2026-01-08,3,EUR,c-9\nq3,2026-01-08,3,EUR,c-90\n"
    ),
    "spelt/payments_1.csv": "payment_id,paid_at,amount,currency,lead_id\n0088,2026-01-08,100,EUR,ab\nINV-1,2026-01-08,30,EUR,ab\n",
    "spelt/payments_2.csv": (
        "payment_id,paid_at,amount,currency,lead_id\n88.0,2026-01-08,100,EUR,ab\ninv-1,2026-01-08,30,EUR,ab\n880,2026-01-08,1,EUR,ab\n"
    ),
    "spelt/ads.csv": "date,channel,cost,currency,impressions,clicks\n2026-01-06,seo,7.00,EUR,10,1\n",
    # what `spelt` delivers as well; rates of which one lost its point
    "twice/payments.csv": "payment_id,paid_at,amount,currency,client_id\n0088,2026-01-08,100,EUR,x\nINV-1,2026-01-08,31,EUR,x\n",
    "twice/ads.csv": "date,channel,cost,currency,impressions,clicks\n2026-01-06,SEO,7,EUR,10,1\n2026-01-07,seo,7,EUR,10,1\n",
    "twice/fx.csv": (
        "date,currency,rate_to_base\n2026-01-01,MMK,0.021\n2026-01-05,MMK,0.02\n2026-01-10,MMK,2\n"
        "2026-01-15,MMK,0.02\n2026-01-20,MMK,0.019\n"
    ),
    "more/leads.csv": (
        "lead_id,created_at,channel,contact_email,contact_phone,contact_id,reason,requested_service,is_test\n"
        "M1,2026-01-05,Word of\u00a0 Mouth,n/a,-,,Too  expensive,Blogging,maybe\n"
        "M2,2026-01-05,G\u043eogle,N/A,000000000,n/a,,seo,\n"
        "M3,2026-01-05,(not set),--,+7,(not set),price,,\n"
    ),
    "more/payments.csv": (
        "payment_id,paid_at,amount,currency,lead_id,direct_cost\n"
        "m1,2026-01-08,(5.00),EUR,M1,\nm2,2026-01-08,5 €,EUR,M1,$1\nm3,2026-01-08,€ 5.00,EUR,M1,1 EUR\n"
    ),
    "more/plan.csv": "plan_id,due_date,amount,currency,lead_id,service\nk1,2026-03-01,1000000000000.00,EUR,M1,Podcasting\n",
    "more/ads.csv": (
        "date,channel,cost,currency,impressions,clicks\n2026-01-31T23:30:00Z,Cinema,100000000000000.01,EUR,12.345,1.000\n"
        "2026-01-05,seo,usd 5,EUR,1,1\n"
    ),
}


# ---------- forms of values, as the tests of each form by itself read them


def forms(text: str) -> list[str]:
    return text.split(" | ")


MOMENTS = {
    "ymd": {
        "2026-01-05 10:30": forms(
            "2026-01-05T10:30:00 | 2026/1/5 10:30 | 2026.01.05 10:30:00.000 | 202601051030 | 20260105T103000 | "
            "26-01-05 10:30 | 2026-01-05 10:30 | Jan 5, 2026, 10:30 AM | January 5th, 2026 at 10:30 a.m. | "
            "5 Jan 2026 10:30 | 05-Jan-26 10:30 | Monday, January 5, 2026 10:30 | 5 января 2026 г., 10:30 | "
            "5 янв. 2026 10:30 | понедельник, 5 января 2026 г. в 10:30 | 2026-01-05\u202f10:30\u202fAM | "
            "2026-01-05 10:30:00,000 | 2026-01-05 09:30Z | 2026-01-05 09:30:00+00 | 2026-01-05 09:30:00 UTC | "
            "2026-01-05T12:30:00+0300 | 2026-01-05 15:00:00.000+05:30 | 2026-01-05 12:30 GMT+3 | "
            "Mon, 5 Jan 2026 12:30:00 +0300 | Mon Jan 05 2026 10:30:00 GMT+0100 (CET) | 1767605400 | 1767605400.0 | "
            "1767605400000 | \u202a2026-01-05 10:30\u202c"
        ),
        "2026-01-05 22:00": ["2026010522"],
        "2026-01-05": forms("20260105 | 2026-1-5 | Jan 5, 2026 | 5 January 2026 | 5 января 2026 | 2026-01-05 12:00 AM"),
        None: forms(
            "05.01.2026 | 1/5/2026 | 2026-02-30 | 2026-13-01 | 2026-01-05 25:00 | 2026-01-05 13:45 PM | 46027 | "
            "05.01.26 | 05-01-26 10:30 | 31/12/25 | 24.12.25 10:30 | 30-06-26 | "
            "2026-01-05 10:00:00+99:00 | 2026-01-05 10:00 +15 | 2026-01-05 10:00:00+05:99 | 2026-01-05 10:00:00-15:30 | "
            "5 Foo 2026 | epoch | infinity | 12026-01-05 | 2026-01-05 (BC) | 10:30"
        ),
    },
    "dmy": {
        "2026-01-05 10:30": forms(
            "05.01.2026 10:30 | 5.1.2026 10:30 | 05/01/2026 10:30:00 | 05-01-26 10:30 | 05.01.2026, 10:30 | "
            "05.01.2026 12:30 +0300 | 5.1.26 10:30 AM"
        ),
        "2026-01-05": forms("05.01.2026 г. | 5. 1. 2026 | 05.01.26"),
        None: forms("32.01.2026 | 01/13/2026 | 2026-13-01"),
    },
    "mdy": {
        "2026-01-05 10:30": forms("1/5/2026 10:30 AM | 1/5/2026, 10:30 am | 01-05-2026 10:30 | 1/5/26 10:30 AM | Jan 5, 2026 10:30"),
        "2026-01-05 22:30": forms("1/5/2026 10:30 PM | 01/05/2026 22:30:00"),
        "2026-01-05 12:00": forms("1/5/2026 12:00 PM"),
        None: forms("13/01/2026"),
    },
}

AMOUNTS = {
    ".": {
        "1234.56": forms(
            "1,234.56 | 1 234.56 | 1\xa0234.56 | 1\u202f234.56 | 1'234.56 | 1’234.56 | +1234.56 | €1,234.56 | "
            "1,234.56 EUR | eur 1234.56 | 1234.56 € | \u202d1234.56\u202c"
        ),
        "-1234.56": forms("(1,234.56) | 1,234.56- | -€1,234.56 | €-1,234.56 | (€1,234.56) | −1234.56"),
        "1234567.89": forms("12,34,567.89 | 1,234,567.89"),
        None: forms("1.234,56 | 1.234.56 | 1,2,3 | 1 23 | --5 | (-5) | 1e5 | 1_000 | abc | 5 % | 12345678901234567 | 0,500 | 00,123 | +-5"),
    },
    ",": {
        "1234.56": forms("1234,56 | 1.234,56 | 1 234,56 | 1\u2009234,56 | 1'234,56 | 1 234,56 €"),
        "1234": forms("1.234 | 1 234"),
        None: forms("1234.56 | 1.234.56 | 1,234.56 | 0.500 | -0 500"),
    },
}

IN_THE_CELL = [
    ("RUB", "100 RUR | 100 руб. | 100 ₽ | RUB 100 | 100 рублей", True),
    ("RUB", "$100 | 100 EUR | €100", False),
    ("USD", "$100 | US$100 USD | 100 dollars", True),
    ("CAD", "$100 | C$100", True),
    ("EUR", "100 | EUR 100 | 100 евро", True),
    ("EUR", "US$ 100 | $100 EUR | 100 XYZ", False),
    ("PLN", "100 zł", True),
    ("JPY", "¥100", True),
    ("CHF", "CHF 100 | Fr. 100", True),
    ("AED", "100 AED | Dhs. 100", True),
    ("BYN", "₽100", False),
]

# what the column of currencies says, in a source that declares one: the row's own
CURRENCIES = {
    "EUR": {
        "€": "EUR",
        "Euro": "EUR",
        "RUR": "RUB",
        "₽": "RUB",
        "грн.": "UAH",
        "rub": "RUB",
        "R$": "BRL",
        "": "EUR",
        "n/a": "EUR",
        "EUR\xa0": "EUR",
    },
    "USD": {"$": "USD", "US$": "USD", "руб.": "РУБ.", "#N/A": "#N/A", "#REF!": "#REF!", "643": "643"},
    "RUB": {"$": "$", "руб.": "RUB", "р.": "RUB"},
}

# files of rates: the base currency, the rates, and what is wrong with each
UPSIDE_DOWN, MANY = "upside down", "of many units"
RATES = [
    ("EUR", "USD 0.92, GBP 1.16, RUB 0.0105, XYZ 5, JPY 0.006", [None] * 5),
    ("EUR", "USD 1.085, GBP 0.86, RUB 95.5, JPY 160, XYZ 5", [UPSIDE_DOWN] * 4 + [None]),
    ("EUR", "USD 0.92, RUB 95.5, RUB 0.0105, RUB 0.0106", [None, UPSIDE_DOWN, None, None]),
    ("RUB", "USD 95, EUR 102, KZT 0.185, JPY 60, TRY 0.05", [None, None, None, MANY, None]),
    ("RUB", "USD 0.0105, EUR 0.0098, RUB 1", [UPSIDE_DOWN, UPSIDE_DOWN, None]),
    # of a currency that falls and falls only the other way round is told
    ("EUR", "RUB 0.0105, TRY 50.1, ISK 145.2, EGP 55, ARS 1600, KWD 0.3", [None, *[UPSIDE_DOWN] * 5]),
    # the central bank's list, which counts most of them by the ten and the hundred
    ("RUB", "USD 84.1, SEK 84.1, NOK 81, INR 93.7, CZK 38, KGS 9.6, MDL 48, ZAR 46, GBP 110", [None, *[MANY] * 7, None]),
    ("RUB", "USD 84.1, SEK 8.41, NOK 8.1, INR 0.937, CZK 3.8, KGS 0.96, MDL 4.8, ZAR 4.6, TRY 2", [None] * 9),
    ("RUB", "USD 28, UAH 5.5, KZT 0.23, TRY 20, SEK 3.9", [None] * 5),
]
