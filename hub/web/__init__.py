"""The web door: pages, JSON API, inbound hooks."""
