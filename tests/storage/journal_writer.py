"""A process that writes the journal until it is killed: `python -m tests.storage.journal_writer DIR FIRST`.

Prints the number of the last change known to be on disk after each flush.
"""

from __future__ import annotations

import sys
from pathlib import Path

from storage.journal import open_journal
from tests.storage.journal_facts import CONFIGURATION, change


def main(data_dir: Path, first: int) -> None:
    journal = open_journal(data_dir)
    journal.started(first, first, CONFIGURATION)
    n = first
    while True:
        for _ in range(1 + n % 7):  # groups of several sizes
            journal.commit(change(n, at=n))
            n += 1
        journal.alive("watch", n)
        journal.flush()
        sys.stdout.write(f"{n - 1}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
