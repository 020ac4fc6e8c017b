"""An editor's work in Wagtail, in a real browser."""
