"""The periodic comparison of record and Temporal: what was left lying is taken up, what does not fit is named."""
