"""A process that appends for `append_apart`: it takes orders by lines, and says what it wrote.

`threads 32 seconds 3` or `promised 32 events 500000`; the answer is a number of events. An empty line ends it.
"""

from __future__ import annotations

import sys

from tests.bench.writers import Writer, drive_counted, opened, ours, promised


def main() -> None:
    database = opened(sys.argv[1])
    ready: dict[tuple[str, int], list[Writer]] = {}
    print("ready", flush=True)
    for order in sys.stdin:
        if not order.strip():
            break
        how, width, what, amount = order.split()
        key = (how, int(width))
        if key not in ready:
            ready[key] = (ours if how == "threads" else promised)(database, int(width))
        if what == "seconds":
            written, _ = drive_counted(ready[key], float(amount))
        else:
            written = 0
            while written < int(amount):
                written += drive_counted(ready[key], 0.5)[0]
        print(written, flush=True)
    database.close()


if __name__ == "__main__":
    main()
