"""Reading pages as a test needs them."""

from __future__ import annotations

import html
import re


def hidden(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with an action."""
    form = re.search(rf'<form method="post" action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert form, f"no form posts to {action}"
    inputs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
    return {name: html.unescape(value) for name, value in inputs}


def text(page: str) -> str:
    """The words of a page as they are read."""
    bare = re.sub(r"<(script|style|svg).*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def errors(page: str) -> tuple[list[str], list[str]]:
    """The lines of the error summary, and the errors beside the fields."""
    summary = re.search(r'<section class="m-errors".*?</section>', page, re.DOTALL)
    lines = re.findall(r"<li>(.*?)</li>", summary[0], re.DOTALL) if summary else []
    beside = re.findall(r'<p class="usa-error-message".*?</p>', page, re.DOTALL)
    return [text(line) for line in lines], [text(line).removeprefix("Error: ") for line in beside]
