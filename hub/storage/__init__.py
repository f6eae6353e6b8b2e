"""Content-addressed blobs, local or S3."""
