"""Coming from elsewhere: settings of another publisher become a serverless.yml, and habits stay."""
