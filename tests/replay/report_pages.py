"""The report of the example batch in a browser: its data, what is typed and clicked, and what its buttons save."""

import json

from tests.browser import Browser

DRAWN = "document.querySelector('#plot')?.dataset.drawn"
DATA = "JSON.parse(document.getElementById('data').textContent)"
HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
LONG = "ha" * 60
# What a click on a button would save: its name and its text.
SAVED = """
(async (id) => {
  const { createObjectURL } = URL;
  const { click } = HTMLAnchorElement.prototype;
  const saved = new Promise((give) => {
    URL.createObjectURL = (blob) => { blob.text().then(give); return "blob:null"; };
    HTMLAnchorElement.prototype.click = () => {};
  });
  document.getElementById(id).click();
  Object.assign(URL, { createObjectURL });
  Object.assign(HTMLAnchorElement.prototype, { click });
  return saved;
})
"""


def typed(browser: Browser, query: str) -> None:
    """Type a search and press Enter."""
    browser.evaluate(
        f"(box => {{ box.value = {json.dumps(query)}; box.dispatchEvent(new Event('change')); }})"
        "(document.getElementById('query'))"
    )


def saved(browser: Browser, button: str) -> str:
    """Give the text that a button saves."""
    text = browser.evaluate(f"{SAVED}({json.dumps(button)})")
    assert isinstance(text, str)
    return text


def cleared(browser: Browser) -> None:
    """Put the map back as it was."""
    browser.evaluate("document.getElementById('clear').click()")
