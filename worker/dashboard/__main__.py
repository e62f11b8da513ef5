"""`python -m worker.dashboard`: start Streamlit on this machine alone, without telemetry."""

import importlib.util
import os
import sys
from pathlib import Path
from typing import Final

from worker.cli.complaint import complain
from worker.cli.env_file import read_env_file
from worker.errors import ConfigurationError
from worker.exit_codes import ExitCode

# Streamlit's own variables: who sets one keeps it.
_OPTIONS: Final = {
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "none",
    "STREAMLIT_CLIENT_TOOLBAR_MODE": "minimal",
    "STREAMLIT_SERVER_ADDRESS": "localhost",
    "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none",
    # Without it, the first start waits for a person to type an e-mail address.
    "STREAMLIT_SERVER_HEADLESS": "true",
}


def main() -> None:
    """Become Streamlit; arguments go to `streamlit run`, as --server.port 8601."""
    if importlib.util.find_spec("streamlit") is None:
        complain("the dashboard needs Streamlit: pip install 'topic-model-worker[dashboard]'")
        sys.exit(ExitCode.UNREADABLE)
    try:
        read_env_file()
    except ConfigurationError as error:
        complain(str(error))
        sys.exit(ExitCode.UNREADABLE)
    for name, value in _OPTIONS.items():
        os.environ.setdefault(name, value)
    script = Path(__file__).with_name("app.py")
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(script), *sys.argv[1:]])  # noqa: S606


if __name__ == "__main__":
    main()
