"""Each folder is about one part. It is skipped unless `TEST_SITE` names a site with that part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

FOLDER = Path(__file__).parent


class SkippedModule(pytest.Module):
    """A module that can't even be imported on another site."""

    def collect(self) -> Any:
        part = _part(self.path)
        pytest.skip(f"needs TEST_SITE={part} and the extra “{part}”", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> pytest.Module | None:
    part = _part(module_path)
    if part.endswith(".py") or apps.is_installed(f"sora_remix.contrib.{part}"):
        return None
    return SkippedModule.from_parent(parent, path=module_path)


def _part(path: Path) -> str:
    """Return the folder that is named after a part, or the name of a file beside these."""
    return path.relative_to(FOLDER).parts[0]
