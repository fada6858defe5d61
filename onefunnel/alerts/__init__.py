"""Alerts: one clear message per run and owner, an all-clear when it is over, and a watchdog for the night that never ran."""

from onefunnel.alerts.deliver import deliver
from onefunnel.alerts.outbox import acknowledge, conditions, raise_alert, resolve_alert
from onefunnel.alerts.settle import settle
from onefunnel.alerts.watchdog import watch

__all__ = ["acknowledge", "conditions", "deliver", "raise_alert", "resolve_alert", "settle", "watch"]
