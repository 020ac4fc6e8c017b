"""Videos in Wagtail: a chooser, a StreamField block, and a list for editors."""
