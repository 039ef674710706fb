"""serverless.yml: YAML with positions, variables, .env, models, JSON Schema."""
