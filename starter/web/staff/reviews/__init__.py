"""The pages of reviews of closed cases: listed, read and worked on (R27, R49).

What a review's report says is in `activities.review`, what a command to it may do in `workflows.domain.review`.
"""
