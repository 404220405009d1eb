"""What the runtime says on its own, and no test of a program is about."""

import re

BLOCKED = r"^weft: worker .* in one job .*\n"


def without_blocked_workers(said):
    """On a crowded machine a worker may be kept from running in the middle of a job, and is reported."""
    if isinstance(said, bytes):
        return re.sub(BLOCKED.encode(), b"", said, flags=re.MULTILINE)
    return re.sub(BLOCKED, "", said, flags=re.MULTILINE)
