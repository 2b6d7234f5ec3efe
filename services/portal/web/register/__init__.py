"""Registration, a module for each step (rows 7 to 12)."""

from services.portal.web.register import information, methods, review, security, start

PAGES = (*start.PAGES, *security.PAGES, *information.PAGES, *methods.PAGES, *review.PAGES)
