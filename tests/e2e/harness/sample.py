"""Sweeps are long. In `make check` a sample of most is run, another one each day; `make faults` sets SIGNET_SWEEP=full and runs all.
SIGNET_SEED repeats the sample of another day, SIGNET_MOST takes larger ones."""
import os
import random
import time

FULL = os.environ.get("SIGNET_SWEEP") == "full"
SEED = int(os.environ.get("SIGNET_SEED") or time.time() // 86400)


def one_in(n, name):
    """True for one in n names, for others each day; for all in whole sweeps."""
    return FULL or random.Random("%d %s" % (SEED, name)).randrange(n) == 0


def some(items, most):
    """At most so many of the items, in their order."""
    items = list(items)
    most = max(most, int(os.environ.get("SIGNET_MOST") or 0))
    if FULL or len(items) <= most:
        return items
    return [items[i] for i in sorted(random.Random("%d %d" % (SEED, len(items))).sample(range(len(items)), most))]
