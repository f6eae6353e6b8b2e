"""Every way bytes go out."""
