"""May it be used there, then, and until when."""
