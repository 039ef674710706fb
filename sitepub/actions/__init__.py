"""The stories, readable top to bottom: deploy, info, remove, init, login, doctor."""
