"""The agency on paper: its channels and what they are worth, its services, people, reasons and seasons.

Magnitudes follow the talk: a conference lead costs 50 dollars and a PPC lead 100, a free-service offer brings many leads and no clients,
a business club few but large ones, the own newsletter converts best, telemarketing is dear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Channel:
    """share: part of all leads (normalised); lead_quality, deal_quality: shift of the log-odds of each marketing and sales step.

    check: multiple of the usual fee; cost_per_lead in `currency`: spent on the campaigns of an ad platform or, without any, a monthly bill.
    """

    key: str
    share: float
    lead_quality: float
    deal_quality: float
    check: float
    cost_per_lead: float
    currency: str
    campaigns: tuple[str, ...] = ()
    click_cost: float = 0.0
    bill: str = ""
    aliases: tuple[str, ...] = ()


PPC_CAMPAIGNS = ("brand", "seo-services", "ppc-audit", "competitors")
FACEBOOK_CAMPAIGNS = ("lead-form", "lookalike", "webinar-promo")

CHANNELS = (
    Channel("ppc_search", 0.52, 0.40, 0.05, 1.0, 100, "USD", PPC_CAMPAIGNS, 4.2, aliases=("Google Ads", "adwords")),
    Channel("seo", 0.13, 0.25, 0.10, 1.0, 38, "EUR", bill="SEO specialist, hours", aliases=("organic", "Organic Search")),
    Channel("social_facebook", 0.06, -0.35, -0.20, 0.8, 62, "USD", FACEBOOK_CAMPAIGNS, 1.1, aliases=("Facebook Ads", "facebook")),
    Channel("blog", 0.06, 0.15, 0.00, 0.9, 70, "EUR", bill="four editors"),
    Channel("email_newsletter", 0.055, 0.50, 0.35, 1.0, 14, "EUR", bill="mailing service", aliases=("newsletter",)),
    Channel("ppc_remarketing", 0.05, 0.25, 0.10, 1.0, 74, "USD", ("all-visitors", "price-page"), 1.6),
    Channel("referral", 0.05, 0.60, 0.55, 1.3, 0, "EUR", aliases=("recommendation",)),
    Channel("direct", 0.045, 0.30, 0.25, 1.1, 0, "EUR", aliases=("(direct)",)),
    Channel("free_service_offer", 0.04, -1.30, -1.50, 0.5, 24, "EUR", bill="audits given away, hours"),
    Channel("conference_talk", 0.035, 0.35, 0.20, 1.2, 50, "USD", bill="travel and preparation, 4-8 hours a talk", aliases=("conference",)),
    Channel("ppc_dynamic_remarketing", 0.03, 0.10, 0.05, 0.9, 68, "USD", ("dynamic",), 1.4),
    Channel("small_business_club", 0.025, 0.00, -0.40, 0.4, 30, "EUR", bill="webinars and free advice"),
    Channel("partner_alliance", 0.022, 0.45, 0.30, 1.1, 45, "EUR", bill="partner fees", aliases=("partner",)),
    Channel("social_vk", 0.02, -0.55, -0.30, 0.6, 48, "EUR", ("services", "retargeting"), 0.7, aliases=("VK",)),
    Channel("social_instagram", 0.02, -0.75, -0.30, 0.6, 55, "USD", ("hr-brand", "stories"), 0.9, aliases=("instagram",)),
    Channel("conference_visit", 0.02, 0.05, 0.00, 1.1, 90, "EUR", bill="full-time visitor of conferences"),
    Channel("own_conference", 0.02, -0.10, 0.00, 1.2, 210, "EUR", bill="own conferences"),
    Channel("rankings", 0.02, 0.10, 0.00, 1.0, 0, "EUR"),
    Channel("email_trigger", 0.02, 0.35, 0.20, 0.9, 12, "EUR", bill="trigger mailing service"),
    Channel("smart_breakfast", 0.015, 0.30, 0.20, 1.0, 58, "EUR", bill="breakfasts for 20 guests"),
    Channel("third_party_mailing", 0.015, -0.90, -0.50, 0.8, 85, "EUR", bill="other people's lists"),
    Channel("telemarketing", 0.013, -1.00, -0.40, 0.9, 5200, "UAH", bill="call centre"),
    Channel("business_club", 0.010, -0.45, -0.20, 3.2, 160, "EUR", bill="membership of the CEO"),
)
CHANNEL_KEYS = tuple(channel.key for channel in CHANNELS)
# Never a client, whatever the luck: they came for what is free.
NEVER_BUYS = CHANNEL_KEYS.index("free_service_offer")

STAGES = ("lead", "first_contact", "brief_filled", "sql", "sal", "demo_held", "proposal_sent", "contract_sent", "paid")
# Chance of each step from the stage before, for a channel without merits; sql is that of a service on offer.
STEP_RATES = np.array([0.94, 0.70, 0.88, 0.77, 0.86, 0.93, 0.74, 0.76])
# Delay of each step: median in working minutes (540 a day) and spread of its logarithm.
STEP_MINUTES = np.array([35.0, 240.0, 120.0, 240.0, 1750.0, 950.0, 1500.0, 2300.0])
STEP_SPREAD = np.array([1.1, 0.9, 0.8, 0.8, 0.55, 0.6, 0.65, 0.65])
MARKETING_STEPS, DEAL_STEPS = slice(1, 4), slice(6, 8)

# Index of lead arrival, January to December, and weight of each weekday and hour.
SEASON = np.array([0.93, 1.02, 1.08, 1.03, 0.98, 0.92, 0.86, 0.87, 1.09, 1.15, 1.12, 0.95])
WEEKDAYS = np.array([1.25, 1.3, 1.25, 1.2, 1.05, 0.5, 0.45])
HOURS = np.array([4, 3, 2, 1, 1, 2, 5, 12, 30, 58, 70, 68, 55, 60, 66, 64, 56, 44, 30, 24, 22, 20, 15, 8], dtype=float)

SERVICES = ("seo", "ppc", "email_marketing", "analytics", "social_media", "web_development")
SERVICE_SHARES = np.array([0.37, 0.34, 0.10, 0.09, 0.065, 0.035])
SERVICE_FEES = np.array([1.0, 1.1, 0.75, 0.85, 1.0, 1.0])
NOT_OFFERED = (4, 5)

REASONS = (
    "price",
    "timing",
    "no_response",
    "chose_competitor",
    "service_not_offered",
    "not_target",
    "invalid_contact",
    "false_expectations",
    "other",
)
# Why an attempt ends, by the furthest stage it reached (lead .. contract_sent).
REASON_SHARES = np.array(
    [
        [0.02, 0.05, 0.55, 0.05, 0.00, 0.05, 0.25, 0.00, 0.03],
        [0.16, 0.19, 0.28, 0.08, 0.03, 0.10, 0.01, 0.10, 0.05],
        [0.12, 0.12, 0.08, 0.08, 0.05, 0.32, 0.00, 0.17, 0.06],
        [0.08, 0.15, 0.08, 0.04, 0.00, 0.38, 0.00, 0.22, 0.05],
        [0.14, 0.24, 0.36, 0.12, 0.00, 0.02, 0.00, 0.07, 0.05],
        [0.28, 0.18, 0.18, 0.19, 0.00, 0.01, 0.00, 0.11, 0.05],
        [0.39, 0.15, 0.14, 0.23, 0.00, 0.00, 0.00, 0.04, 0.05],
        [0.32, 0.20, 0.13, 0.24, 0.00, 0.00, 0.00, 0.05, 0.06],
    ]
)

COUNTRIES = ("DE", "UA", "PL", "US", "AT", "NL", "CZ", "BG")
COUNTRY_SHARES = np.array([0.36, 0.22, 0.13, 0.10, 0.07, 0.05, 0.04, 0.03])
COUNTRY_CURRENCIES = ("EUR", "UAH", "PLN", "USD", "EUR", "EUR", "EUR", "EUR")
# Base currency per unit: the level around which a rate moves.
RATE_LEVELS = {"USD": 0.92, "UAH": 0.0222, "PLN": 0.233}

SDRS = ("Alina Bondar", "Marek Lis", "Sofia Brandt", "Denys Hnatiuk")
SALES_REPS = ("Iryna Melnyk", "Jonas Keller", "Olha Kravets", "Piotr Zielinski", "Viktor Hrytsenko", "Lena Vogt")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words("""
    Anna Andrii Boris Clara Dmytro Elena Felix Galyna Hanna Ivan Julia Katarzyna Lukas Maria Nazar Oksana Pavlo Renata Stefan Tetiana Uwe
    Vera Wojciech Yulia Zoriana
""")
LAST_NAMES = _words("""
    Adler Bauer Chornovil Dudek Engel Fedorenko Gruber Horbach Ivanchuk Jansen Kovalenko Lehmann Moroz Nowak Oliinyk Petrenko Richter
    Shevchuk Tkachenko Urban Vlasenko Weber Yurchenko Zimmermann
""")
COMPANY_STEMS = _words("""
    Alpen Baltic Blue Central Delta Dnipro Euro Fresh Green Home Karpaty Lime Metro Nord Optima Prime Quick Rhein Smart Terra Urban
    Vita West Zoom
""")
COMPANY_TRADES = _words("Dental Dom Fashion Foods Furniture Garden Legal Logistics Media Motors Pharma Shop Sport Toys Travel Works")
