"""Sphinx configuration. The docs build without the network, a database or a fal account."""

import sys
from pathlib import Path

import django
from django.conf import settings

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "_ext")]

settings.configure(
    SECRET_KEY="only-for-the-docs",  # noqa: S106
    USE_TZ=True,
    Q_CLUSTER={"orm": "default", "timeout": 60, "retry": 120},
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django_q",
        "sora_remix",
    ],
)
django.setup()

import sora_remix  # noqa: E402

project = "sora_remix"
author = "sora_remix contributors"
project_copyright = author
release = version = sora_remix.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "record_reference", "setting_reference"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
default_role = "code"

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
nitpick_ignore_regex = [("py:.*", r".*")]
"""Types in signatures are Django's and Python's: linking to their docs needs the network."""

html_theme = "furo"
html_title = f"sora_remix {release}"
html_theme_options = {"navigation_with_keys": True}
html_copy_source = False
