#include "engines/prose/docs_check.h"

#include <algorithm>
#include <map>

#include "engines/prose/markdown_fences.h"
#include "engines/prose/words.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/io/files.h"

namespace chiron::prose {

namespace {

constexpr DocsRule kRules[] = {
    {"Chiron.BrokenLink", "A relative link leads to a file that is not in the repository."},
    {"Chiron.BrokenAnchor", "A link's anchor is no heading of the page it leads to."},
    {"Chiron.MissingPath", "A code span names a path that is not in the repository."},
    {"Chiron.MissingTarget", "A command names a Make target that the Makefile does not have."},
    {"Chiron.MissingCommand", "A command line names a command that the repository's program does not have."},
    {"Chiron.MissingFlag", "A command line names a flag that the repository's program does not have."},
    {"Chiron.MissingKey", "A block of configuration has a key that the repository's schema does not have."},
    {"Chiron.UnknownVersion", "A page names a version of the project that it never had."},
};

std::string anchor_of(std::string_view heading) {
  std::string out;
  for (std::size_t at = 0; at < heading.size();) {
    const auto [point, length] = utf8::decode(heading, at);
    if (point == ' ') {
      out.push_back('-');
    } else if (is_letter(point) || (point >= '0' && point <= '9') || point == '-' || point == '_') {
      utf8::append(out, to_lower(point));
    }
    at += length;
  }
  return out;
}

bool is_address(std::string_view target) {
  return target.find("://") != std::string_view::npos || target.starts_with("mailto:") || target.starts_with("//") ||
         target.starts_with("tel:");
}

// "%20" and the like.
std::string unescape(std::string_view text) {
  std::string out;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
        std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0) {
      out.push_back(static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

// Whether a part of the path is a word of capitals, as in "src/NAME.cpp": a place for a name, unless it is one of the
// files that are written so.
bool has_placeholder(std::string_view path) {
  for (const auto part : text::split(path, '/')) {
    const auto stem = part.substr(0, part.find('.'));
    if (stem.empty() || stem.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != std::string_view::npos) continue;
    constexpr std::string_view kFiles[] = {"README",  "LICENSE", "CHANGELOG", "CONTRIBUTING", "SECURITY",
                                           "VERSION", "NOTICE",  "AUTHORS",   "CODEOWNERS"};
    if (std::find(std::begin(kFiles), std::end(kFiles), stem) == std::end(kFiles)) return true;
  }
  return false;
}

// Whether a target is filled in by whatever makes the pages: "@root@/a.md", "{{ base }}/a.md", "${BASE}/a.md".
bool is_template(std::string_view target) {
  for (const std::string_view mark : {"{{", "${", "{%", "<%", "%{"}) {
    if (target.contains(mark)) return true;
  }
  if (target == "@ref" || target == "\\ref") return true;  // Doxygen's links
  const auto first = target.find('@');
  const auto second = first == std::string_view::npos ? first : target.find('@', first + 1);
  if (second == std::string_view::npos || second == first + 1) return false;
  const auto name = target.substr(first + 1, second - first - 1);
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c | 32) >= 'a' && (c | 32) <= 'z' ? true : c == '_' || c == '-'; });
}

// Whether the page takes parts of it from elsewhere, of which nothing is known here.
bool has_includes(std::string_view text) {
  for (const std::string_view mark : {"{{#include", "{{#rustdoc_include", "{% include", "{{< include", "--8<--",
                                      "{{% include", "!include", "```{include}"}) {
    if (text.contains(mark)) return true;
  }
  return false;
}

class Checker {
 public:
  Checker(const std::string& path, std::string_view content, const RepositoryFacts& facts)
      : path_(path), content_(content), facts_(facts), lines_(content) {}

