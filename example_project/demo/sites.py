"""The sites of the tests that `manage.py demo --site` starts."""

from dataclasses import dataclass
from importlib.util import find_spec

from django.core.management.base import CommandError

USERNAME = "editor"
PASSWORD = "demo"


@dataclass(frozen=True)
class Site:
    """A site in `tests/sites/`, with settings of its own."""

    fill: str
    """The function that makes its content, and returns the path at which to begin."""
    package: str = ""
    """What must be installed for it."""
    extra: str = ""
    """The extra that installs the package."""

    def check(self, name: str) -> None:
        """Raise CommandError if its package is missing."""
        if self.package and find_spec(self.package) is None:
            raise CommandError(
                f"The site “{name}” needs the extra “{self.extra}”. Install it with "
                f"“pip install -e '.[{self.extra}]'”."
            )


SITES = {
    "wagtail": Site("tests.sites.wagtail.content.fill", "wagtail", "wagtail"),
    "cms": Site("tests.sites.cms.content.fill", "cms", "test"),
    "unfold": Site("tests.sites.unfold.content.fill", "unfold", "test"),
    "clips": Site("tests.sites.clips.content.fill"),
    "foreign": Site("tests.sites.foreign.content.fill"),
}
