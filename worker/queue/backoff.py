"""How long the worker waits before it asks Redis again, after an outage or an error reply."""

from typing import Final

# The client sends a command again up to three times, each soon after the last: a script may have run though its answer
# was lost, and the caller decides what follows. Each wait is twice the one before, up to the cap.
COMMAND_RETRIES: Final = 3
COMMAND_BASE_S, COMMAND_CAP_S = 0.1, 1.0
# Between two tries to reach a Redis that is away at the start; doubled likewise.
START_BASE_S, START_CAP_S = 0.5, 10.0
# Between two tries to store a result or to record a failure; doubled likewise.
DELIVERY_BASE_S, DELIVERY_CAP_S = 0.1, 2.0
# BullMQ waits this long after a pick-up that failed.
PICK_UP_DELAY_MS: Final = 1_000
