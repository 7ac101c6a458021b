"""All figures in one run, reduced or full; `make bench`, `make bench FULL=1`.

    python -m bench.run [--full] [--only icmp,snmp,...]

Prints one table and writes bench/results/latest.json; with `--only`, bench/results/some.json.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from bench import peers
from bench.groups import GROUPS
from bench.table import LATEST, SOME, Figure, rendered, write


def chosen(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in GROUPS:
            raise argparse.ArgumentTypeError(f"{name!r} is no group: choose among {', '.join(GROUPS)}")
    return names


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.run")
    parser.add_argument("--full", action="store_true", help="the sizes of the requirements; takes long")
    parser.add_argument("--only", type=chosen, default=list(GROUPS), help="groups, joined by commas")
    given = parser.parse_args()
    begun = time.monotonic()
    try:
        peers.compiled()
    except peers.Absent as absent:
        print(f"nothing can be measured without a C compiler: {absent}", file=sys.stderr)
        return 1
    figures: list[Figure] = []
    failed = False
    for name in given.only:
        started = time.monotonic()
        try:
            figures.extend(GROUPS[name](given.full))  # what was measured before a failure is kept
        except (RuntimeError, peers.Absent, OSError) as error:
            failed = True
            print(f"{name}: {error}", file=sys.stderr)
        load = os.getloadavg()[0]
        print(f"{name}: {time.monotonic() - started:.0f} s, load {load:.1f}", file=sys.stderr)
    print(rendered(figures))
    print(f"{time.monotonic() - begun:.0f} s in all", file=sys.stderr)
    write(figures, LATEST if given.only == list(GROUPS) else SOME)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
