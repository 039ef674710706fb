"""Sites of very many files in little memory."""
