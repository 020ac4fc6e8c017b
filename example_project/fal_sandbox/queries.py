"""What the calls of the platform API have in common: ids, limits, errors."""

from aiohttp import web


class InvalidQuery(Exception):
    """The query is not one that the platform API takes; the message says why."""


def read_ids(http: web.Request) -> list[str]:
    """Return the endpoints asked for, repeated or separated by commas; up to 50."""
    given = ",".join(http.query.getall("endpoint_id", []))
    ids = list(dict.fromkeys(one for one in given.split(",") if one))
    if len(ids) > 50:
        raise InvalidQuery("endpoint_id may be given up to 50 times")
    return ids


def require_ids(http: web.Request) -> list[str]:
    """Return the endpoints asked for, at least one."""
    ids = read_ids(http)
    if not ids:
        raise InvalidQuery("endpoint_id is required, 1 to 50 of them")
    return ids


def read_limit(http: web.Request) -> int:
    """Return how many rows a page may have."""
    limit = http.query.get("limit", "50")
    if not limit.isdecimal() or not 1 <= int(limit) <= 100:
        raise InvalidQuery("limit must be a number from 1 to 100")
    return int(limit)


def read_expand(http: web.Request, known: str) -> bool:
    """Tell whether the rows are to be expanded, which they can in one way only."""
    expand = set(http.query.getall("expand", []))
    if expand - {known}:
        raise InvalidQuery(f"expand takes {known} only")
    return bool(expand)


def platform_error(status: int, kind: str, message: str) -> web.Response:
    """Return an error in the form of the platform API."""
    return web.json_response({"error": {"type": kind, "message": message}}, status=status)
