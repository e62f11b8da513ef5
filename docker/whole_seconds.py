"""Cut the modification times below a folder to whole seconds, as an image's layers keep them.

numba compares a source file's time to the nanosecond with the one it noted in its cache; a layer
holds whole seconds, so that without this every function would be compiled again at each start.
Compiled Python stays valid: it notes whole seconds itself.

    python docker/whole_seconds.py FOLDER
"""

import os
import sys
from pathlib import Path

NS_PER_S = 1_000_000_000


def main(folder: Path) -> None:
    """Cut them all; links are left alone."""
    for path in sorted(folder.rglob("*")):
        if not path.is_symlink():
            status = path.stat()
            times = [ns - ns % NS_PER_S for ns in (status.st_atime_ns, status.st_mtime_ns)]
            os.utime(path, ns=(times[0], times[1]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
