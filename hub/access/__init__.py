"""Users, roles, tokens, sessions: who may do what, decided in one place."""
