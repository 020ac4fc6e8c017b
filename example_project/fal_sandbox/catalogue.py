"""What the sandbox says of its endpoints, which tests may change."""

from typing import Any

from .endpoints import CHANGEABLE, ENDPOINTS, Endpoint


class Catalogue:
    """The endpoints as they are now."""

    def __init__(self) -> None:
        self._endpoints = dict(ENDPOINTS)

    def __getitem__(self, endpoint_id: str) -> Endpoint:
        """Return the endpoint, gone or not; raise KeyError for one that never was."""
        return self._endpoints[endpoint_id]

    def living(self) -> dict[str, Endpoint]:
        """Return the endpoints that are not gone, by id."""
        return {key: one for key, one in self._endpoints.items() if not one.gone}

    def has_app(self, app: str) -> bool:
        """Tell whether an endpoint of the owner's app is left."""
        return any(endpoint.app == app for endpoint in self.living().values())

    def change(self, endpoint_id: str, changes: dict[str, Any]) -> None:
        """Change the endpoint; raise KeyError for an unknown endpoint or change."""
        if unknown := changes.keys() - CHANGEABLE:
            raise KeyError(*unknown)
        self._endpoints[endpoint_id] = self._endpoints[endpoint_id].changed(changes)

    def reset(self) -> None:
        """Undo all changes."""
        self._endpoints = dict(ENDPOINTS)
