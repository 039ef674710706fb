"""Sites with slots, run as users do."""
