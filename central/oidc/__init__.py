"""Signing in through the identity provider of the company (OpenID Connect). Off unless `[oidc]` is configured.

A password goes on working beside it: the plant is offline-first, and the provider is another machine.
"""
