#!/usr/bin/python3 -B
"""embed checks itself; here is that it says so, the same every time.

    embed_test.py EMBED
"""

import os
import subprocess
import sys
import unittest

from reports import without_blocked_workers

PROGRAM = ""
PATIENCE = 240  # seconds; turns a hang into a red test
EXPECTED = """\
24 documents asked for, 24 answers, 24 of them right
an error arrived: no document "missing"
the loop ticked on while the runtime ended
the function that ran meanwhile was waited for
"""


class embed(unittest.TestCase):
    def test_holds_what_it_promises_and_says_the_same_every_time(self):
        for _ in range(10):
            done = subprocess.run(
                [PROGRAM], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                universal_newlines=True, timeout=PATIENCE)
            self.assertEqual((done.returncode, done.stdout, without_blocked_workers(done.stderr)), (0, EXPECTED, ""))


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
