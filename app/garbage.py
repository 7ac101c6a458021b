"""What the watcher tells Python's cyclic garbage collector about a city."""

from __future__ import annotations

import gc

_YOUNG, _MIDDLE, _OLD = 20_000, 10, 10


def the_city_stands() -> None:
    """Call it when all devices are known: they are for ever, and the collector need not walk them.

    A poll makes no circles: what it makes is gone with its batch. So the young are looked through after
    20,000 that stayed and not after 700, which spares a device 4 % of its cost.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    gc.enable()
