"""What is wrong with a page's layout, as a person would see it."""

from typing import Any

_FAULTS = """
() => {
  const faults = [];
  const box = (node) => node.getBoundingClientRect();
  const text = (node) => (node.textContent || node.id).trim().slice(0, 40);
  const name = (node) => `${node.tagName.toLowerCase()} ${text(node)}`;
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push(`the page is ${root.scrollWidth} wide`);
  const looked = "h1, h2, h3, p, label, summary, legend, input, select, textarea, button, th, td,"
    + "li, caption, figcaption, pre, .strips > *, .scale, .wrong";
  const isSeen = (node) => node.checkVisibility({ visibilityProperty: true })
    && box(node).width > 1 && getComputedStyle(node.closest("thead") ?? node).clipPath === "none";
  const seen = [...document.querySelectorAll(looked)].filter(isSeen);
  for (const node of seen) {
    const { left, right } = box(node);
    const leaves = left < 0 || right > root.clientWidth + 0.5;
    if (leaves) faults.push(`${name(node)} leaves the page`);
    const inline = getComputedStyle(node).display === "inline";
    const scrolls = node.matches("input, select, textarea, pre");
    if (!scrolls && !inline && node.scrollWidth > node.clientWidth + 1) {
      faults.push(`${name(node)} is ${node.scrollWidth} wide in ${node.clientWidth}`);
    }
  }
  for (const [index, one] of seen.entries()) {
    for (const other of seen.slice(index + 1)) {
      if (one.contains(other) || other.contains(one)) continue;
      const a = box(one), b = box(other);
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1 && down > 1) faults.push(`${name(one)} overlaps ${name(other)}`);
    }
  }
  return faults;
}
"""


def faults(page: Any) -> list[str]:
    """What leaves the page, is cut, or overlaps something else; empty if all is well."""
    found: list[str] = page.evaluate(_FAULTS)
    return found


def contrast(page: Any, selector: str) -> float:
    """The contrast of an element's text with what is behind it, by WCAG 2."""
    ratio: float = page.evaluate(
        """selector => {
          const parse = (text) => text.match(/[\\d.]+/g).map(Number);
          const node = document.querySelector(selector);
          let behind = node;
          let back = parse(getComputedStyle(behind).backgroundColor);
          while (back[3] === 0 && behind.parentElement) {
            behind = behind.parentElement;
            back = parse(getComputedStyle(behind).backgroundColor);
          }
          const light = (rgb) => {
            const [r, g, b] = rgb.slice(0, 3).map((v) => v / 255)
              .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const text = light(parse(getComputedStyle(node).color));
          const ground = light(back);
          return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
        }""",
        selector,
    )
    return ratio
