"""Structured logs on standard error. Events carry ids and names of ours, never what a client typed."""

import logging
import sys

import structlog


def set_up_logs(form: str) -> None:
    """`console` for people, `json` for collectors, `silent` for commands that print their own findings."""
    level = logging.CRITICAL if form == "silent" else logging.INFO
    # Libraries quote requests and messages in their warnings; only what cannot be about a client passes.
    logging.basicConfig(level=logging.CRITICAL, stream=sys.stderr, force=True)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _without_values,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _without_values(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """A traceback as places only: an exception's message may quote what a client typed."""
    if event.pop("exc_info", None):
        places = []
        trace = sys.exc_info()[2]
        while trace is not None:
            code = trace.tb_frame.f_code
            places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        event["places"] = " < ".join(reversed(places[-8:]))
    return event
