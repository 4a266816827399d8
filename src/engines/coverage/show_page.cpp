#include "engines/coverage/show_page.h"

#include <map>

#include "engines/coverage/diff_coverage.h"
#include "engines/coverage/highlight.h"
#include "engines/coverage/report_print.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::coverage {

namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --text: #1d2430; --soft: #5b6675; --page: #f6f7f9; --card: #ffffff; --line: #dfe3e8;
  --good: #1a7f4b; --fair: #9a6700; --bad: #c0332b; --good-back: #e3f5ea; --fair-back: #fdf3d7; --bad-back: #fde6e4;
  --keyword: #7a2fa0; --string: #0a6b55; --comment: #6d7785; --number: #9a4a00; --name: #1554a8; }
@media (prefers-color-scheme: dark) { :root { --text: #dde3ea; --soft: #97a2b0; --page: #12161c; --card: #1a2028;
  --line: #2c343f; --good: #58c98b; --fair: #e0b04a; --bad: #f28179; --good-back: #16301f; --fair-back: #382d12;
  --bad-back: #3d1d1b; --keyword: #cf9bf0; --string: #77cfae; --comment: #8592a0; --number: #e5a36b; --name: #84b6f4; } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 76rem; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.4rem; margin: 0 0 1rem }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem; margin-bottom: 1.25rem }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem }
.card b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums }
.card span, .soft { color: var(--soft); font-size: .85rem }
.good { color: var(--good) } .fair { color: var(--fair) } .bad { color: var(--bad) }
.bar { display: block; height: .35rem; border-radius: .2rem; background: var(--bad-back); overflow: hidden; margin-top: .35rem }
.card .bar.good { color: var(--good) } .card .bar.fair { color: var(--fair) } .card .bar.bad { color: var(--bad) }
.bar i { display: block; height: 100%; background: currentColor }
input { width: 100%; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: .4rem; padding: .45rem .7rem; margin-bottom: .75rem }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .5rem }
table { border-collapse: collapse; width: 100% }
.files th { text-align: left; font-weight: 600; color: var(--soft); font-size: .85rem; cursor: pointer; user-select: none }
.files th, .files td { padding: .4rem .9rem; border-bottom: 1px solid var(--line); white-space: nowrap }
.files td.n, .files th.n { text-align: right; font-variant-numeric: tabular-nums }
.files a { color: inherit; text-decoration: none } .files a:hover { text-decoration: underline }
details { margin-top: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; overflow: hidden }
summary { padding: .6rem .9rem; cursor: pointer; display: flex; gap: 1rem; align-items: baseline; flex-wrap: wrap }
summary b { font-family: ui-monospace, monospace; font-size: .9rem; overflow-wrap: anywhere; flex: 1 }
.source { overflow-x: auto; border-top: 1px solid var(--line); content-visibility: auto; contain-intrinsic-size: auto 40rem }
.source table { font: 12.5px/1.55 ui-monospace, monospace }
.source td { padding: 0 .6rem; white-space: pre; vertical-align: top }
.source td:nth-child(-n+2) { text-align: right; color: var(--soft); user-select: none; width: 1% }
.source td:last-child { tab-size: 4 }
tr.run td:nth-child(2) { background: var(--good-back); color: var(--good) }
tr.part td { background: var(--fair-back) } tr.part td:nth-child(2) { color: var(--fair) }
tr.miss td { background: var(--bad-back) } tr.miss td:nth-child(2) { color: var(--bad) }
.way { font: 12px system-ui, sans-serif; color: var(--fair); margin-left: 1.5rem }
tr.miss .way { color: var(--bad) }
.k, .kd, .kn, .kr, .kc, .kt, .ow, .cp { color: var(--keyword) } .s, .s1, .s2, .sd, .sb { color: var(--string) }
.c, .c1, .cm { color: var(--comment); font-style: italic } .m, .mi, .mf { color: var(--number) }
.nc, .nf, .nd { color: var(--name) }
)";

// Filters by the words typed, sorts by the column clicked, opens the file that was followed to.
constexpr std::string_view kScript = R"(
const body = document.querySelector('.files tbody');
document.querySelector('input').addEventListener('input', event => {
  const words = event.target.value.toLowerCase().split(/\s+/);
  const fits = text => words.every(word => text.toLowerCase().includes(word));
  for (const item of document.querySelectorAll('[data-path]')) item.hidden = !fits(item.dataset.path);
});
document.querySelectorAll('.files th').forEach((head, column) => head.addEventListener('click', () => {
  const turned = head.dataset.order === 'up' ? -1 : 1;
  head.dataset.order = turned === 1 ? 'up' : 'down';
  const value = row => row.children[column].dataset.value ?? row.children[column].textContent;
  const rows = [...body.rows].sort((a, b) => turned * (column === 0 ? value(a).localeCompare(value(b)) : value(a) - value(b)));
  body.append(...rows);
}));
const open = () => { const file = document.getElementById(decodeURIComponent(location.hash.slice(1))); if (file) file.open = true; };
addEventListener('hashchange', open); open();
)";

std::string_view grade(double share) { return share >= 90 ? "good" : share >= 60 ? "fair" : "bad"; }

std::string card(std::string_view name, std::uint64_t covered, std::uint64_t total) {
  if (total == 0) return "";
  const auto share = percent(covered, total);
  return format(
      "<div class=\"card\"><span>{}</span><b class=\"{}\">{:.1f}%</b><span>{} of {}</span>"
      "<span class=\"bar {}\"><i style=\"width:{:.1f}%\"></i></span></div>\n",
      name, grade(share), share, covered, total, grade(share), share);
}

