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
    _source("spelt", "spelt", leads="leads*.csv", payments="payments*.csv", ad_spend="ads.csv"),
    _source("more", "more", leads="leads.csv", payments="payments.csv", payment_plan="plan.csv", ad_spend="ads.csv"),
]
# the edge of what money holds, formats that sources.yml declares, days with an offset, words with odd letters, contacts that are nobody
MORE = {
    "roubles/leads.csv": "lead_id,created_at,channel\nL1,05|01|2026 10:00,seo\nL2,05|01|2026 10:00 +0300,seo\n",
    "roubles/payments.csv": "payment_id,paid_at,amount,currency,lead_id\nbig,08|01|2026 10:00,1000000000000000.00,RUB,L1\n",
    "spelt/leads_1.csv": "lead_id,created_at,channel\n7,2026-01-05,seo\nab,2026-01-05,seo\n0019,2026-01-05,seo\n",
    "spelt/leads_2.csv": "lead_id,created_at,channel\n7.0,2026-01-05,seo\n70,2026-01-05,seo\n",
    "spelt/payments_1.csv": "payment_id,paid_at,amount,currency,lead_id\n0088,2026-01-08,100,EUR,ab\nINV-1,2026-01-08,30,EUR,ab\n",
    "spelt/payments_2.csv": (
        "payment_id,paid_at,amount,currency,lead_id\n88.0,2026-01-08,100,EUR,ab\ninv-1,2026-01-08,30,EUR,ab\n880,2026-01-08,1,EUR,ab\n"
    ),
    "spelt/ads.csv": "date,channel,cost,currency,impressions,clicks\n2026-01-06,seo,7.00,EUR,10,1\n",
    # what `spelt` delivers as well; rates of which one lost its point
    "twice/payments.csv": "payment_id,paid_at,amount,currency,client_id\n0088,2026-01-08,100,EUR,x\nINV-1,2026-01-08,31,EUR,x\n",
    "twice/ads.csv": "date,channel,cost,currency,impressions,clicks\n2026-01-06,SEO,7,EUR,10,1\n2026-01-07,seo,7,EUR,10,1\n",
    "twice/fx.csv": (
        "date,currency,rate_to_base\n2026-01-01,UAH,0.021\n2026-01-05,UAH,0.02\n2026-01-10,UAH,2\n"
        "2026-01-15,UAH,0.02\n2026-01-20,UAH,0.019\n"
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
        "date,channel,cost,currency,impressions,clicks\n2026-01-31T23:30:00Z,Cinema,100000000000000.01,EUR,12.345,1\n"
        "2026-01-05,seo,usd 5,EUR,1,1\n"
    ),
}
