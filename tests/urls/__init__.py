"""URLs of sites that are set up otherwise."""
