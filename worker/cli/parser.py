"""A parser that refuses in one line."""

import argparse
from typing import NoReturn

from worker.cli.complaint import complain
from worker.exit_codes import ExitCode


class OneLineParser(argparse.ArgumentParser):
    """Refuses in one line, as everything here does; argparse would print the usage too."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the usage, and end the process."""
        complain(f"{message}; see --help")
        self.exit(ExitCode.UNREADABLE)
