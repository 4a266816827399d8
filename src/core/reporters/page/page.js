// The report page: everything is in the page, nothing is fetched. Text of findings only ever becomes text nodes.
'use strict';
(() => {
  const $ = (id) => document.getElementById(id);
  const report = JSON.parse($('report').textContent);
  $('report').textContent = '';

  // ---- Small helpers ----------------------------------------------------------------------------------------------
  const make = (tag, className, ...children) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    for (const child of children) if (child !== null && child !== undefined) node.append(child);
    return node;
  };
  const icon = (name, className) => {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
    use.setAttribute('href', '#mark-' + name);
    svg.setAttribute('aria-hidden', 'true');
    if (className) svg.setAttribute('class', className);
    svg.append(use);
    return svg;
  };
  // Characters that hide or reorder text are shown by their number, as a reviewer must see them.
  const hostile = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/g;
  const show = (text) => text.replace(hostile, (c) => '<U+' + c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0') + '>');
  const integer = new Intl.NumberFormat('en');
  const decimal = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
  const many = (count, noun) => integer.format(count) + ' ' + noun + (count === 1 ? '' : 's');
  const levelNames = ['none', 'note', 'warning', 'error'];
  const iconOfLevel = ['note', 'note', 'warning', 'error'];
  const statusWords = { 'passed': 'passed', 'failed': 'failed', 'could-not-run': 'could not run', 'skipped': 'skipped' };
  const iconOfStatus = { 'passed': 'passed', 'failed': 'error', 'could-not-run': 'warning', 'skipped': 'skipped' };
  const duration = (ms) => ms < 1000 ? ms + ' ms' : ms < 60000 ? (ms / 1000).toFixed(1) + ' s'
    : ms < 3600000 ? Math.floor(ms / 60000) + ' min ' + Math.floor(ms / 1000 % 60) + ' s'
    : Math.floor(ms / 3600000) + ' h ' + Math.floor(ms / 60000 % 60) + ' min';
  const unitOf = (value, unit) => (value === 1 && unit.length > 2 && unit.endsWith('s') ? unit.slice(0, -1) : unit);
  const measured = (metric) => (metric[1] === null ? 'not known' : decimal.format(metric[1])) + (metric[2] ? ' ' + unitOf(metric[1], metric[2]) : '');
  const listed = (parts) => parts.length < 2 ? parts.join('') : parts.slice(0, -1).join(', ') + ' and ' + parts[parts.length - 1];

  // ---- Columns: what filtering and sorting touch lies in typed arrays ------------------------------------------------
  const { gates, rules, files, findings: rows } = report;
  const total = rows.length;
  const GATE = 0, RULE = 1, LEVEL = 2, STATE = 3, MESSAGE = 4, FILE = 5, LINE = 6, COLUMN = 7, END_LINE = 8, END_COLUMN = 9, EXCERPT = 10, EXTRA = 11;
  const gateOf = new Uint32Array(total), ruleOf = new Uint32Array(total), levelOf = new Uint8Array(total);
  const fileOf = new Uint32Array(total), lineOf = new Uint32Array(total), columnOf = new Uint32Array(total);
  const stateOf = new Uint8Array(total);  // 0 no comparison, 1 new, 2 still there, 3 fixed
  const counts = [0, 0, 0, 0], states = [0, 0, 0, 0];
  for (let i = 0; i < total; ++i) {
    const row = rows[i];
    gateOf[i] = row[GATE]; ruleOf[i] = row[RULE]; levelOf[i] = row[LEVEL]; stateOf[i] = row[STATE];
    fileOf[i] = row[FILE] || 0; lineOf[i] = row[LINE] || 0; columnOf[i] = row[COLUMN] || 0;
    ++states[stateOf[i]];
    if (stateOf[i] !== 3) ++counts[levelOf[i]];
  }
  const present = total - states[3];
  const compared = report.compared;

  // Ranks of names; "" (no file) comes last.
  const rankOf = (names, key) => {
    const order = names.map((_, i) => i).sort((a, b) => {
      const x = key(names[a]), y = key(names[b]);
      if ((x === '') !== (y === '')) return x === '' ? 1 : -1;
      return x < y ? -1 : x > y ? 1 : 0;
    });
    const rank = new Uint32Array(names.length);
    order.forEach((name, place) => { rank[name] = place; });
    return rank;
  };
  const fileRank = rankOf(files, (f) => f), ruleRank = rankOf(rules, (r) => r.id), gateRank = rankOf(gates, (g) => g.gate);

  const placeOrder = (() => {
    const order = new Uint32Array(total);
    for (let i = 0; i < total; ++i) order[i] = i;
    return order.sort((a, b) => fileRank[fileOf[a]] - fileRank[fileOf[b]] || lineOf[a] - lineOf[b] || columnOf[a] - columnOf[b] || a - b);
  })();
  // Stable counting sort of `order` by a small integer key.
  const sortedBy = (order, size, key) => {
    const starts = new Uint32Array(size + 1);
    for (let i = 0; i < total; ++i) ++starts[key(order[i]) + 1];
    for (let k = 0; k < size; ++k) starts[k + 1] += starts[k];
    const result = new Uint32Array(total);
    for (let i = 0; i < total; ++i) result[starts[key(order[i])]++] = order[i];
    return result;
  };
  const keys = {
    file: [files.length, (i) => fileRank[fileOf[i]], (i) => files[fileOf[i]] || 'No file'],
    rule: [rules.length, (i) => ruleRank[ruleOf[i]], (i) => rules[ruleOf[i]].id],
    gate: [gates.length, (i) => gateRank[gateOf[i]], (i) => gates[gateOf[i]].gate],
    level: [4, (i) => 3 - levelOf[i], (i) => ['Other', 'Notes', 'Warnings', 'Errors'][levelOf[i]]],
  };
  const orders = new Map();
  const orderFor = (group, sort) => {
    const name = group + ' ' + sort;
    if (orders.has(name)) return orders.get(name);
    let order = placeOrder;
    if (sort !== 'place') order = sortedBy(order, keys[sort][0], keys[sort][1]);
    if (group !== 'none') order = sortedBy(order, keys[group][0], keys[group][1]);
    if (orders.size > 6) orders.clear();
    orders.set(name, order);
    return order;
  };

  // ---- Filter state ------------------------------------------------------------------------------------------------
  const defaults = { text: '', gate: '', rule: '', file: '', state: '', group: 'file', sort: 'place', levels: 'ewn' };
  const filter = { ...defaults };
  const levelKey = ['n', 'n', 'w', 'e'];
  const closed = new Set();
  const lower = new Array(total);
  let items = new Int32Array(0);   // >= 0 a finding, < 0 group ~item of `groups`
  let groups = [];                 // {label, count}
  let groupAt = new Int32Array(0); // where the group headers are in items
  let matches = 0;
  let selected = -1;               // position in items
  const contains = (names, word) => Uint8Array.from(names, (name) => name.toLowerCase().includes(word) ? 1 : 0);

  const apply = () => {
    const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
    const inRule = words.map((word) => contains(rules.map((r) => r.id), word));
    const inFile = words.map((word) => contains(files, word));
    const fileWanted = filter.file ? contains(files, filter.file.toLowerCase()) : null;
    const gate = filter.gate === '' ? -1 : gates.findIndex((g) => g.gate === filter.gate);
    const rule = filter.rule === '' ? -1 : rules.findIndex((r) => r.id === filter.rule);
    const state = { 'new': 1, 'kept': 2, 'fixed': 3 }[filter.state] || 0;
    const levelWanted = [0, 1, 2, 3].map((level) => filter.levels.includes(levelKey[level]));
    const order = orderFor(filter.group, filter.sort);
    const grouped = filter.group !== 'none';
    const [, keyOf, labelOf] = grouped ? keys[filter.group] : [0, null, null];
    const found = new Int32Array(total + (grouped ? Math.min(total, keys[filter.group][0]) : 0));
    const headers = new Int32Array(found.length - total);
    let length = 0, open = true, lastKey = -1;
    groups = [];
    matches = 0;
    next: for (let at = 0; at < total; ++at) {
      const i = order[at];
      if (state ? stateOf[i] !== state : stateOf[i] === 3) continue;
      if (!levelWanted[levelOf[i]]) continue;
      if (gate >= 0 && gateOf[i] !== gate) continue;
      if (rule >= 0 && ruleOf[i] !== rule) continue;
      if (fileWanted !== null && !fileWanted[fileOf[i]]) continue;
      for (let w = 0; w < words.length; ++w) {
        if (inRule[w][ruleOf[i]] || inFile[w][fileOf[i]]) continue;
        const message = lower[i] === undefined ? (lower[i] = rows[i][MESSAGE].toLowerCase()) : lower[i];
        if (!message.includes(words[w])) continue next;
      }
      ++matches;
      if (grouped) {
        const key = keyOf(i);
        if (key !== lastKey) {
          lastKey = key;
          const label = labelOf(i);
          groups.push({ label, count: 0 });
          headers[groups.length - 1] = length;
          found[length++] = -groups.length;
          open = !closed.has(filter.group + ' ' + label);
        }
        ++groups[groups.length - 1].count;
        if (!open) continue;
      }
      found[length++] = i;
    }
    items = found.subarray(0, length);
    groupAt = headers.subarray(0, groups.length);
  };

  // ---- The virtual list: only what is on the screen is in the document -------------------------------------------------
  const kRow = 58, kGroupRow = 38, kMaxHeight = 12000000;
  const list = $('list'), host = $('rows');
  // Past kMaxHeight a browser's coordinates give out; the scroll position is then stretched over the rows.
  // Where item `at` begins: rows before it, less what group headers are shorter.
  const topOf = (at) => {
    let low = 0, high = groupAt.length;
    while (low < high) { const middle = (low + high) >> 1; if (groupAt[middle] < at) low = middle + 1; else high = middle; }
    return at * kRow - low * (kRow - kGroupRow);
  };
  const itemAt = (y) => {
    let low = 0, high = items.length;
    while (low < high) { const middle = (low + high) >> 1; if (topOf(middle + 1) <= y) low = middle + 1; else high = middle; }
    return low;
  };
  const fullHeight = () => topOf(items.length);
  const stretched = () => fullHeight() > kMaxHeight;
  const shownHeight = () => Math.min(fullHeight(), kMaxHeight);
  let drawn = { first: -1, last: -1, version: -1 }, version = 0;
  const windowRange = () => {
    const top = list.getBoundingClientRect().top;
    const view = window.innerHeight;
    const scrolled = Math.max(0, -top);
    const room = Math.max(1, shownHeight() - view);
    const exact = stretched() ? Math.min(1, scrolled / room) * (fullHeight() - view) : scrolled;
    return { first: Math.max(0, itemAt(exact) - 6), last: Math.min(items.length, itemAt(exact + view) + 6), shift: scrolled - exact };
  };
  const draw = () => {
    const { first, last, shift } = windowRange();
    if (!shift && drawn.first === first && drawn.last === last && drawn.version === version) return;
    drawn = { first, last, version };
    const fragment = document.createDocumentFragment();
    for (let at = first; at < last; ++at) {
      const node = items[at] < 0 ? groupRow(groups[-items[at] - 1], at) : findingRow(items[at], at);
      node.style.top = (topOf(at) + shift) + 'px';
      fragment.append(node);
    }
    host.replaceChildren(fragment);
  };
  const placeText = (i, withFile) => {
    const line = lineOf[i] ? lineOf[i] + (columnOf[i] ? ':' + columnOf[i] : '') : '';
    if (!withFile) return line ? 'line ' + line : '';
    const file = files[fileOf[i]];
    return file && line ? file + ':' + line : file || '';
  };
  const bdi = (text) => { const node = make('bdi'); node.textContent = show(text); return node; };
  const findingRow = (i, at) => {
    const level = levelOf[i];
    const node = make('div', 'item');
    node.id = 'item-' + at;
    node.dataset.at = at;
    node.setAttribute('role', 'option');
    node.setAttribute('aria-selected', at === selected ? 'true' : 'false');
    node.setAttribute('aria-setsize', items.length);
    node.setAttribute('aria-posinset', at + 1);
    const message = make('div', 'message');
    if (stateOf[i] === 1) message.append(make('span', 'tag', 'new'));
    if (stateOf[i] === 3) message.append(make('span', 'tag fixed', 'fixed'));
    message.append(make('span', 'hidden', iconOfLevel[level] + ': '), show(rows[i][MESSAGE]));
    const where = make('div', 'where');
    const place = placeText(i, filter.group !== 'file');
    if (place) where.append(make('span', 'place', bdi(place)));
    if (filter.group !== 'rule') where.append(make('span', 'rule', rules[ruleOf[i]].id));
    node.append(icon(iconOfLevel[level], levelNames[level]), message, where);
    return node;
  };
  const groupRow = (group, at) => {
    const isClosed = closed.has(filter.group + ' ' + group.label);
    const node = make('div', 'item group' + (isClosed ? ' closed' : ''));
    node.id = 'item-' + at;
    node.dataset.at = at;
    node.setAttribute('role', 'option');
    node.setAttribute('aria-selected', at === selected ? 'true' : 'false');
    node.setAttribute('aria-expanded', isClosed ? 'false' : 'true');
    const label = make('span', 'label' + (filter.group === 'level' || filter.group === 'gate' ? '' : ' mono'), bdi(group.label));
    node.append(icon('chevron'), label, make('span', 'count', integer.format(group.count)));
    return node;
  };

  // ---- Selection and keyboard ------------------------------------------------------------------------------------------
  const isNarrow = () => window.matchMedia('(max-width: 1080px)').matches;
  const toolbarHeight = () => $('toolbar').offsetHeight;
  const reveal = (at) => {
    const top = list.getBoundingClientRect().top + window.scrollY;
    if (stretched()) {
      const room = Math.max(1, shownHeight() - window.innerHeight);
      window.scrollTo(0, top + topOf(at) / (fullHeight() - window.innerHeight) * room - toolbarHeight());
      return;
    }
    const rowTop = top + topOf(at);
    if (rowTop - toolbarHeight() < window.scrollY) window.scrollTo(0, rowTop - toolbarHeight() - 8);
    else if (rowTop + kRow > window.scrollY + window.innerHeight) window.scrollTo(0, rowTop + kRow + 8 - window.innerHeight);
  };
  const choose = (at, scroll) => {
    if (at < 0 || at >= items.length) return;
    selected = at;
    ++version;
    if (scroll) reveal(at);
    draw();
    list.setAttribute('aria-activedescendant', 'item-' + at);
    if (items[at] >= 0) showDetail(items[at]);
  };
  const toggleGroup = (at) => {
    const name = filter.group + ' ' + groups[-items[at] - 1].label;
    if (closed.has(name)) closed.delete(name); else closed.add(name);
    apply();
    selected = at;
    refreshList();
  };
  const open = () => { if (isNarrow()) { document.body.classList.add('open'); $('detail').scrollTop = 0; const back = $('detail').querySelector('.back'); if (back) back.focus(); } };
  const close = () => { if (document.body.classList.contains('open')) { document.body.classList.remove('open'); list.focus({ preventScroll: true }); } };
  list.addEventListener('click', (event) => {
    const node = event.target.closest('.item');
    if (!node || String(window.getSelection())) return;
    const at = Number(node.dataset.at);
    if (items[at] < 0) { toggleGroup(at); return; }
    choose(at, false);
    open();
  });
  list.addEventListener('keydown', (event) => {
    const page = Math.max(1, Math.floor(window.innerHeight / kRow) - 3);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, j: 1, k: -1 }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step !== undefined) {
      event.preventDefault();
      const from = selected < 0 ? (step > 0 ? -1 : items.length) : selected;
      choose(Math.min(items.length - 1, Math.max(0, from + step)), true);
    } else if (event.key === 'Home' || event.key === 'End') {
      event.preventDefault();
      choose(event.key === 'Home' ? 0 : items.length - 1, true);
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      if (selected >= 0 && items[selected] < 0) toggleGroup(selected); else open();
    } else if ((event.key === 'ArrowLeft' || event.key === 'ArrowRight') && selected >= 0 && items[selected] < 0) {
      const isClosed = closed.has(filter.group + ' ' + groups[-items[selected] - 1].label);
      if (isClosed === (event.key === 'ArrowRight')) { event.preventDefault(); toggleGroup(selected); }
    }
  });
  document.addEventListener('keydown', (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === '/' && !typing) { event.preventDefault(); $('text').focus(); $('text').select(); }
    if (event.key === 'Escape') {
      if (document.body.classList.contains('open')) close();
      else if (document.activeElement === $('text')) { $('text').value = ''; filter.text = ''; update(); }
    }
  });

  // ---- Detail -----------------------------------------------------------------------------------------------------------
  const place = (p) => p ? (files[p[0]] || '') + (p[1] ? ':' + p[1] + (p[2] ? ':' + p[2] : '') : '') : '';
  const points = (text) => Array.from(text, show);
  const excerptFigure = (row, level) => {
    const figure = make('figure', 'source of-' + levelNames[level]);
    const caption = make('figcaption', '');
    const label = (files[row[FILE] || 0] || '') + (row[LINE] ? ':' + row[LINE] + (row[COLUMN] ? ':' + row[COLUMN] : '') : '');
    caption.append(bdi(label));
    const copy = make('button', '', 'Copy place');
    copy.type = 'button';
    copy.addEventListener('click', () => {
      const done = () => { copy.textContent = 'Copied'; setTimeout(() => { copy.textContent = 'Copy place'; }, 1200); };
      if (navigator.clipboard) navigator.clipboard.writeText(label).then(done, () => {});
    });
    caption.append(copy);
    figure.append(caption);
    if (!row[EXCERPT]) return label ? figure : null;
    const pre = make('pre');
    const lines = row[EXCERPT].split('\n');
    const first = row[LINE], column = row[COLUMN] || 0;
    const endLine = Math.max(row[END_LINE] || first, first), endColumn = row[END_COLUMN] || 0;
    lines.forEach((text, n) => {
      const number = first + n;
      const line = make('span', 'line', make('span', 'no', String(number)));
      const all = points(text);
      let from = number === first ? column - 1 : all.findIndex((c) => c !== ' ' && c !== '\t');
      let to = number < endLine ? all.length : endColumn ? endColumn - 1 : number === first ? column : all.length;
      if (column === 0) { from = 0; to = 0; }
      if (from < 0 || number > endLine) { line.append(show(text) || ' '); }
      else if (column !== 0 && number === first && (from >= all.length || to <= from)) {
        line.append(all.slice(0, from).join(''), make('mark', from < all.length ? '' : 'caret', all[from] || ' '), all.slice(from + 1).join(''));
      } else if (to > from) {
        line.append(all.slice(0, from).join(''), make('mark', '', all.slice(from, to).join('')), all.slice(to).join(''));
      } else line.append(show(text) || ' ');
      pre.append(line);
    });
    if (endLine >= first + lines.length + (endColumn === 1 ? 1 : 0)) pre.append(make('span', 'line', make('span', 'no', '…'), 'to line ' + endLine));
    figure.append(pre);
    return figure;
  };

  // A small subset of Markdown for the help of rules, built as nodes: headings, lists, code, paragraphs.
  const inline = (node, text) => {
    text.split(/(`[^`]+`)/).forEach((part) => {
      if (part.length > 2 && part[0] === '`' && part.endsWith('`')) node.append(make('code', '', part.slice(1, -1)));
      else node.append(part.replace(/\*\*([^*]+)\*\*/g, '$1'));
    });
    return node;
  };
  const prose = (markdown) => {
    const root = make('div', 'prose');
    let paragraph = [], items_ = null, code = null;
    const flush = () => { if (paragraph.length) root.append(inline(make('p'), paragraph.join(' '))); paragraph = []; items_ = null; };
    for (const line of markdown.split('\n')) {
      if (/^\s*```/.test(line)) {
        if (code === null) { flush(); code = []; } else { root.append(make('pre', '', make('code', '', code.join('\n')))); code = null; }
      } else if (code !== null) code.push(line);
      else if (/^#{1,6} /.test(line)) { flush(); root.append(inline(make('h5'), line.replace(/^#+ /, ''))); }
      else if (/^\s*[-*] /.test(line)) {
        if (!items_) { flush(); items_ = make('ul'); root.append(items_); }
        items_.append(inline(make('li'), line.replace(/^\s*[-*] /, '')));
      } else if (line.trim() === '') flush();
      else if (items_ && items_.lastChild) inline(items_.lastChild, ' ' + line.trim());
      else paragraph.push(line.trim());
    }
    if (code !== null) root.append(make('pre', '', make('code', '', code.join('\n'))));
    flush();
    return root;
  };
  const describe = (i, full) => {
    const row = rows[i], level = levelOf[i], rule = rules[ruleOf[i]], extra = row[EXTRA] || {};
    const root = document.createDocumentFragment();
    const kind = make('p', 'kind ' + levelNames[level], icon(iconOfLevel[level]), make('span', '', iconOfLevel[level]));
    if (stateOf[i] === 1) kind.append(make('span', 'tag', 'new'));
    if (stateOf[i] === 3) kind.append(make('span', 'tag fixed', 'fixed'));
    kind.append(make('span', 'gate', gates[gateOf[i]].gate));
    const only = make('button', 'rule-id', rule.id);
    only.type = 'button';
    only.title = 'Show only this rule';
    only.addEventListener('click', () => { filter.rule = rule.id; close(); syncControls(); update(); });
    root.append(kind, make('h3', 'message', show(row[MESSAGE])), only);
    const figure = excerptFigure(row, level);
    if (figure) root.append(figure);
    if (extra.r) {
      const steps = make('ol', 'steps');
      for (const [where, message] of extra.r) steps.append(make('li', '', show(message) || 'here', make('span', 'place', show(place(where)))));
      root.append(make('h4', '', 'Related places'), steps);
    }
    if (extra.x) {
      root.append(make('h4', '', extra.x.length === 1 ? 'Fix' : 'Fixes'));
      for (const [description, edits] of extra.x) {
        if (description) root.append(inline(make('p', 'prose'), show(description)));
        for (const [file, removed, added] of edits) {
          const change = make('figure', 'source', make('figcaption', '', bdi(files[file] || '')));
          const pre = make('pre');
          if (removed) for (const line of removed.replace(/\n$/, '').split('\n')) pre.append(make('span', 'line removed', make('span', 'no', '−'), show(line) || ' '));
          if (added) for (const line of added.replace(/\n$/, '').split('\n')) pre.append(make('span', 'line added', make('span', 'no', '+'), show(line) || ' '));
          if (!removed && !added) pre.append(make('span', 'line removed', make('span', 'no', '−'), 'these bytes are removed'));
          change.append(pre);
          root.append(change);
        }
      }
    }
    if (!full) return root;
    if (rule.summary || rule.help) {
      root.append(make('h4', '', 'About the rule'));
      if (rule.summary) root.append(inline(make('p', 'prose'), rule.summary));
      if (rule.help) root.append(prose(rule.help));
      if (/^https?:\/\//.test(rule.uri || '')) {
        const link = make('a', '', 'More about it');
        link.href = rule.uri;
        link.rel = 'noreferrer';
        root.append(make('p', 'prose', link));
      }
    }
    if (extra.e !== undefined) root.append(make('details', 'evidence', make('summary', '', 'Evidence'), make('pre', '', JSON.stringify(extra.e, null, 2))));
    if (extra.p) root.append(make('p', 'fingerprint mono', extra.p));
    return root;
  };
  const showDetail = (i) => {
    const back = make('button', 'back', 'Back to the list');
    back.type = 'button';
    back.addEventListener('click', close);
    $('detail-inner').replaceChildren(back, describe(i, true));
    $('detail').scrollTop = 0;
  };

  // ---- Header and gates --------------------------------------------------------------------------------------------------
  const count = (levels) => levels.reduce((sum, level) => sum + counts[level], 0);
  const drawHeader = () => {
    document.title = report.title;
    $('workspace').textContent = report.workspace;
    const word = { 'pass': 'Passed', 'findings': 'Failed', 'could-not-run': 'Could not run' }[report.verdict];
    const state = { 'pass': 'passed', 'findings': 'failed', 'could-not-run': 'could-not-run' }[report.verdict];
    $('verdict').className = 'overline ' + state;
    $('verdict').append(icon(iconOfStatus[state]), word);
    const parts = [];
    if (count([3])) parts.push(many(count([3]), 'error'));
    if (count([2])) parts.push(many(count([2]), 'warning'));
    if (count([0, 1])) parts.push(many(count([0, 1]), 'note'));
    $('headline').textContent = parts.length ? listed(parts) : report.verdict === 'pass' ? 'Nothing found' : 'No findings';
    const of = (status) => gates.filter((g) => g.status === status).length;
    const lead = [];
    if (of('failed')) lead.push(of('failed') + ' failed');
    if (of('could-not-run')) lead.push(of('could-not-run') + ' could not run');
    if (of('passed')) lead.push(of('passed') + ' passed');
    if (of('skipped')) lead.push(of('skipped') + (of('skipped') === 1 ? ' was skipped' : ' were skipped'));
    let text = of('passed') === gates.length && gates.length > 1 ? 'All ' + gates.length + ' gates passed.' : lead.length ? 'Of ' + many(gates.length, 'gate') + ', ' + listed(lead) + '.' : '';
    if (compared) text += ' ' + integer.format(states[1]) + ' new since the earlier report, ' + integer.format(states[3]) + ' fixed.';
    const suppressed = gates.reduce((sum, g) => sum + g.suppressed, 0), baselined = gates.reduce((sum, g) => sum + g.baselined, 0);
    if (suppressed || baselined) text += ' Left out: ' + listed([suppressed ? integer.format(suppressed) + ' suppressed' : '', baselined ? integer.format(baselined) + ' in the baseline' : ''].filter(Boolean)) + '.';
    $('lead').textContent = text;
    const fact = (name, value, mono) => { if (value) $('facts').append(make('dt', '', name), make('dd', mono ? 'mono' : '', value)); };
    const short = (revision) => /^[0-9a-f]{40}\+?$/.test(revision) ? revision.slice(0, 12) + (revision.endsWith('+') ? ' with changes' : '') : revision;
    fact('Revision', short(report.revision), true);
    fact('Since', short(report.base), true);
    fact('Fails from', report.failLevel === 'none' ? 'never' : report.failLevel);
    if (report.timeline) {
      const when = new Date(report.timeline.started);
      if (!isNaN(when)) fact('Started', when.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }));
      fact('Took', duration(report.timeline.duration));
    }
    $('foot').textContent = 'Written by Chiron ' + report.version + '. This page holds the whole report and works without network.';
  };
  const tickStep = (span) => {
    let step = 1;
    for (const factor of [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000, 120000, 300000, 600000, 1800000, 3600000, 36000000]) {
      step = factor;
      if (span / factor <= 5) break;
    }
    return step;
  };
  const drawGates = () => {
    const table = $('gates');
    const timeline = report.timeline;
    const span = timeline ? Math.max(1, timeline.duration, ...timeline.gates.map((t) => t ? t[0] + t[1] : 0)) : 0;
    const scale = 80;  // per cent of the track, so that the last label has room
    table.classList.toggle('untimed', !timeline);
    const cell = (className, ...children) => { const node = make('div', className, ...children); node.setAttribute('role', 'cell'); return node; };
    const head = make('div', 'gate-row head');
    head.setAttribute('role', 'row');
    for (const [name, className] of [['Gate', ''], ['Status', ''], ['Errors', 'number'], ['Warnings', 'number'], ['Notes', 'number'], ['Details', 'of-details']]) {
      const node = make('div', className, name);
      node.setAttribute('role', 'columnheader');
      head.append(node);
    }
    const ticks = [];
    if (timeline) {
      const axis = make('div', 'axis');
      axis.setAttribute('role', 'columnheader');
      axis.setAttribute('aria-label', 'Time');
      const step = tickStep(span);
      for (let at = 0; at <= span; at += step) {
        ticks.push(at);
        const tick = make('span', '', at === 0 ? '0' : step >= 60000 ? at / 60000 + ' min' : step >= 1000 || at >= 1000 ? at / 1000 + ' s' : at + ' ms');
        tick.style.left = (at / span * scale) + '%';
        axis.append(tick);
      }
      head.append(axis);
    }
    table.append(head);
    gates.forEach((gate, index) => {
      const row = make('div', 'gate-row');
      row.setAttribute('role', 'row');
      const name = make('button', 'gate-name', gate.gate);
      name.type = 'button';
      name.title = 'Show the findings of this gate';
      name.addEventListener('click', () => { filter.gate = gate.gate; syncControls(); update(); $('findings').scrollIntoView(); });
      row.append(cell('', name));
      row.append(cell('gate-status ' + gate.status, icon(iconOfStatus[gate.status]), statusWords[gate.status]));
      const ran = gate.status === 'passed' || gate.status === 'failed';
      for (const number of gate.counts) row.append(cell('number' + (number ? '' : ' zero'), ran || number ? integer.format(number) : '–'));
      const details = cell('gate-details');
      if (gate.reason) details.append(make('p', 'gate-reason', gate.reason));
      const measures = make('p', 'gate-measures');
      for (const metric of gate.metrics) measures.append(make('span', '', metric[0] + ' ', make('b', '', measured(metric))));
      if (gate.suppressed) measures.append(make('span', '', integer.format(gate.suppressed) + ' suppressed'));
      if (gate.baselined) measures.append(make('span', '', integer.format(gate.baselined) + ' in the baseline'));
      if (measures.firstChild) details.append(measures);
      row.append(details);
      const sums = gate.counts.map((n, k) => n ? many(n, ['error', 'warning', 'note'][k]) : '').filter(Boolean);
      if (sums.length) row.append(make('div', 'gate-counts', sums.join(', ')));
      if (timeline) {
        const track = cell('track');
        for (const at of ticks) { const line = make('span', 'grid'); line.style.left = (at / span * scale) + '%'; track.append(line); }
        const timing = timeline.gates[index];
        if (timing && gate.status !== 'skipped') {
          const [start, took, cpu, cached] = timing;
          const bar = make('span', 'bar ' + gate.status + (cached ? ' cached' : ''));
          bar.style.left = (start / span * scale) + '%';
          bar.style.width = (took / span * scale) + '%';
          const label = make('span', 'took', cached ? 'cached' : duration(took));
          label.style.left = 'calc(' + ((start + took) / span * scale) + '% + 8px)';
          track.title = 'Started after ' + duration(start) + ', took ' + duration(took) + (cpu ? ', CPU ' + duration(cpu) : '') + (cached ? ', from the cache' : '');
          track.append(bar, label);
        } else track.classList.add('idle');
        row.append(track);
      }
      table.append(row);
    });
  };

  // ---- Trend: findings of the last checks, and each measure as a line ----------------------------------------------------
  const svgNode = (tag, attributes) => {
    const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const name in attributes) node.setAttribute(name, attributes[name]);
    return node;
  };
  const when = (text) => { const date = new Date(text); return isNaN(date) ? text : date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }); };
  const drawRuns = (runs) => {
    // A short history leaves room on the left, so that a bar stays a bar and the last check stands at the right end.
    const slots = Math.max(runs.length, 16), before = slots - runs.length;
    const width = 600, height = 132, step = width / slots, gap = Math.min(3, step * 0.25);
    const most = Math.max(1, ...runs.map((run) => run[4] + run[5] + run[6]));
    const svg = svgNode('svg', { viewBox: '0 0 ' + width + ' ' + height, preserveAspectRatio: 'none', role: 'img' });
    svg.setAttribute('aria-label', 'Findings of the last ' + runs.length + ' checks, at most ' + most);
    svg.append(svgNode('line', { x1: 0, x2: width, y1: height - 0.5, y2: height - 0.5, class: 'base' }));
    runs.forEach((run, at) => {
      const n = at + before;
      const bar = svgNode('g', {});
      const parts = [['error', run[4]], ['warning', run[5]], ['note', run[6]]];
      let y = height;
      for (const [level, number] of parts) {
        if (!number) continue;
        const tall = Math.max(1.5, number / most * (height - 6));
        y -= tall;
        bar.append(svgNode('rect', { x: n * step + gap / 2, y, width: step - gap, height: tall, class: 'of-' + level }));
      }
      if (y === height) bar.append(svgNode('rect', { x: n * step + gap / 2, y: height - 3, width: step - gap, height: 3, class: run[2] === 'could-not-run' ? 'of-error' : 'of-passed' }));
      bar.append(svgNode('rect', { x: n * step, y: 0, width: step, height, class: 'whole' }));
      const title = svgNode('title', {});
      title.textContent = [when(run[0]), run[1].slice(0, 12), run[2] === 'could-not-run' ? 'could not run' : run[2],
        parts.filter(([, number]) => number).map(([level, number]) => many(number, level)).join(', ') || 'nothing found', duration(run[3])].filter(Boolean).join('\n');
      bar.append(title);
      svg.append(bar);
    });
    $('runs').append(make('figcaption', '', make('span', '', 'Findings of the last ' + runs.length + ' checks'), make('span', '', 'at most ' + integer.format(most))), svg,
      make('p', 'ends', make('span', '', (before ? 'since ' : '') + when(runs[0][0])), make('span', '', when(runs[runs.length - 1][0]))));
  };
  const spark = (gate, name, values, text) => {
    const known = values.map((value, n) => [n, value]).filter(([, value]) => value !== null);
    if (known.length < 2) return null;
    const width = 120, height = 30, low = Math.min(...known.map(([, v]) => v)), high = Math.max(...known.map(([, v]) => v));
    const x = (n) => (n / Math.max(1, values.length - 1) * (width - 6) + 3).toFixed(1);
    const y = (v) => (high === low ? height / 2 : height - 4 - (v - low) / (high - low) * (height - 8)).toFixed(1);
    const svg = svgNode('svg', { viewBox: '0 0 ' + width + ' ' + height, 'aria-hidden': 'true' });
    svg.append(svgNode('polyline', { points: known.map(([n, v]) => x(n) + ',' + y(v)).join(' '), class: 'line' }));
    const [lastAt, last] = known[known.length - 1];
    svg.append(svgNode('circle', { cx: x(lastAt), cy: y(last), r: 2.4, class: 'end' }));
    const change = last - known[known.length - 2][1];
    const node = make('div', 'measure', make('div', 'what', make('span', 'name', name), make('span', 'gate', gate)), svg,
      make('div', 'value', make('b', '', text(last)), make('span', '', change === 0 ? 'unchanged' : (change > 0 ? '+' : '−') + text(Math.abs(change)))));
    return node;
  };
  const drawTrend = () => {
    const trend = report.trend;
    if (!trend) return;
    $('trend').hidden = false;
    drawRuns(trend.runs);
    const nodes = trend.metrics.map(([gate, name, unit, values]) => spark(gate, name, values, (v) => decimal.format(v) + (unit ? ' ' + unit : '')));
    nodes.push(spark('whole check', 'duration', trend.runs.map((run) => run[3]), (v) => duration(Math.round(v))));
    $('measures').append(...nodes.filter(Boolean).slice(0, 40));
  };

  // ---- Controls -----------------------------------------------------------------------------------------------------------
  const option = (value, text) => { const node = make('option', '', text); node.value = value; return node; };
  const buildControls = () => {
    $('gate').append(option('', 'any'), ...gates.map((g) => option(g.gate, g.gate)));
    const byRule = new Uint32Array(rules.length);
    for (let i = 0; i < total; ++i) ++byRule[ruleOf[i]];
    const order = rules.map((_, i) => i).sort((a, b) => ruleRank[a] - ruleRank[b]).slice(0, 5000);
    $('rule').append(option('', 'any'), ...order.map((r) => option(rules[r].id, rules[r].id + ' (' + integer.format(byRule[r]) + ')')));
    $('files').append(...files.filter(Boolean).slice(0, 1000).map((f) => option(f, '')));
    $('state').append(option('', 'any'), option('new', 'new'), option('kept', 'still there'), option('fixed', 'fixed'));
    $('state-label').hidden = !compared;
    for (const [key, level, word, levels] of [['e', 'error', 'Errors', [3]], ['w', 'warning', 'Warnings', [2]], ['n', 'note', 'Notes', [0, 1]]]) {
      const button = make('button', '', icon(level, level), make('span', 'word', word), make('span', '', integer.format(count(levels))));
      button.type = 'button';
      button.dataset.level = key;
      button.setAttribute('aria-label', word + ', ' + integer.format(count(levels)));
      button.addEventListener('click', () => {
        filter.levels = filter.levels.includes(key) ? filter.levels.replace(key, '') : filter.levels + key;
        syncControls();
        update();
      });
      $('levels').append(button);
    }
    for (const name of ['gate', 'rule', 'state', 'group', 'sort']) $(name).addEventListener('change', () => { filter[name] = $(name).value; update(); });
    for (const name of ['text', 'file']) $(name).addEventListener('input', () => { filter[name] = $(name).value.trim(); update(); });
    $('toolbar').addEventListener('submit', (event) => { event.preventDefault(); list.focus({ preventScroll: true }); if (selected < 0) choose(items[0] < 0 ? 1 : 0, true); });
    $('clear').addEventListener('click', () => { Object.assign(filter, { ...defaults, group: filter.group, sort: filter.sort }); syncControls(); update(); });
    $('more').addEventListener('click', () => {
      const isOpen = $('choices').classList.toggle('open');
      $('more').setAttribute('aria-expanded', String(isOpen));
    });
    $('theme').addEventListener('click', () => {
      const root = document.documentElement;
      const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
      root.dataset.theme = dark ? 'light' : 'dark';
      try { localStorage.setItem('chiron-theme', root.dataset.theme); } catch { /* a page from a file may have no storage */ }
    });
  };
  const syncControls = () => {
    for (const name of ['text', 'file', 'gate', 'rule', 'state', 'group', 'sort']) $(name).value = filter[name];
    for (const button of $('levels').children) button.setAttribute('aria-pressed', String(filter.levels.includes(button.dataset.level)));
  };
  const writeHash = () => {
    const parts = Object.keys(defaults).filter((k) => k === 'levels' ? [...filter.levels].sort().join('') !== 'enw' : filter[k] !== defaults[k]);
    const hash = parts.map((k) => k + '=' + encodeURIComponent(filter[k])).join('&');
    try { history.replaceState(null, '', hash ? '#' + hash : location.pathname + location.search); } catch { /* not allowed here */ }
  };
  const readHash = () => {
    for (const part of location.hash.slice(1).split('&')) {
      const [key, value] = part.split('=');
      if (value === undefined || !(key in defaults)) continue;
      try { filter[key] = decodeURIComponent(value); } catch { /* an ill-formed escape is no filter */ }
    }
    if (filter.group !== 'none' && !(filter.group in keys)) filter.group = defaults.group;
    if (!['place', 'level', 'rule'].includes(filter.sort)) filter.sort = defaults.sort;
    if (!compared) filter.state = '';
  };
  const isFiltered = () => filter.text || filter.gate || filter.rule || filter.file || filter.state || filter.levels.length !== 3;
  const refreshList = () => {
    ++version;
    host.style.height = shownHeight() + 'px';
    const empty = $('list').querySelector('.nothing');
    if (empty) empty.remove();
    if (!items.length) list.append(present ? make('div', 'nothing', make('strong', '', 'Nothing matches'), 'Clear the filters to see all ' + integer.format(present) + ' findings.')
      : make('div', 'nothing', make('strong', '', 'Nothing found'), report.verdict === 'could-not-run' ? 'A gate could not run; its reason stands above.' : 'Every gate that ran came back clean.'));
    $('result').textContent = isFiltered() ? integer.format(matches) + ' of ' + integer.format(present) : integer.format(present);
    $('clear').hidden = !isFiltered();
    draw();
  };
  const update = () => {
    apply();
    selected = -1;
    list.removeAttribute('aria-activedescendant');
    // The list may have become shorter than where the page is scrolled to.
    const top = list.getBoundingClientRect().top - toolbarHeight();
    refreshList();
    if (top < 0) window.scrollBy(0, list.getBoundingClientRect().top - toolbarHeight() - 2);
    // The worst of what is on the first screen is shown first.
    let first = -1;
    for (let at = 0; at < Math.min(items.length, 14); ++at)
      if (items[at] >= 0 && (first < 0 || levelOf[items[at]] > levelOf[items[first]])) first = at;
    if (first >= 0) { if (!isNarrow()) choose(first, false); }
    else $('detail-inner').replaceChildren(make('p', 'nothing', items.length ? 'Choose a finding.' : 'No finding chosen.'));
    const bare = total === 0;
    $('detail').hidden = bare;
    $('toolbar').hidden = bare;
    document.querySelector('.panes').classList.toggle('bare', bare);
    writeHash();
  };

  // ---- Printing: the list as it is filtered, up to a bound ------------------------------------------------------------
  const kPrinted = 1000;
  window.addEventListener('beforeprint', () => {
    const out = $('print-list');
    let printed = 0;
    for (const item of items) {
      if (item < 0) continue;
      if (printed++ === kPrinted) break;
      out.append(make('div', 'print-item', describe(item, false)));
    }
    if (matches > kPrinted) out.append(make('p', '', 'and ' + integer.format(matches - kPrinted) + ' more'));
  });
  window.addEventListener('afterprint', () => $('print-list').replaceChildren());

  try { const theme = localStorage.getItem('chiron-theme'); if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme; } catch { /* no storage */ }
  readHash();
  drawHeader();
  drawGates();
  drawTrend();
  buildControls();
  syncControls();
  update();
  const measure = () => document.documentElement.style.setProperty('--toolbar', toolbarHeight() + 'px');
  measure();
  let scheduled = false;
  const schedule = () => { if (!scheduled) { scheduled = true; requestAnimationFrame(() => { scheduled = false; draw(); }); } };
  window.addEventListener('scroll', schedule, { passive: true });
  window.addEventListener('resize', () => { measure(); schedule(); });
  document.documentElement.dataset.ready = 'true';
})();
