"""Ask this container's worker whether it lives: exit code 0 if /livez answers 200.

With HEALTH_PORT=0 there is nobody to ask, and the container counts as healthy while it runs.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

TIMEOUT_S = 4.0


def main() -> int:
    """Ask and print what the answer was; Docker keeps the last few."""
    port = int(os.environ.get("HEALTH_PORT") or 0)
    if not port:
        return 0
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/livez")
        answer = connection.getresponse()
        body = answer.read().decode("utf-8", "replace").strip()
    except (OSError, HTTPException) as error:
        print(f"/livez on port {port}: {error}")
        return 1
    print(f"/livez on port {port}: {answer.status} {body}")
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
