"""Sites with a worker and the sandbox, as the demo starts them."""
