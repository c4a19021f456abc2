"""What must not be read by everybody: secrets in logs, personal details in what outlives a case."""
