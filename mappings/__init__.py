"""The asset document, the field-mapping spec and its pure engine."""
