"""The whole hub as it really runs: `damhub web` and `damhub worker` in processes of their own."""
