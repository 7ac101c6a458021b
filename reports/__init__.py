"""The uptime ledger: every second of every device's month, by cause, ready to be paid by.

`build(given)` counts, `render(report, formats, out_dir)` writes, `closing` freezes a paid month.
"""

from __future__ import annotations

from reports.assemble import build
from reports.forms import render
from reports.given import Given, Scope
from reports.model import Report

__all__ = ["Given", "Report", "Scope", "build", "render"]
