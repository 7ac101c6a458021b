"""Calendar jobs of `nigehban run`: rollups, retention and the monthly report, each in a process of its own.

APScheduler runs on the wall clock, which is right for a calendar and wrong for a sweep: nothing
that decides or tells is scheduled here.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

log = logging.getLogger("nigehban.run")

LATE_S = 3600
"""A job that could not begin on time is still begun within the hour, once."""


@dataclass(frozen=True, slots=True)
class Job:
    """`when` is a crontab line in the city's time zone; `arguments` are of the nigehban command."""

    name: str
    when: str
    arguments: Sequence[str]
    at_start: bool = False  # also when `run` begins: it makes up for what was missed


def jobs(data: Path, settings: Path | None) -> tuple[Job, ...]:
    common = ["--data", str(data), *(["--settings", str(settings)] if settings else [])]
    return (
        Job("maintain", "7 * * * *", ["maintain", *common]),
        Job("report", "20 0 1 * *", ["report-due", *common], at_start=True),
        Job("mail again", "20 1-23 1 * *", ["report-due", *common]),  # what a mail server refused for now
    )


def start(wanted: Sequence[Job], timezone: str, log_file: Path) -> BackgroundScheduler:
    """The caller shuts it down; jobs under way are left to end."""
    scheduler = BackgroundScheduler(timezone=timezone)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    for job in wanted:
        scheduler.add_job(
            _run,
            CronTrigger.from_crontab(job.when, timezone=timezone),
            args=[job, log_file],
            id=job.name,
            misfire_grace_time=LATE_S,
            coalesce=True,
            max_instances=1,
        )
        if job.at_start:
            scheduler.add_job(
                _run, args=[job, log_file], id=f"{job.name} at start", misfire_grace_time=LATE_S
            )
    scheduler.start()
    return scheduler


def _run(job: Job, log_file: Path) -> None:
    with log_file.open("ab") as out:
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "app.cli", *job.arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        log.error("job %s ended with code %d: see %s", job.name, done.returncode, log_file)
