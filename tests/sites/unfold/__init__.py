"""A site whose admin has the theme of django-unfold."""
