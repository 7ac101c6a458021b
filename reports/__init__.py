"""The uptime ledger: every second of every device's month, by cause, ready to be paid by.

`build(given)` counts, `render(report, formats, out_dir)` writes, `closing` freezes a paid month.
"""

from __future__ import annotations

from reports.build import build
from reports.given import Given, Scope
from reports.model import Report
from reports.render import render

__all__ = ["Given", "Report", "Scope", "build", "render"]
