"""What the calls of the platform API have in common: ids, limits, errors."""

from datetime import UTC, datetime

from aiohttp import web


class InvalidQuery(Exception):
    """The query is not one that the platform API takes; the message says why."""


def read_ids(http: web.Request, name: str = "endpoint_id") -> list[str]:
    """Return the ids asked for, repeated or separated by commas; up to 50."""
    given = ",".join(http.query.getall(name, []))
    ids = list(dict.fromkeys(one for one in given.split(",") if one))
    if len(ids) > 50:
        raise InvalidQuery(f"{name} may be given up to 50 times")
    return ids


def require_ids(http: web.Request) -> list[str]:
    """Return the endpoints asked for, at least one."""
    ids = read_ids(http)
    if not ids:
        raise InvalidQuery("endpoint_id is required, 1 to 50 of them")
    return ids


def read_limit(http: web.Request, most: int = 100) -> int:
    """Return how many rows a page may have."""
    limit = http.query.get("limit", "50")
    if not limit.isdecimal() or not 1 <= int(limit) <= most:
        raise InvalidQuery(f"limit must be a number from 1 to {most}")
    return int(limit)


def read_expand(http: web.Request, known: str) -> bool:
    """Tell whether the rows are to be expanded, which they can in one way only."""
    expand = set(http.query.getall("expand", []))
    if expand - {known}:
        raise InvalidQuery(f"expand takes {known} only")
    return bool(expand)


def read_time(text: str | None, default: datetime) -> datetime:
    """Return a time in UTC, which it is if it names no offset."""
    try:
        time = datetime.fromisoformat(text) if text else default
    except ValueError:
        raise InvalidQuery(f"{text} is not an ISO 8601 time") from None
    return time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)


def zulu(time: str) -> str:
    """Return a time in UTC as fal writes it."""
    return time.replace("+00:00", "Z")


def platform_error(status: int, kind: str, message: str) -> web.Response:
    """Return an error in the form of the platform API."""
    return web.json_response({"error": {"type": kind, "message": message}}, status=status)
