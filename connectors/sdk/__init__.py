"""What a connector is: protocols, value types, errors, http client, guard, auth."""
