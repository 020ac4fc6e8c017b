"""The list of videos, as cards or as rows."""
