"""What staff do on the telephone: the calls that they have to make."""
