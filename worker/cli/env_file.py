"""`.env`: the environment of who starts the worker by hand, in a file."""

from pathlib import Path
from typing import Final

from worker.errors import ConfigurationError

ENV_FILE: Final = Path(".env")


def read_env_file() -> None:
    """Set the variables that `.env` in the current folder holds and the environment does not; without the file, none.

    Values count as they stand there: nothing in them is replaced.

    Raises:
        ConfigurationError: the file is there and cannot be read.
    """
    # Some people call the folder of their virtual environment so.
    if not ENV_FILE.is_file():
        return
    from dotenv import load_dotenv

    try:
        load_dotenv(ENV_FILE, interpolate=False)
    except OSError as error:
        raise ConfigurationError(f"{ENV_FILE.absolute()} cannot be read: {error.strerror}") from None
    except UnicodeError:
        raise ConfigurationError(f"{ENV_FILE.absolute()} cannot be read: it is not UTF-8") from None
