"""Videos in django CMS: a plugin that places them on pages."""