  std::vector<Hit> run() {
    each_text_line(content_, [&](std::string_view line, std::size_t offset) {
      links(line, offset);
      code_spans(line, offset);
    });
    check_program(path_, content_, facts_.program,
                  [&](std::string_view check, std::size_t offset, std::size_t length, std::string message) {
                    add(check, offset, length, std::move(message));
                  });
    place();
    return std::move(hits_);
  }

 private:
  // Columns are counted from the hit before: from the start of its line, one of megabytes would take too long.
  void place() {
    std::stable_sort(hits_.begin(), hits_.end(),
                     [](const Hit& a, const Hit& b) { return a.place.offset < b.place.offset; });
    std::size_t last = 0;
    std::uint32_t column = 1;
    const auto move_to = [&](std::size_t offset) {
      const auto start = lines_.line_start(lines_.line_of(offset));
      if (start > last || offset < last) {
        last = start;
        column = 1;
      }
      column += static_cast<std::uint32_t>(utf8::count(content_.substr(last, offset - last)));
      last = offset;
      return column;
    };
    for (auto& hit : hits_) {
      auto& place = hit.place;
      place.file = path_;
      place.line = lines_.line_of(place.offset);
      place.column = move_to(place.offset);
      // A hit stays in its line; its end is counted apart, since the next one may begin inside of it.
      place.end_line = place.line;
      place.end_column = place.column + static_cast<std::uint32_t>(hit.columns);
      place.has_range = true;
    }
  }

  void add(std::string_view check, std::size_t offset, std::size_t length, std::string message) {
    Hit hit;
    hit.alert.check = check;
    hit.alert.severity = Severity::error;
    hit.alert.match = content_.substr(offset, length);
    hit.alert.message = std::move(message);
    hit.place.offset = offset;
    hit.place.length = length;
    hit.columns = utf8::count(hit.alert.match);
    hits_.push_back(std::move(hit));
  }

  bool exists(const std::string& path) const {
    return path.empty() || path == "." || facts_.files.count(path) != 0 || facts_.folders.count(path) != 0;
  }

  std::string resolve(std::string_view target) const {
    auto clean = io::normalize_path(io::join_path(std::string(io::parent_path(path_)), target));
    while (clean.ends_with('/')) clean.pop_back();
    return clean;
  }

  // The page itself, or the one that a generator of sites makes the address from.
  std::optional<std::string> find_page(std::string path) const {
    while (path.ends_with('/')) path.pop_back();
    if (exists(path)) return path;
    if (path.ends_with(".html")) path.resize(path.size() - std::string_view(".html").size());
    for (const auto* ending : {".md", ".mdx", "/index.md", "/README.md"}) {
      if (facts_.files.count(path + ending) != 0) return path + ending;
    }
    return std::nullopt;
  }

  // What a link leads to. One that begins with "/" starts at the repository's root or, in the pages of a site, at a
  // folder above the page.
  std::optional<std::string> find_target(std::string_view target) const {
    if (!target.starts_with('/')) return find_page(resolve(target));
    for (auto root = path_;;) {
      root = std::string(io::parent_path(root));
      if (auto found = find_page(io::normalize_path(io::join_path(root, target.substr(1))))) return found;
      if (root.empty() || root == ".") return std::nullopt;
    }
  }

  void links(std::string_view line, std::size_t offset) {
    bool in_code = false;
    for (std::size_t at = 0; at + 1 < line.size(); ++at) {
      if (line[at] == '`') in_code = !in_code;
      if (in_code || line[at] != ']' || line[at + 1] != '(') continue;
      auto begin = at + 2;
      const bool pointed = begin < line.size() && line[begin] == '<';
      if (pointed) ++begin;
      auto end = line.find_first_of(pointed ? ">" : " )", begin);
      if (end == std::string_view::npos) break;
      check_target(line.substr(begin, end - begin), offset + begin);
      at = end;
    }
  }

