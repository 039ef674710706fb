"""The models of serverless.yml."""
