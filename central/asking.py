"""Where a request comes from, also for those whom the context of a request is built on."""

from flask import has_request_context, request


def asking_address() -> str:
    """Where the request comes from; empty where something else than a request acts."""
    return request.remote_addr or "" if has_request_context() else ""
