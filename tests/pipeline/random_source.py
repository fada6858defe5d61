"""Random template files: few leads with every oddity a funnel meets, from late payments to leads that come back twice."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

from compiled import Files, Rows

AS_OF = date(2026, 3, 18)
STAGES = ("lead", "first_contact", "brief_filled", "sql", "sal", "demo_held", "proposal_sent", "contract_sent", "paid")
ENDINGS = ("rejected", "returned", "lost", "partner_handoff")
CHANNELS = ("ppc_search", "seo", "Google Ads", "conference_talk", "no such channel", None)
REASONS = ("price", "too expensive", "service_not_offered", "the dog ate it", None)
SERVICES = ("seo", "SEO", "social_media", None)
FIRST = datetime(2025, 2, 20)


def random_files(seed: int, leads: int, dirty: bool) -> Files:
    """`dirty` adds rows that cannot be used and second versions of keys; without it the order of rows means nothing."""
    random = Random(seed)  # noqa: S311  test data
    files: Files = {"leads": [], "stage_events": [], "payments": [], "payment_plan": [], "ad_spend": [], "channel_costs": []}
    for number in range(leads):
        # numbers have written forms; a few are two leads' at once
        _lead(random, files, random.choice((f"L{number}", f"L{number}", f"l{number - 1}", f"0{number}", str(number))), leads)
    for _ in range(random.randint(0, 12)):
        files["ad_spend"].append(
            {
                "date": _moment(random)[:10],
                "channel": random.choice(CHANNELS),
                "campaign": random.choice(("spring", None)),
                "cost": random.choice(("0", "12.34", "100", "7.0001")),
                "currency": random.choice(("EUR", "EUR", "USD", None)),
            }
        )
    for _ in range(random.randint(0, 2)):
        first = datetime.fromisoformat(_moment(random))
        last = first + timedelta(days=random.choice((0, 6, 26, 40)))  # odd numbers of days: no share ends on half a rounding unit
        cost = {"channel": random.choice(CHANNELS), "from_date": str(first.date()), "to_date": str(last.date())}
        files["channel_costs"].append(cost | {"cost": random.choice(("100", "0.01", "99.99")), "currency": "EUR", "note": None})
    files["fx_rates"] = [
        {"date": str((FIRST + timedelta(days=day)).date()), "currency": "USD", "rate_to_base": f"0.9{random.randint(0, 99):02}"}
        for day in range(0, 400, random.choice((1, 9)))
    ]
    files["targets"] = [{"month": "2026-03", "kpi": "leads", "value": "10", "channel": random.choice(("seo", None))}]
    if dirty:
        _spoil(random, files)
    return files


def _lead(random: Random, files: Files, lead_id: str, leads: int) -> None:
    created = datetime.fromisoformat(_moment(random))
    flag = random.choice(("is_duplicate", "is_test", "is_deleted", *[None] * 9))
    lead = {
        "lead_id": lead_id,
        "created_at": str(created),
        "channel": random.choice(CHANNELS),
        "contact_id": random.choice((f"C{random.randrange(max(1, leads // 2))}", None)),
        "requested_service": random.choice(SERVICES),
        "sdr": random.choice((("ANN", "Ann", "Ann ")[len(files["leads"]) % 3], "Bob", None)),
        "sales_rep": random.choice(("Carl", None)),
        "status": random.choice((*STAGES, *ENDINGS, "won", "gibberish", *[None] * 12)),
        "status_at": random.choice((str(created + timedelta(days=3)), None)),
        "reason": random.choice(REASONS),
        "closed_at": random.choice((str(created + timedelta(days=9)), None)),
        "first_contact_at": random.choice((str(created + timedelta(minutes=random.randint(0, 9000))), None, None)),
        "duplicate_of": random.choice((f"L{random.randrange(leads)}", *(row["lead_id"] for row in files["leads"][-2:]), lead_id))
        if random.random() < 0.12
        else None,
    }
    files["leads"].append(lead | ({flag: "true"} if flag else {}))
    moment = created
    for order in range(random.randint(0, 9)):
        moment += timedelta(minutes=random.randint(-600, 40_000))
        stage = random.choice((STAGES[min(order, 8)], STAGES[min(order, 8)], random.choice(STAGES), random.choice(ENDINGS), "a word"))
        event = {"event_id": f"{lead_id}-{order}", "lead_id": _written(random, lead_id), "stage": stage, "entered_at": str(moment)}
        files["stage_events"].append(event | {"reason": random.choice(REASONS) if stage in ENDINGS else None})
    for order in range(random.choice((0, 0, 0, 1, 3))):
        files["payments"].append(random_payment(random, f"P-{lead_id}-{order}", lead))
        due = created + timedelta(days=random.randint(5, 120))
        amount, client = random.choice(("50", "120.50")), {"lead_id": _written(random, lead_id), "client_id": None}
        currency = random.choice(("EUR", "EUR", "USD"))
        files["payment_plan"].append(
            {"plan_id": f"{lead_id}-{order}", "due_date": str(due.date()), "amount": amount, "currency": currency} | client
        )


def _written(random: Random, name: str | None) -> str | None:
    """An id as another system writes it, now and then."""
    if name is None or random.random() < 0.85:
        return name
    return random.choice((name.upper(), name.lower(), f"{name}.0", f"0{name}", name.lstrip("0") or name))


def random_payment(random: Random, payment_id: str, lead: dict[str, str | None]) -> dict[str, str | None]:
    by_client = lead["contact_id"] is not None and random.random() < 0.4
    paid_at = datetime.fromisoformat(lead["created_at"]) + timedelta(minutes=random.randint(-3_000, 200_000))
    return {
        "payment_id": payment_id,
        "paid_at": str(paid_at),
        "amount": random.choice(("100", "33.33", "1,250.10", "0.01")),
        "currency": random.choice(("EUR", "EUR", "EUR", "USD", None)),
        "lead_id": None if by_client else _written(random, lead["lead_id"]),
        "client_id": _written(random, lead["contact_id"]) if by_client else None,
        "kind": random.choice(("payment", "payment", "payment", "refund", "chargeback", "chargeback_won", "refund_failed", None)),
        "direct_cost": random.choice((None, "10", "0.5")),
    }


def _moment(random: Random) -> str:
    """In one of four months: last year's March and the last three."""
    start = random.choice((datetime(2025, 3, 1), datetime(2026, 1, 1), datetime(2026, 2, 1), datetime(2026, 3, 1)))
    moment = start + timedelta(minutes=random.randint(0, 27 * 1440))
    return str(moment.replace(hour=4) if moment.hour in (2, 3) else moment)


