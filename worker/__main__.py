"""`python -m worker`."""

import sys

if __name__ == "__main__":
    # Not above: the compute process imports this module too, and needs nothing of the command line.
    from worker.cli.main import main

    sys.exit(main())
