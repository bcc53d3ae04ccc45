// Looks at every text that shows, and returns what is wrong with it, one sentence each.
(() => {
  const faults = [];
  const root = document.documentElement;
  const vector = root.localName === "svg";
  const seen = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.display === "none" || style.visibility !== "visible" || style.opacity === "0") return false;
    }
    return true;
  };
  const quoted = (text) => JSON.stringify(text.trim().slice(0, 60));

  // Each text with the rectangles that it covers.
  const texts = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !seen(element) || element.closest("style, title, desc, head")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = vector ? [element.getBoundingClientRect()] : [...range.getClientRects()];
    texts.push({ element, text: node.data, rects: rects.filter((r) => r.width > 0.5 && r.height > 0.5) });
  }
  const cards = vector ? [...document.querySelectorAll("rect")].filter(seen) : [];
  const boxOf = new Map(cards.map((card) => [card, card.getBoundingClientRect()]));
  const cardAt = (r) => cards.find((card) => {
    const box = boxOf.get(card);
    return r.left >= box.left - 1 && r.left <= box.right && r.top >= box.top - 1 && r.top <= box.bottom;
  });

  // Nothing reaches past the window.
  if (root.scrollWidth > innerWidth) faults.push(`it is ${root.scrollWidth} pixels wide, in a window of ${innerWidth}`);
  for (const t of texts) {
    for (const r of t.rects) {
      if (r.right > innerWidth + 0.5 || r.left < -0.5) faults.push(`${quoted(t.text)} reaches past the window`);
    }
  }
  // Nor below the picture.
  if (vector) {
    const bottom = root.getBoundingClientRect().bottom;
    if (texts.some((t) => t.rects.some((r) => r.bottom > bottom + 0.5))) faults.push("text is below the picture's end");
  }

  // Nothing is cut off by what holds it.
  for (const t of texts) {
    for (const r of t.rects) {
      if (vector) {
        const card = cardAt(r);
        if (card && (r.right > boxOf.get(card).right + 0.5 || r.bottom > boxOf.get(card).bottom + 0.5)) {
          faults.push(`${quoted(t.text)} reaches past its card`);
        }
        continue;
      }
      for (let e = t.element; e && e !== document.body; e = e.parentElement) {
        const box = e.getBoundingClientRect();
        const hides = getComputedStyle(e).overflow !== "visible";
        const block = getComputedStyle(e).display !== "inline";
        if (block && (r.right > box.right + 1 || r.left < box.left - 1 || (hides && r.bottom > box.bottom + 1))) {
          faults.push(`${quoted(t.text)} reaches past what holds it`);
          break;
        }
      }
    }
  }

  // No text lies on another.
  const all = texts.flatMap((t) => t.rects.map((rect) => ({ rect, of: t })));
  for (let i = 0; i < all.length; i++) {
    for (let j = i + 1; j < all.length; j++) {
      const [a, b] = [all[i], all[j]];
      const wide = Math.min(a.rect.right, b.rect.right) - Math.max(a.rect.left, b.rect.left);
      const high = Math.min(a.rect.bottom, b.rect.bottom) - Math.max(a.rect.top, b.rect.top);
      if (wide > 2 && high > 4 && a.of !== b.of) faults.push(`${quoted(a.of.text)} lies on ${quoted(b.of.text)}`);
    }
  }

  // Contrast by WCAG 2.2, "contrast ratio" and "relative luminance".
  const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ratio = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };
  const ground = (t) => {
    const card = vector && cardAt(t.rects[0]);
    if (card) return parse(getComputedStyle(card).fill);
    for (let e = t.element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  let least = Infinity;
  for (const t of texts.filter((t) => t.rects.length > 0)) {
    const style = getComputedStyle(t.element);
    const contrast = ratio(parse(vector ? style.fill : style.color), ground(t));
    least = Math.min(least, contrast);
    if (contrast < 4.5) faults.push(`${quoted(t.text)} has a contrast of ${contrast.toFixed(2)}`);
    if (parseFloat(style.fontSize) < 12) faults.push(`${quoted(t.text)} is ${style.fontSize} high`);
  }
  const words = texts.map((t) => t.text.trim()).join(" ");
  return { faults: [...new Set(faults)], texts: texts.length, words, contrast: least, ground: getComputedStyle(vector ? root : document.body).backgroundColor };
})()
