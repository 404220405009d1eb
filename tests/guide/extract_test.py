#!/usr/bin/python3 -B
"""The extraction can fail: a page with a block that nobody would compile, or compare, is refused."""

import os
import sys
import unittest

# Bazel gives links into the tree; the modules stand beside the real file or beside the link.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import check  # noqa: E402
import extract  # noqa: E402

PROGRAM = "```cpp\nint main() {}\n```\n"


def refusal(page):
    try:
        extract.programs_of(page)
    except extract.Wrong as wrong:
        return "%d: %s" % (wrong.line, wrong.text)
    return "taken"


class Extract(unittest.TestCase):
    def test_pieces_go_before_the_next_program_with_their_lines(self):
        page = "a\n```cpp\nint f();\n```\nb\n" + PROGRAM
        source = extract.programs_of(page)[0].source("p.md")
        self.assertIn('#line 3 "p.md"\nint f();\n#line 7 "p.md"\nint main() {}\n', source)

    def test_only_blocks_directly_below_are_compared(self):
        with_both = extract.programs_of(PROGRAM + "\n```text\na\n```\n\n```text stderr\nb\n```\n")[0]
        self.assertEqual(with_both.expected, {"output": "a\n", "stderr": "b\n"})
        self.assertEqual(extract.programs_of(PROGRAM + "words\n```text\na\n```\n")[0].expected, {})

    def test_what_nobody_would_compile_is_refused(self):
        self.assertIn("1: a piece of a program", refusal("```cpp\nint f();\n```\n"))
        self.assertIn("1: a block tagged `c++`", refusal("```c++\nint f();\n```\n"))
        self.assertIn("1: C++ in a block", refusal("```\nco_await f();\n```\n"))
        self.assertIn("1: a block that is never closed", refusal("```cpp\nint main() {}\n"))
        self.assertIn("2: an indented block", refusal("- x\n  ```cpp\n  int main() {}\n  ```\n"))

    def test_what_nobody_would_compare_is_refused(self):
        self.assertIn("4: below a program: tag it", refusal(PROGRAM + "```\na\n```\n"))
        self.assertIn("what must it say", refusal("```cpp aborts\nint main() {}\n```\n"))
        self.assertIn("`text stderr` does not stand", refusal("```text stderr\na\n```\n"))


class Check(unittest.TestCase):
    def test_messages_are_found_in_order_and_dots_stand_for_anything(self):
        said = "x: one of 3\ntwo\n"
        self.assertEqual(check.missing("one ... 3\ntwo\n", said), [])
        self.assertEqual(check.missing("two\none\n", said), ["not said: one"])
        self.assertEqual(check.missing("three\n", said), ["not said: three"])

    def test_another_output_another_exit_and_an_unasked_message_are_problems(self):
        runs = {"kind": "runs", "expected": {"output": "a\n"}}
        self.assertIn("-a", check.problems_of_run(runs, "true")[0])
        self.assertIn("it ends with 1", check.problems_of_run(runs, "false")[0])
        aborts = {"kind": "aborts", "expected": {"output": "a\n"}}
        self.assertEqual(len(check.problems_of_run(aborts, "true")[0]), 2)


if __name__ == "__main__":
    unittest.main()
