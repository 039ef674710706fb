"""What is wrong in serverless.yml, and where."""
