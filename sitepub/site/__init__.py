"""The folder: framework detection, build hook, env.js, scan, ignore rules, content types, header rules."""
