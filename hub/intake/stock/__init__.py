"""What stands at remotes that the hub did not put there: listed, recognised, and adopted, imported or ignored."""
