// Keeps the page fresh without a jump, and draws the charts of the last hour. Without it
// the page reloads itself and says in words what the charts show.
(function () {
  'use strict';
  const every = 1000 * Number(document.body.dataset.refresh);
  const plots = new Map(); // by the name of the figure

  // exchange puts what a newer page says in the place of what is shown, unless a person is
  // selecting text there. What was unfolded, scrolled or focused stays so.
  function exchange(old, fresh) {
    if (old.outerHTML === fresh.outerHTML) return;
    const selection = document.getSelection();
    if (selection && !selection.isCollapsed && old.contains(selection.anchorNode)) return;
    const reachable = 'a, summary, [tabindex]';
    const focused = [...old.querySelectorAll(reachable)].indexOf(document.activeElement);
    const scrolled = [...old.querySelectorAll('.scroll')].map((e) => [e.scrollLeft, e.scrollTop]);
    for (const d of old.querySelectorAll('details[open]')) {
      const same = d.id && fresh.querySelector('#' + CSS.escape(d.id));
      if (same) same.open = true;
    }
    old.replaceWith(fresh);
    [...fresh.querySelectorAll('.scroll')].forEach((e, i) => {
      if (scrolled[i]) [e.scrollLeft, e.scrollTop] = scrolled[i];
    });
    if (focused >= 0) {
      const again = fresh.querySelectorAll(reachable)[focused];
      if (again) again.focus({ preventScroll: true });
    }
  }

  const live = (root) => [...root.querySelectorAll('[data-live]')];
  const names = (all) => all.map((e) => e.id).join(' ');

  async function get(path) {
    const answer = await fetch(path, { signal: AbortSignal.timeout(2 * every), cache: 'no-store' });
    if (!answer.ok) throw new Error(answer.status + ' ' + answer.statusText);
    return answer;
  }

  let lost = null; // since when evenkeel does not answer
  async function refresh() {
    try {
      const page = new DOMParser().parseFromString(await (await get(location.href)).text(), 'text/html');
      document.title = page.title;
      if (names(live(document)) === names(live(page))) {
        for (const e of live(page)) exchange(document.getElementById(e.id), document.importNode(e, true));
      } else {
        document.querySelector('main').replaceWith(document.importNode(page.querySelector('main'), true));
        plots.clear();
      }
      await draw();
      connection(null);
    } catch (err) {
      connection(lost || new Date(), err);
    }
  }

  function connection(since, err) {
    lost = since;
    document.body.classList.toggle('lost', since !== null);
    const text = since ? 'evenkeel does not answer since ' + since.toISOString().slice(11, 19) + ' UTC (' + err.message + '): what stands below is old.' : '';
    const shown = document.getElementById('connection');
    if (shown.textContent !== text) shown.textContent = text;
    if (since && !document.title.startsWith('?')) document.title = '? ' + document.title;
  }

  async function draw() {
    const section = document.getElementById('charts');
    if (!section) return;
    const history = await (await get(section.dataset.history)).json();
    for (const figure of history.figures) {
      const place = section.querySelector('[data-figure="' + figure.name + '"] .plot');
      if (!place) continue;
      const data = [history.at, figure.values];
      const plot = plots.get(figure.name);
      if (plot && place.contains(plot.root)) plot.setData(data);
      else plots.set(figure.name, chart(place, figure, data));
    }
  }

  function chart(place, figure, data) {
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis = () => ({ stroke: colour('--grey'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false }, font: '12px system-ui' });
    return new uPlot({
      width: place.clientWidth, height: 110,
      legend: { show: false }, cursor: { y: false, drag: { x: false, y: false } },
      tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), 'Etc/UTC'),
      scales: { x: { range: (_, first, last) => [Math.min(first, last - 600), last] }, y: { range: (_, least, most) => [Math.min(0, least || 0), Math.max(1, 1.05 * (most || 0))] } },
      axes: [
        { ...axis(), size: 26, space: 70, values: (_, all) => all.map((at) => new Date(at * 1e3).toISOString().slice(11, 16)) },
        { ...axis(), size: 44, space: 28 },
      ],
      series: [{}, { stroke: colour('--link'), width: 2, points: { size: 4 }, spanGaps: false }],
    }, data, place);
  }

  function redraw() {
    for (const plot of plots.values()) plot.destroy();
    plots.clear();
    draw().catch(() => {}); // the next refresh tells it
  }

  let waiting = 0;
  addEventListener('resize', () => {
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 200);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });

  draw().catch(() => {});
  setInterval(() => { if (!document.hidden) refresh(); }, every);
})();