def _spoil(random: Random, files: Files) -> None:
    lead, others = random.choice(files["leads"]), files["payments"][:1]
    lead["updated_at"] = "2025-06-01 00:00:00"
    older = lead | {"updated_at": "2025-01-01 00:00:00", "channel": "referral"}
    files["leads"] += [lead | {"lead_id": None}, lead | {"lead_id": "X1", "created_at": "31.12.2025"}, older]
    for payment in others:
        for number, wrong in enumerate(({"amount": "0"}, {"amount": "-5"}, {"amount": "12,5"}, {"currency": "ZZZ"}, {"paid_at": None}, {})):
            files["payments"].append(payment | wrong | {"payment_id": payment["payment_id"] if not wrong else f"X{number}"})
    files["stage_events"].append({"event_id": "X", "lead_id": "nobody", "stage": "sql", "entered_at": "2026-01-05 10:00:00"})
    files["ad_spend"].append({"date": "2026-01-05", "channel": "seo", "cost": "-1", "currency": "EUR"})


def shuffled(files: Files, seed: int) -> Files:
    random = Random(seed)  # noqa: S311  test data

    def shuffle(rows: Rows) -> Rows:
        return random.sample(rows, len(rows))

    return {entity: shuffle(rows) for entity, rows in files.items()}
