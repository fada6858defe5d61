"""### The watchdog

1. **look_for_the_night**: says so when the nightly funnel never ran or never published, and delivers what a dead channel held back.

A DAG of its own, which does not read `sources.yml`: a night that never starts, or cannot even be drawn, cannot report itself.
For a dead scheduler, run `onefunnel alerts watchdog` from cron.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import CronTriggerTimetable, dag, task

from onefunnel import orchestration


@dag(
    schedule=CronTriggerTimetable("15 * * * *", timezone="UTC"),  # a quarter past each hour, whatever the reporting time zone
    start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
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
