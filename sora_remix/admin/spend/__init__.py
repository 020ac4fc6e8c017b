"""What remixes cost, added up by day, person, model and more."""