  void check_target(std::string_view target, std::size_t offset) {
    if (target.empty() || is_address(target) || is_template(target)) return;
    const auto hash = target.find('#');
    const auto file = unescape(target.substr(0, std::min(hash, target.find('?'))));
    const auto wanted_page = resolve(file);
    if (wanted_page.starts_with("..")) return;  // outside of the repository: nothing is known of it
    const auto found = file.empty() ? path_ : find_target(file);
    if (!found) {
      const auto shown = file.starts_with('/') ? file.substr(1) : wanted_page;
      add("Chiron.BrokenLink", offset, target.size(), format("'{}' is not in the repository.", shown));
      return;
    }
    const auto& page = *found;
    if (hash == std::string_view::npos || hash + 1 == target.size()) return;
    if (!page.ends_with(".md")) return;
    auto anchors = anchors_.find(page);
    if (anchors == anchors_.end()) {
      std::string text;
      if (page == path_) {
        text = content_;
      } else if (auto read = facts_.read(page)) {
        text = *std::move(read);
      } else {
        return;
      }
      anchors = anchors_.emplace(page, has_includes(text) ? std::nullopt : std::optional(heading_anchors(text))).first;
    }
    if (!anchors->second) return;
    const auto wanted = to_lower(unescape(target.substr(hash + 1)));
    if (anchors->second->count(wanted) == 0) {
      add("Chiron.BrokenAnchor", offset, target.size(),
          format("'{}' has no heading with the anchor '#{}'.", page, wanted));
    }
  }

  void code_spans(std::string_view line, std::size_t offset) {
    each_code_span(line, [&](std::string_view span, std::size_t at) { check_span(span, offset + at); });
  }

  void check_span(std::string_view span, std::size_t offset) {
    if (facts_.has_makefile && span.starts_with("make ")) {
      auto at = std::size_t{5};
      for (const auto word : text::split(span.substr(5), ' ')) {
        const bool target =
            !word.empty() && word[0] != '-' && word.find('=') == std::string_view::npos &&
            word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") ==
                std::string_view::npos;
        if (!target && !word.empty() && word.find('=') == std::string_view::npos) break;
        if (target && !has_placeholder(word) && facts_.make_targets.count(word) == 0) {
          add("Chiron.MissingTarget", offset + at, word.size(), format("The Makefile has no target '{}'.", word));
        }
        at += word.size() + 1;
      }
      return;
    }
    // A path: parts of plain characters, the first of which is a folder of the repository's root or of this page's.
    const auto slash = span.find('/');
    if (slash == std::string_view::npos || slash == 0 || span.starts_with("./") || span.starts_with("../")) return;
    if (span.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+") !=
        std::string_view::npos)
      return;
    const auto first = span.substr(0, slash);
    if (facts_.folders.count(first) == 0) return;
    auto wanted = io::normalize_path(span);
    while (wanted.ends_with('/')) wanted.pop_back();
    if (exists(wanted) || exists(resolve(span)) || has_placeholder(span)) return;
    add("Chiron.MissingPath", offset, span.size(), format("'{}' is not in the repository.", span));
  }

  const std::string& path_;
  std::string_view content_;
  const RepositoryFacts& facts_;
  utf8::LineIndex lines_;
  std::vector<Hit> hits_;
  std::map<std::string, std::optional<std::set<std::string, std::less<>>>> anchors_;  // nothing: not all are known
};

}  // namespace

std::span<const DocsRule> docs_rules() { return kRules; }

