"""The review screen: a local web page in Japanese for clerks, on this machine only.

``serve`` starts it. Owns nothing else: ``app`` has the pages, ``guard`` who may ask for them.
"""

from gaiji.review.web.server import serve

__all__ = ["serve"]
