"""The wire: signing, verifying, schedule, deduplication; pure, knows no asset."""
