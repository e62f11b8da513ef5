// Two painters with the same four methods: one for a canvas, one that writes SVG.
class CanvasPainter {
  constructor(context) { this.context = context; }

  dots(xs, ys, radius, color, alpha, hollow) {
    const { context } = this;
    context.globalAlpha = alpha;
    context.beginPath();
    for (let i = 0; i < xs.length; i += 1) {
      if (radius < 2) context.rect(xs[i] - radius, ys[i] - radius, 2 * radius, 2 * radius);
      else { context.moveTo(xs[i] + radius, ys[i]); context.arc(xs[i], ys[i], radius, 0, 2 * Math.PI); }
    }
    if (hollow) { context.strokeStyle = color; context.lineWidth = 1.2; context.stroke(); }
    else { context.fillStyle = color; context.fill(); }
    context.globalAlpha = 1;
  }

  lines(segments, color, width, alpha) {
    const { context } = this;
    context.globalAlpha = alpha;
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    for (const [x1, y1, x2, y2] of segments) { context.moveTo(x1, y1); context.lineTo(x2, y2); }
    context.stroke();
    context.globalAlpha = 1;
  }

  image(image, left, top, width, height) {
    this.context.imageSmoothingEnabled = true;
    this.context.drawImage(image, left, top, width, height);
  }

  label(label, color, halo) {
    const { context } = this;
    context.font = fontOf(label);
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    label.lines.forEach((line, at) => {
      const x = (label.box.left + label.box.right) / 2;
      const y = label.box.top + 2 + (at + 0.5) * label.size * 1.15;
      context.strokeStyle = halo;
      context.lineWidth = label.size / 3.2;
      context.strokeText(line, x, y);
      context.fillStyle = color;
      context.fillText(line, x, y);
    });
  }
}

class SvgPainter {
  constructor(width, height, background) {
    this.root = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) this.root.setAttribute(name, value);
    this.add("rect", { width, height, fill: background });
  }

  add(tag, attributes, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, typeof value === "number" ? Math.round(value * 10) / 10 : value);
    made.textContent = text;
    this.root.append(made);
  }

  dots(xs, ys, radius, color, alpha, hollow) {
    const r = radius.toFixed(1);
    const path = Array.from(xs, (x, i) => `M${(x - radius).toFixed(1)} ${ys[i].toFixed(1)}a${r} ${r} 0 1 0 ${(2 * radius).toFixed(1)} 0a${r} ${r} 0 1 0 -${(2 * radius).toFixed(1)} 0`);
    if (path.length) this.add("path", { d: path.join(""), opacity: String(alpha), ...(hollow ? { fill: "none", stroke: color } : { fill: color }) });
  }

  lines(segments, color, width, alpha) {
    const d = segments.map(([x1, y1, x2, y2]) => `M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}`).join("");
    if (d) this.add("path", { d, stroke: color, "stroke-width": width, opacity: String(alpha), fill: "none" });
  }

  image(image, left, top, width, height) {
    this.add("image", { href: image.toDataURL(), x: left, y: top, width, height, preserveAspectRatio: "none" });
  }

  label(label, color, halo) {
    label.lines.forEach((line, at) => {
      this.add("text", {
        x: (label.box.left + label.box.right) / 2, y: label.box.top + 2 + (at + 0.5) * label.size * 1.15 + label.size * 0.35,
        "text-anchor": "middle", "font-family": FONT, "font-size": label.size, "font-weight": String(label.weight),
        fill: color, stroke: halo, "stroke-width": label.size / 3.2, "stroke-linejoin": "round", "paint-order": "stroke",
      }, line);
    });
  }

  text() { return new XMLSerializer().serializeToString(this.root); }
}