std::string share_cell(std::uint64_t covered, std::uint64_t total) {
  if (total == 0) return "<td class=\"n soft\" data-value=\"101\">–</td>";
  const auto share = percent(covered, total);
  return format("<td class=\"n {}\" data-value=\"{:.4f}\" title=\"{} of {}\">{:.1f}%</td>", grade(share), share,
                covered, total, share);
}

std::vector<std::uint32_t> missing_lines(const SourceFile& file) {
  std::vector<std::uint32_t> lines;
  for (const auto& line : file.lines)
    if (line.hits == 0) lines.push_back(line.number);
  return lines;
}

// "1 of 2 ways taken; missing: false" of each line where something is missing.
std::map<std::uint32_t, std::string> notes_of(const SourceFile& file) {
  std::map<std::uint32_t, std::string> notes;
  for (const auto& partial : partial_branches(file)) {
    auto& note = notes[partial.line];
    note += note.empty() ? "" : "; ";
    note +=
        format("{} of {} {}", partial.taken, partial.total, partial.is_decision ? "conditions covered" : "ways taken");
    if (!partial.missing.empty()) note += ", missing: " + partial.missing;
  }
  return notes;
}

std::string source_table(const SourceFile& file, std::string_view bytes) {
  auto text = decode_source(bytes);
  if (text.ends_with('\n')) text.pop_back();
  const auto notes = notes_of(file);
  std::string out = "<div class=\"source\"><table>\n";
  std::uint32_t number = 0;
  for (const auto& tokens : highlight_lines(file.path, text)) {
    const auto* line = find_line(file, ++number);
    const auto note = notes.find(number);
    const std::string_view state = line == nullptr       ? ""
                                   : line->hits == 0     ? "miss"
                                   : note != notes.end() ? "part"
                                                         : "run";
    out += state.empty() ? std::string("<tr>") : format("<tr class=\"{}\">", state);
    out += format("<td>{}</td><td>{}</td><td>", number, line == nullptr ? "" : std::to_string(line->hits));
    for (const auto& token : tokens) {
      const auto shown = text::escape_html(token.text);
      out += token.css.empty() ? shown : format("<span class=\"{}\">{}</span>", token.css, shown);
    }
    if (note != notes.end() && line != nullptr)
      out += format("<span class=\"way\">{}</span>", text::escape_html(note->second));
    out += "</td></tr>\n";
  }
  return out + "</table></div>\n";
}

}  // namespace

std::string write_page(const std::vector<SourceFile>& files, const SourceReader& read_source) {
  Totals sum;
  for (const auto& file : files) sum += totals(file);
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Coverage</title>\n<style>";
  out += kStyle;
  out += "</style></head><body>\n<h1>Coverage</h1>\n<div class=\"cards\">\n";
  out += card("Lines", sum.covered_lines, sum.lines) + card("Branches", sum.taken_arms, sum.arms) +
         card("Conditions", sum.covered_conditions, sum.conditions) +
         card("Functions", sum.covered_functions, sum.functions);
  out +=
      "</div>\n<input type=\"search\" placeholder=\"Filter files\" aria-label=\"Filter files\">\n<div class=\"scroll\">"
      "<table class=\"files\"><thead><tr><th>File</th><th class=\"n\">Lines</th>";
  if (sum.arms != 0) out += "<th class=\"n\">Branches</th>";
  if (sum.conditions != 0) out += "<th class=\"n\">Conditions</th>";
  out += "<th class=\"n\">Missing lines</th></tr></thead><tbody>\n";
  for (const auto& file : files) {
    const auto counts = totals(file);
    const auto path = text::escape_html(file.path);
    out += format("<tr data-path=\"{0}\"><td data-value=\"{0}\"><a href=\"#{0}\">{0}</a></td>", path);
    out += share_cell(counts.covered_lines, counts.lines);
    if (sum.arms != 0) out += share_cell(counts.taken_arms, counts.arms);
    if (sum.conditions != 0) out += share_cell(counts.covered_conditions, counts.conditions);
    out += format("<td class=\"n\">{}</td></tr>\n", counts.lines - counts.covered_lines);
  }
  out += "</tbody></table></div>\n";
  for (const auto& file : files) {
    const auto counts = totals(file);
    const auto share = percent(counts.covered_lines, counts.lines);
    const auto path = text::escape_html(file.path);
    const auto missing = missing_lines(file);
    out += format(
        "<details id=\"{0}\" data-path=\"{0}\"{1}><summary><b>{0}</b><span class=\"{2}\">{3:.1f}%</span>"
        "<span class=\"soft\">{4}</span></summary>\n",
        path, files.size() <= 3 ? " open" : "", grade(share), share,
        missing.empty() ? std::string("every line runs")
                        : format("{} of {} lines missing", missing.size(), counts.lines));
    const auto source = read_source ? read_source(file.path) : std::nullopt;
    if (source)
      out += source_table(file, *source);
    else
      out += format("<p class=\"soft\" style=\"padding:0 .9rem\">The source cannot be read. Missing lines: {}</p>\n",
                    missing.empty() ? "none" : text::join(combine_lines(missing), ", "));
    out += "</details>\n";
  }
  out += "<script>";
  out += kScript;
  return out + "</script></body></html>\n";
}

}  // namespace chiron::coverage
