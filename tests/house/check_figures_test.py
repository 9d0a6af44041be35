#!/usr/bin/env python3
"""tools/check_figures.py accepts what it should and, above all, refuses what it should."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import check_figures  # noqa: E402

LOG = """12: FIG fault.calls=512 kinds=22 runs=3100 wrong=0
all well
FIG canaries.killed=20/20
  FIG open.p99=12.5ms
"""


class CheckFigures(unittest.TestCase):
    def run_tool(self, floors, log=LOG):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "floors").write_text(floors)
            (folder / "log").write_text(log)
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                code = check_figures.main([str(folder / "floors"), str(folder / "log")])
            return code, said.getvalue()

    def refused(self, floors, name, log=LOG):
        code, said = self.run_tool(floors, log)
        self.assertEqual(code, 1, said)
        self.assertIn(name, said)

    def test_floors_that_are_met_hold(self):
        code, said = self.run_tool("# T1\nfault.runs >= 3000\nfault.wrong == 0  # never\n"
                                   "canaries.killed == 20/20\nopen.p99 <= 20\n")
        self.assertEqual(code, 0, said)

    def test_a_lower_figure_is_named(self):
        self.refused("fault.runs >= 3101\n", "fault.runs: 3100")

    def test_a_figure_that_must_be_zero_is_named(self):
        self.refused("fault.wrong == 0\n", "fault.wrong: 1", LOG.replace("wrong=0", "wrong=1"))

    def test_a_missing_figure_is_named(self):
        self.refused("fault.hangs == 0\n", "fault.hangs: no test printed it")

    def test_one_canary_alive_is_refused(self):
        self.refused("canaries.killed == 20/20\n", "19/20", LOG.replace("20/20", "19/20"))
        self.refused("canaries.killed == 20/20\n", "19/19", LOG.replace("20/20", "19/19"))

    def test_the_worst_of_several_values_counts(self):
        self.refused("fault.runs >= 3000\n", "fault.runs: 7", LOG + "FIG fault.runs=7\n")

    def test_a_figure_that_is_no_number_is_refused(self):
        self.refused("fault.runs >= 3000\n", "fault.runs: nan", "FIG fault.runs=nan\n")

    def test_floors_that_cannot_be_read_are_refused(self):
        self.refused("fault.runs > 3\n", "cannot read")

    def test_no_floors_at_all_is_refused(self):
        self.assertEqual(self.run_tool("# nothing\n")[0], 1)

    def test_every_floor_of_this_project_can_be_read(self):
        floors = pathlib.Path(__file__).resolve().parents[1] / "floors.txt"
        self.assertTrue(list(check_figures.demands(floors.read_text())))


if __name__ == "__main__":
    unittest.main()
