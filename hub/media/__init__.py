"""What a file is: probing, renditions, embedded metadata."""
