#include "engines/coverage/snippets.h"

#include <algorithm>

#include "engines/coverage/highlight.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/io/files.h"

namespace chiron::coverage {

namespace {
constexpr std::uint32_t kContext = 4;
constexpr std::uint32_t kMaxGap = 4;

bool contains(const std::vector<std::uint32_t>& lines, std::uint32_t line) {
  return std::binary_search(lines.begin(), lines.end(), line);
}

std::vector<std::string_view> split_keeping_last(std::string_view text) { return text::split(text, '\n'); }

}  // namespace

std::string decode_source(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  std::string text;
  text.reserve(bytes.size());
  const bool is_utf8 = utf8::find_invalid(bytes) == std::string_view::npos;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (c == '\r') {
      if (i + 1 == bytes.size() || bytes[i + 1] != '\n') text += '\n';
    } else if (c < 0x80 || is_utf8) {
      text += bytes[i];
    } else {
      utf8::append(text, c);
    }
  }
  return text;
}

std::vector<Snippet> find_snippets(std::string_view source, const std::vector<std::uint32_t>& lines) {
  std::vector<std::size_t> starts{0};
  for (std::size_t i = 0; i < source.size(); ++i)
    if (source[i] == '\n') starts.push_back(i + 1);
  const auto count = static_cast<std::uint32_t>(starts.size());
  std::vector<Snippet> snippets;
  const auto add = [&](std::uint32_t first, std::uint32_t last) {
    const auto begin = starts[first - 1];
    const auto end = last < count ? starts[last] - 1 : source.size();
    snippets.push_back({first, last, source.substr(begin, end - begin)});
  };
  std::uint32_t first = 0, previous = 0;
  for (const auto line : lines) {
    if (line == 0 || line > count) continue;
    if (first != 0 && line - previous > kMaxGap + 1) {
      add(first, std::min(count, previous + kContext));
      first = 0;
    }
    if (first == 0) first = line > kContext ? line - kContext : 1;
    previous = line;
  }
  if (first == 0) return snippets;
  add(first, std::min(count, previous + kContext));
  return snippets;
}

std::string snippet_html(std::string_view path, const Snippet& snippet, const std::vector<std::uint32_t>& lines) {
  // The empty line after the last newline has no number.
  auto code = snippet.text;
  auto last = snippet.last;
  const bool ends_empty = code.empty() || code.ends_with('\n');
  if (ends_empty && last > snippet.first) --last;
  const auto width = std::to_string(last).size();
  std::string html =
      "<div class=\"snippet\"><table class=\"snippettable\"><tr><td class=\"linenos\"><div class=\"linenodiv\"><pre>";
  for (auto line = snippet.first; line <= last; ++line) {
    if (line != snippet.first) html += '\n';
    html += format("<span class=\"normal\">{:>{}}</span>", line, width);
  }
  html += "</pre></div></td><td class=\"code\"><div><pre><span></span>";
  if (ends_empty && !code.empty()) code.remove_suffix(1);
  const auto anchor = text::escape_html(path);
  auto line = snippet.first;
  for (const auto& tokens : highlight_lines(path, code)) {
    const bool marked = contains(lines, line);
    html += format("<a id=\"{0}-{1}\" name=\"{0}-{1}\"></a>", anchor, line);
    if (marked) html += "<span class=\"hll\">";
    for (const auto& token : tokens) {
      const auto text = text::escape_html(token.text);
      if (token.css.empty())
        html += text;
      else
        html += format("<span class=\"{}\">{}</span>", token.css, text);
    }
    html += '\n';
    if (marked) html += "</span>";
    ++line;
  }
  html += "</pre></div></td></tr></table></div>\n";
  return html;
}

std::string snippet_markdown(std::string_view path, const Snippet& snippet, const std::vector<std::uint32_t>& lines) {
  const auto width = std::to_string(snippet.last).size();
  std::string block;
  auto pieces = split_keeping_last(snippet.text);
  if (!pieces.empty() && pieces.back().empty()) pieces.pop_back();
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto line = snippet.first + static_cast<std::uint32_t>(i);
    block += format("{} {:>{}} {}\n", contains(lines, line) ? '!' : ' ', line, width, pieces[i]);
  }
  if (block.empty()) block = "\n";
  const auto hint = markdown_hint(path);
  if (hint.empty()) return "```\n" + block + "```\n";
  return format("Lines {}-{}\n\n```{}\n{}```\n", snippet.first, snippet.last, hint, block);
}

std::string snippet_console(const Snippet& snippet) {
  std::string text;
  auto line = snippet.first;
  for (const auto piece : split_keeping_last(snippet.text)) text += format("{:04}: {}\n", line++, piece);
  return text;
}

std::string_view snippet_style() {
  return R"(.hll { background-color: #ffcccc }
.c, .c1, .cm, .ch, .cs { color: #4a6f77; font-style: italic }
.cp { color: #8a5a00 }
.k, .kd, .kn, .kr, .kc { color: #006b2d; font-weight: bold }
.kt { color: #a0003c }
.nb { color: #006b2d }
.nc, .nn { color: #0034a8; font-weight: bold }
.nf { color: #0034a8 }
.nd { color: #7a1fbf }
.ow { color: #7a1fbf; font-weight: bold }
.s, .s1, .s2, .sc, .sd, .sb { color: #a31515 }
.se, .si { color: #a35a15; font-weight: bold }
.m, .mi, .mf, .mh, .mb, .mo { color: #555555 }
.linenos { user-select: none; color: #777777; padding-right: 1em })";
}

}  // namespace chiron::coverage
