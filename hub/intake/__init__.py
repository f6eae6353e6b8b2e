"""Every way bytes come in."""
