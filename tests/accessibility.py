"""axe-core on a page as it stands: what weak eyes, a screen reader or a bad screen in bright light cannot make out."""

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}

# A colour in the middle of a change is neither of the two that are meant.
STILL = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*, *::before, *::after { animation: none !important; transition: none !important; }");
  document.adoptedStyleSheets = [sheet];
}"""


def barriers(page: Page) -> list[str]:
    """What breaks a success criterion of WCAG 2.2 AA on this page now: rule, element, and what axe-core says of it."""
    page.evaluate(STILL)
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(f"() => {{ {AXE} }}")
    found: dict[str, Any] = page.evaluate("(rules) => window.axe.run(document, rules)", RULES)
    return [
        f"{rule['id']} {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
