"""Sites whose admin has another theme than Django's."""
