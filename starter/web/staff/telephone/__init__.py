"""What staff do on the telephone: calls that they have to make, and issues that they take in while a caller speaks."""
