"""Variables of serverless.yml, the .env files that set them, and those that no file may set."""