std::set<std::string, std::less<>> heading_anchors(std::string_view markdown) {
  std::set<std::string, std::less<>> anchors;
  std::map<std::string, unsigned> counts;
  std::string_view previous;
  const auto add = [&](std::string_view heading) {
    std::string plain;
    for (std::size_t at = 0; at < heading.size(); ++at) {
      // A link shows its text only.
      if (heading[at] == ']' && at + 1 < heading.size() && heading[at + 1] == '(') {
        at = std::min(heading.find(')', at), heading.size());
        continue;
      }
      if (heading[at] != '[' && heading[at] != '`' && heading[at] != '*') plain.push_back(heading[at]);
    }
    auto anchor = anchor_of(text::trim(plain));
    const auto count = counts[anchor]++;
    if (count > 0) anchor += format("-{}", count);
    anchors.insert(std::move(anchor));
  };
  each_text_line(markdown, [&](std::string_view line, std::size_t) {
    const auto hashes = line.find_first_not_of('#');
    if (hashes != std::string_view::npos && hashes > 0 && hashes <= 6 && line[hashes] == ' ') {
      auto heading = text::trim(line.substr(hashes));
      if (const auto list = heading.rfind('{'); heading.ends_with('}') && list != std::string_view::npos && list > 0)
        heading = text::trim(heading.substr(0, list));
      const auto last = heading.find_last_not_of('#');
      if (last != std::string_view::npos && last + 1 < heading.size() && heading[last] == ' ')
        heading = text::trim(heading.substr(0, last));
      add(heading);
    } else if (!previous.empty() && line.size() >= 2 &&
               (line.find_first_not_of('=') == std::string_view::npos ||
                line.find_first_not_of('-') == std::string_view::npos)) {
      add(text::trim(previous));
    }
    // An attribute list names the anchor of a heading or of any text: "{#id}", "{: #id .class }".
    for (auto at = line.find('{'); at != std::string_view::npos; at = line.find('{', at + 1)) {
      auto list = line.substr(at + 1, std::min(line.find('}', at), line.size()) - at - 1);
      if (list.starts_with(':')) list.remove_prefix(1);
      for (const auto word : text::split(list, ' ')) {
        if (word.size() > 1 && word[0] == '#') anchors.insert(to_lower(word.substr(1)));
      }
    }
    for (auto at = line.find("id=\""); at != std::string_view::npos; at = line.find("id=\"", at + 4)) {
      anchors.insert(to_lower(line.substr(at + 4, line.find('"', at + 4) - at - 4)));
    }
    for (auto at = line.find("name=\""); at != std::string_view::npos; at = line.find("name=\"", at + 6)) {
      anchors.insert(to_lower(line.substr(at + 6, line.find('"', at + 6) - at - 6)));
    }
    previous = line;
  });
  return anchors;
}

RepositoryFacts gather_facts(const std::vector<std::string>& files,
                             std::function<Result<std::string>(const std::string& path)> read) {
  RepositoryFacts facts;
  facts.read = std::move(read);
  for (const auto& file : files) {
    facts.files.insert(file);
    for (auto slash = file.find('/'); slash != std::string::npos; slash = file.find('/', slash + 1)) {
      facts.folders.insert(file.substr(0, slash));
    }
  }
  for (const auto* name : {"Makefile", "makefile", "GNUmakefile"}) {
    if (facts.files.count(name) == 0) continue;
    const auto text = facts.read(name);
    if (!text) continue;
    facts.has_makefile = true;
    for (const auto line : text::split_lines(*text)) {
      const auto colon = line.find(':');
      if (line.empty() || line[0] == '\t' || line[0] == '#' || line[0] == ' ' || colon == std::string_view::npos)
        continue;
      if (colon + 1 < line.size() && line[colon + 1] == '=') continue;
      auto names = line.substr(0, colon);
      if (names == ".PHONY") names = line.substr(colon + 1);
      for (const auto target : text::split(names, ' ')) {
        if (!target.empty() && target[0] != '.') facts.make_targets.insert(std::string(target));
      }
    }
    // Pattern rules and included files may make any target: then nothing can be said.
    if (text->find("\ninclude ") != std::string::npos || text->find("%:") != std::string::npos)
      facts.has_makefile = false;
  }
  return facts;
}

std::vector<Hit> check_docs(const std::string& path, std::string_view content, const RepositoryFacts& facts) {
  return Checker(path, content, facts).run();
}

}  // namespace chiron::prose
