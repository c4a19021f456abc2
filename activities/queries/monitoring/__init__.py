"""What those who run an installation ask the record: what needs attention, figures, sweeps, workers, channels (R30).

Questions on one case, or for somebody who works on cases, stay in the room above. Whether something is wrong is said
here; what to do about it is for `starter.services.system` and `starter.doctor`.
"""
