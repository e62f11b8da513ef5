"""structlog: one event a line, for people on a terminal, JSON elsewhere."""

import logging

import structlog

from worker.streams import make_stderr_lossy


def configure(level: str, form: str) -> None:
    """Set logging up for this process; everything goes to stderr, and a line that cannot be written is lost.

    The local variables of a traceback are never rendered: they could hold comments.

    Args:
        level: "DEBUG", "INFO", "WARNING" or "ERROR".
        form: "console", "json", or "auto": console on a terminal, else JSON.
    """
    stream = make_stderr_lossy()
    console = form == "console" or (form == "auto" and stream.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=True)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
