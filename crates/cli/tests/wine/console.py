"""The program in a console of Windows, which wine connects with a terminal: `make windows`."""

import os
import pty
import re
import select
import shutil
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[3]
RUN = HERE / "run.sh"
PROGRAM = os.environ["WAVEKEEP_EXE"]
EVENT = "M529LMOK.DK0W"
CTRL_C = b"\x03"
SECONDS = 60


class Console:
    """The program, running in a terminal of its own."""

    def __init__(self, folder, *arguments, **environment):
        self.output = b""
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.environ.pop("NO_COLOR", None)
            os.environ.update({"TERM": "xterm-256color", **environment})
            os.execv(RUN, [str(RUN), PROGRAM, *arguments])

    def read(self):
        """Takes what is printed within a moment; false at the end."""
        if not select.select([self.terminal], [], [], 0.05)[0]:
            return True
        try:
            some = os.read(self.terminal, 1 << 16)
        except OSError:  # Linux has it for the end of a terminal.
            return False
        self.output += some
        return bool(some)

    def read_until(self, is_there):
        end = time.monotonic() + SECONDS
        while not is_there():
            if not self.read():
                break
            if time.monotonic() > end:
                raise AssertionError(f"it did not happen in time: {self.output!r}")

    def interrupt(self):
        os.write(self.terminal, CTRL_C)

    def ended(self):
        """Its exit code."""
        self.read_until(lambda: False)
        _, status = os.waitpid(self.process, 0)
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(status)


class InAConsole(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="wavekeep-console-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        shutil.copy(REPOSITORY / "samples" / EVENT, self.folder)

    def test_ctrl_c_removes_what_is_unfinished_and_ends_with_130(self):
        piece = (REPOSITORY / "crates/smurf/tests/data/basic.dat").read_bytes()
        (self.folder / "run.dat").write_bytes(piece * 4_000)
        before = sorted(os.listdir(self.folder))
        console = Console(self.folder, "convert", "run.dat", "--quiet", "-o", "out.csv")
        console.read_until(lambda: sorted(os.listdir(self.folder)) != before)
        console.interrupt()
        self.assertEqual(console.ended(), 130, console.output)
        # Wine takes away a file that was open when it was removed a moment after the program has ended.
        end = time.monotonic() + SECONDS
        while sorted(os.listdir(self.folder)) != before and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_ctrl_c_ends_a_server_in_order(self):
        console = Console(self.folder, "serve", "--create", "--archive", "fleet", "--listen", "127.0.0.1:0")
        console.read_until(lambda: b"127.0.0.1" in plain(console.output))
        console.interrupt()
        self.assertEqual(console.ended(), 0, console.output)

    def test_words_have_colours_and_no_codes_are_shown(self):
        console = Console(self.folder, "info", EVENT)
        self.assertEqual(console.ended(), 0, console.output)
        self.assertRegex(console.output, rb"\x1b\[[0-9;]*3[0-9]")
        self.assertNotIn(b"[0m", plain(console.output))
        self.assertIn(b"Blastware", plain(console.output))

    def test_no_color_is_heeded(self):
        console = Console(self.folder, "info", EVENT, NO_COLOR="1")
        self.assertEqual(console.ended(), 0, console.output)
        self.assertNotRegex(console.output, rb"\x1b\[[0-9;]*3[0-9]")


def plain(output):
    """What a person sees of it, roughly: without the sequences that a terminal obeys."""
    return re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07", b"", output)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
