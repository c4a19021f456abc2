"""What a policy would have meant for a log of cases: read, played through the rules at full speed, counted."""
