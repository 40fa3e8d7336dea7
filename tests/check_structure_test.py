#!/usr/bin/python3
"""check_structure.py on trees of a few files."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import check_structure  # noqa: E402


class StructureTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def write(self, name, *lines):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(line + "\n" for line in lines))

    def run_check(self, check):
        """(exit code, what it prints)"""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = check(self.root)
        return code, out.getvalue()

    def test_a_tree_without_circles_passes(self):
        self.write("a/one.h", '#include "b/two.h"')
        self.write("a/one.cc", '#include "a/one.h"', "#include <vector>")
        self.write("b/two.h", "#pragma once")
        self.assertEqual(self.run_check(check_structure.circles)[0], 0)

    def test_a_circle_over_the_source_of_a_header_is_found(self):
        self.write("a/one.h", "#pragma once")
        self.write("a/one.cc", '#include "a/one.h"', '#include "b/two.h"')
        self.write("b/two.h", '#include "a/one.h"')
        code, text = self.run_check(check_structure.circles)
        self.assertEqual(code, 1)
        self.assertIn("a/one -> b/two -> a/one", text)

    def test_the_shortest_circle_is_reported(self):
        self.write("a/one.h", '#include "a/two.h"')
        self.write("a/two.h", '#include "a/three.h"')
        self.write("a/three.h", '#include "a/one.h"', '#include "a/four.h"')
        self.write("a/four.h", '#include "a/three.h"')
        code, text = self.run_check(check_structure.circles)
        self.assertEqual(code, 1)
        self.assertIn("shortest circle: a/four -> a/three -> a/four", text)

    def test_what_only_leads_to_a_circle_is_not_named(self):
        self.write("a/user.h", '#include "a/one.h"')
        self.write("a/one.h", '#include "a/two.h"')
        self.write("a/two.h", '#include "a/one.h"')
        self.assertNotIn("a/user", self.run_check(check_structure.circles)[1])

    def test_a_folder_over_a_fifth_fails(self):
        for folder in ("a", "b", "c", "d"):
            self.write(f"{folder}/code.cc", *["line"] * 20)
        self.write("e/code.cc", *["line"] * 21)
        code, text = self.run_check(check_structure.sizes)
        self.assertEqual(code, 1)
        self.assertIn("more than 20% of the code: e\n", text)

    def test_a_fifth_is_not_too_much(self):
        for folder in ("a", "b", "c", "d", "e"):
            self.write(f"{folder}/code.cc", *["line"] * 20)
        self.assertEqual(self.run_check(check_structure.sizes)[0], 0)

    def test_tests_and_documents_are_not_code_and_scripts_are(self):
        for folder in ("a", "b", "c", "d"):
            self.write(f"{folder}/code.h", *["line"] * 20)
        self.write("e/script", "#!/usr/bin/env bash", *["line"] * 19)
        self.write("tests/code.cc", *["line"] * 500)
        self.write("a/notes.md", *["line"] * 500)
        code, text = self.run_check(check_structure.sizes)
        self.assertEqual(code, 0, text)
        self.assertIn("20.0%", text)
        self.assertNotIn("tests", text)

    def test_a_source_that_asks_the_real_clock_is_found(self):
        self.write("a/one.cc", "", "const auto now = std::chrono::steady_clock::now();")
        self.write("a/two.h", "using Time = std::chrono::steady_clock::time_point;")
        code, text = self.run_check(check_structure.clocks)
        self.assertEqual(code, 1)
        self.assertEqual(text, "a/one.cc:2: asks the real clock; take a Clock\n")

    def test_the_clock_and_tests_may_ask(self):
        for name in ("base/clock.cc", "tests/a/one_test.cc", "bench/load.cc", "delivery/outgoing_message.cc"):
            self.write(name, "system_clock::now();")
        self.assertEqual(self.run_check(check_structure.clocks)[0], 0)


if __name__ == "__main__":
    unittest.main()
