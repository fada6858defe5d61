"""### The watchdog

1. **look_for_the_night**: says so when the nightly funnel never ran or never published, and delivers what a dead channel held back.

A DAG of its own: a night that never starts cannot report itself. For a dead scheduler, run `onefunnel alerts watchdog` from cron.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import CronTriggerTimetable, dag, task

from onefunnel import orchestration

PLAN = orchestration.read_plan()


@dag(
    schedule=CronTriggerTimetable("15 * * * *", timezone=PLAN.time_zone),  # a quarter past each hour, reporting time zone
    start_date=pendulum.datetime(2020, 1, 1, tz=PLAN.time_zone),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=30),
    doc_md=__doc__,
    tags=["onefunnel"],
)
def watchdog():
    @task(owner="data-team", retries=1, retry_delay=timedelta(minutes=1), execution_timeout=timedelta(minutes=10))
    def look_for_the_night():
        return orchestration.run_watchdog()

    look_for_the_night()


watchdog()
