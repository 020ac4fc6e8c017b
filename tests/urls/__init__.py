"""URLs of sites with other set-ups."""
