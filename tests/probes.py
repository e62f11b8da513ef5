"""The HTTP side of a worker, as a kubelet and Prometheus ask for it."""

import json
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

SOON_S = 30.0


class Probes:
    """The HTTP side of a worker."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        """Take the port it was started with, and the host as it stands in a URL."""
        self.port = port
        self._root = f"http://{host}:{port}"

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """Ask for a verdict."""
        try:
            with urlopen(f"{self._root}{path}", timeout=10) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            return error.code, json.load(error)

    def samples(self) -> dict[str, float]:
        """Read the metrics, as Prometheus does."""
        with urlopen(f"{self._root}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        return {
            sample.name + "".join(f"|{value}" for _, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def until(self, name: str, value: float) -> None:
        """Wait until a metric has a value."""
        deadline_s = time.monotonic() + SOON_S
        while (samples := self.samples()).get(name) != value:
            assert time.monotonic() < deadline_s, f"{name} is {samples.get(name)}, not {value}"
            time.sleep(0.05)

    def until_ready(self, status: int) -> list[str]:
        """Wait until /readyz answers so; give its reasons."""
        deadline_s = time.monotonic() + SOON_S
        while (answer := self.get("/readyz"))[0] != status:
            assert time.monotonic() < deadline_s, answer
            time.sleep(0.05)
        return list(answer[1]["reasons"])
