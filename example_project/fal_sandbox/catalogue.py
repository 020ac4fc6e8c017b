"""The sandbox's endpoints, which tests may change."""

from typing import Any

from .endpoints import CHANGEABLE, ENDPOINTS, Endpoint


class Catalogue:
    """The current endpoints."""

    def __init__(self) -> None:
        self._endpoints = dict(ENDPOINTS)

    def __getitem__(self, endpoint_id: str) -> Endpoint:
        """Return the endpoint, even a removed one. Raise KeyError if it never existed."""
        return self._endpoints[endpoint_id]

    def living(self) -> dict[str, Endpoint]:
        """Return the endpoints that have not been removed, by id."""
        return {key: one for key, one in self._endpoints.items() if not one.gone}

    def has_app(self, app: str) -> bool:
        """Tell whether the owner's app still has an endpoint."""
        return any(endpoint.app == app for endpoint in self.living().values())

    def change(self, endpoint_id: str, changes: dict[str, Any]) -> None:
        """Change the endpoint. Raise KeyError for an unknown endpoint or change."""
        if unknown := changes.keys() - CHANGEABLE:
            raise KeyError(*unknown)
        self._endpoints[endpoint_id] = self._endpoints[endpoint_id].changed(changes)

    def reset(self) -> None:
        """Undo all changes."""
        self._endpoints = dict(ENDPOINTS)
