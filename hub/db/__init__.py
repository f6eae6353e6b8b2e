"""The database: engines, sessions, units of work, migrations."""
