"""The memory of this process, as Linux counts it."""

from pathlib import Path


def reset_peak() -> None:
    """Begin to count the peak anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_mb() -> float:
    """Give the largest resident memory since the peak was last reset, MiB."""
    return _mb("VmHWM:")


def resident_mb() -> float:
    """Give the resident memory now, MiB."""
    return _mb("VmRSS:")


def _mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024
