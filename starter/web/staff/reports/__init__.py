"""The pages of the analysis reports, for whoever may see every case (R29, R49).

Reports of single reviews are in `reviews`; how a report is made is in `starter.services.analysis`.
"""
