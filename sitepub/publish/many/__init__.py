"""Plans of very many steps, and what was done of them, in little memory."""
