"""Deploys that find little or nothing changed."""
