"""An editor's work in django CMS, in a real browser."""
