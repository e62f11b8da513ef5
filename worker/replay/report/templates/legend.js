// The topics beside the map: how many comments match, choose one, hide one.
const legend = byId("legend");

function buildLegend() {
  for (const topic of [...data.topics.keys(), -1]) {
    if (topic < 0 && !members.get(-1).length) continue;
    const item = element("li");
    item.dataset.topic = topic;
    item.style.setProperty("--c", topic < 0 ? "var(--outlier)" : `var(--c${data.topics[topic].color})`);
    const shown = element("input");
    shown.type = "checkbox";
    shown.setAttribute("aria-label", `Show ${topic < 0 ? "comments in no topic" : `topic ${topic}, ${nameOf(topic)}`} on the map`);
    shown.addEventListener("change", () => {
      const hidden = new Set(state.hidden);
      if (shown.checked) hidden.delete(topic);
      else hidden.add(topic);
      change({ hidden });
    });
    const choose = element("button");
    choose.type = "button";
    choose.append(element("span", topic < 0 ? "–" : String(topic), "mark"), ` ${nameOf(topic)} `, element("span", "", "count"));
    choose.addEventListener("click", () => {
      if (state.topic === topic && state.part === null) return select({});
      select({ topic }, { focus: true });
      return zoomTo(members.get(topic));
    });
    item.append(shown, choose);
    legend.append(item);
  }
}

function updateLegend() {
  for (const item of legend.children) {
    const topic = Number(item.dataset.topic);
    const rows = members.get(topic);
    const n = matches ? rows.filter(isLit).length : rows.length;
    item.querySelector("input").checked = !state.hidden.has(topic);
    item.querySelector("button").setAttribute("aria-pressed", String(state.topic === topic));
    item.querySelector(".count").textContent = matches ? `${n} of ${rows.length}` : String(n);
    item.classList.toggle("none", n === 0);
  }
  const n = matches ? matches.filter(Boolean).length : 0;
  const topics = matches ? data.topics.filter((_, topic) => members.get(topic).some(isLit)).length : 0;
  byId("found").textContent = matches ? `${counted(n, "comment")} match${n === 1 ? "es" : ""}, in ${counted(topics, "topic")}` : "";
}
