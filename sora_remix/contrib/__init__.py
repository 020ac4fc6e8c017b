"""Optional parts for other packages, each an app of its own."""
