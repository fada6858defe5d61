"""Exchange rates of the generated world, and amounts valued at them to the cent."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from onefunnel.demo import catalogue as agency
from onefunnel.demo.spec import DemoSpec

BASE = "EUR"
_EPOCH = np.datetime64("1999-01-01", "D")
_UNTIL = np.datetime64("2100-01-01", "D")
MICRO = 1_000_000
# Height and length in days of the swings of a rate around its level.
WAVES = ((0.02, 830), (0.012, 290), (0.006, 67))


class Rates:
    """Base currency per unit, in millionths, for every day; weekends carry Friday's rate, as its source publishes none."""

    def __init__(self, spec: DemoSpec) -> None:
        random = spec.stream("rates")
        days = np.arange(_EPOCH, _UNTIL).astype(int)
        friday = days - np.clip((days + 3) % 7 - 4, 0, None) - days[0]
        self._micro = {BASE: np.full(len(days), MICRO, dtype=np.int64)}
        for currency, level in agency.RATE_LEVELS.items():
            waves = sum(height * np.sin(2 * np.pi * (days / period + random.random())) for height, period in WAVES)
            daily = np.round(level * np.exp(waves + random.normal(0, 0.002, len(days))) * MICRO).astype(np.int64)
            self._micro[currency] = daily[np.maximum(friday, 0)]

    def micro(self, currency: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Rate in millionths of each currency (names) on each day (days since 1970)."""
        place = np.asarray(day, dtype=np.int64) - _EPOCH.astype(int)
        rates = np.full(len(place), MICRO, dtype=np.int64)
        for name, series in self._micro.items():
            of_currency = currency == name
            rates[of_currency] = series[place[of_currency]]
        return rates

    def to_base(self, cents: np.ndarray, currency: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Signed cents as whole units of the base currency, valued on their day."""
        return cents * self.micro(currency, day) / (100 * MICRO)

    def table(self, first: date, last: date) -> pd.DataFrame:
        """Rows of fx_rates: one per working day and currency."""
        days = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + 1)
        days = days[np.is_busday(days)]
        place = days.astype(int) - _EPOCH.astype(int)
        dates = np.datetime_as_string(days)
        frames = [
            pd.DataFrame({"date": dates, "currency": name, "rate_to_base": [f"{rate / MICRO:.6f}" for rate in series[place]]})
            for name, series in self._micro.items()
            if name != BASE
        ]
        return pd.concat(frames, ignore_index=True)
