"""The 《客户问题分析报告》: figures of a period from the timeline, what they say, and how they look (R29)."""
