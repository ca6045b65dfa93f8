"""Stands in for the package that SaaS plugins import, on machines where it is not installed: the names that
plugins use, and what they do there. Written for pamrun; nothing of it talks to a network or keeps anything."""
