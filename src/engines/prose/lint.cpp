#include "engines/prose/lint.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "engines/prose/checks.h"
#include "engines/prose/filter.h"
#include "engines/prose/view.h"
#include "engines/prose/words.h"
#include "foundation/base/format.h"
#include "foundation/base/placer.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"
#include "foundation/doc/json.h"
#include "foundation/doc/toml.h"
#include "foundation/doc/yaml.h"
#include "foundation/io/files.h"

namespace chiron::prose {

namespace {

std::string style_of(std::string_view rule) { return std::string(rule.substr(0, rule.find('.'))); }

// The names under which sections may speak of a file: its own, and the one with the extension that [formats] gives it.
std::vector<std::string> names_of(const std::string& path, const std::map<std::string, std::string>& formats) {
  std::vector<std::string> names{path};
  const auto extension = io::extension(path);
  if (extension.empty() || formats.empty()) return names;
  const auto mapped = formats.find(std::string(extension.substr(1)));
  if (mapped != formats.end()) {
    names.push_back(path.substr(0, path.size() - extension.size()) + "." + mapped->second);
  }
  return names;
}

// A setting of the rule itself, or of its style.
std::optional<bool> setting(const std::map<std::string, bool>& checks, const std::string& rule) {
  if (const auto own = checks.find(rule); own != checks.end()) return own->second;
  if (const auto style = checks.find(style_of(rule)); style != checks.end()) return style->second;
  return std::nullopt;
}

// Text moved from a part of the source (a comment, a value) back to the whole of it.
MappedText remap(const MappedText& inner, const MappedText& outer) {
  MappedText result;
  const std::string_view text = inner.text();
  for (const auto& piece : inner.pieces()) {
    const auto shown = text.substr(piece.text, piece.length);
    if (piece.length == piece.source_length) {
      auto part = outer.slice(piece.source, piece.source + piece.source_length);
      // What is shown may differ from what stands there (masked text): keep the text, take the places.
      if (part.text() == shown) {
        result.append(part);
        continue;
      }
      for (std::size_t i = 0; i < shown.size(); ++i) {
        const auto range = outer.to_source(piece.source + i, piece.source + i + 1);
        result.append_replaced(shown.substr(i, 1), range.begin, range.end);
      }
    } else {
      const auto range = outer.to_source(piece.source, piece.source + piece.source_length);
      result.append_replaced(shown, range.begin, range.end);
    }
  }
  return result;
}

}  // namespace

// Rules switched on for a file, and the state of one run over it.
struct Linter::Task {
  const std::vector<std::uint8_t>& active;
  std::string_view source;
  const utf8::Placer& placer;
  FileReport& report;
  FileState state;
  std::vector<std::uint8_t> found;                                           // by the literal scanner, of the block
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> rules_for;  // scope (and parent) to rules
  std::map<std::string, bool> comments;                                      // controls: what is off
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::string>> seen;
  std::map<std::string, std::size_t> counted;  // for limits

  Place place_of(Range range) const { return placer.place(report.path, range.begin, range.end); }
};

Result<std::unique_ptr<Linter>> Linter::create(Config config, LintOptions options) {
  std::unique_ptr<Linter> linter(new Linter());
  linter->config_ = std::move(config);
  linter->options_ = std::move(options);
  TRY(linter->load());
  TRY(linter->apply_filter());
  std::vector<std::vector<std::string>> literals;
  for (const auto& rule : linter->rules_) {
    if (!linter->options_.prefilter) rule->required.clear();
    literals.push_back(rule->required);
    linter->needs_sentences_ = linter->needs_sentences_ || rule->scopes.names("sentence");
    linter->needs_paragraphs_ = linter->needs_paragraphs_ || rule->scopes.names("paragraph");
    for (const auto* scope : {"link", "strong", "emphasis", "code"}) {
      linter->needs_inline_ = linter->needs_inline_ || rule->scopes.names(scope);
    }
  }
  linter->scanner_ = std::make_unique<LiteralScanner>(literals);
  linter->beyond_literals_ = TRY(Pattern::compile(kBeyondLiterals));
  const auto compile = [&](const std::vector<Ignores>& from,
                           std::vector<std::pair<Glob, std::vector<Pattern>>>& into) -> Result<void> {
    for (const auto& ignores : from) {
      auto& [glob, patterns] = into.emplace_back();
      glob = ignores.glob;
      for (const auto& text : ignores.patterns) {
        auto pattern = Pattern::compile(text);
        if (!pattern) {
          return fail(ErrorKind::config, "prose.pattern", pattern.error().message, Place{linter->config_.root()},
                      format("correct the ignored pattern of [{}]", ignores.section));
        }
        patterns.push_back(std::move(*pattern));
      }
    }
    return {};
  };
  TRY(compile(linter->config_.block_ignores, linter->block_ignores_));
  TRY(compile(linter->config_.token_ignores, linter->token_ignores_));
  return linter;
}

const Rule* Linter::rule(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : rules_[found->second].get();
}

Result<const Rule*> Linter::add_rule(const std::string& name, const std::string& file) {
  const auto source = TRY(io::read_file(file, chiron::limits::kConfigBytes));
  const RuleContext context{config_, spellers_, tagger_};
  TRY(add(TRY(load_rule(source, file, name, context))));
  return rule(name);
}

Result<void> Linter::add(std::unique_ptr<Rule> rule) {
  // The first styles path that defines a rule wins.
  if (by_name_.count(rule->head.name) != 0) return {};
  by_name_[rule->head.name] = rules_.size();
  rules_.push_back(std::move(rule));
  return {};
}

Result<void> Linter::load() {
  TRY(load_built_in());
  const RuleContext context{config_, spellers_, tagger_};
  // "Chiron" looks at the repository and not at single texts: see docs_check.h.
  std::set<std::string> loaded{"Vale", "Chiron"};
  for (const auto& style : config_.styles) {
    if (!loaded.insert(style).second) continue;
    bool found = false;
    for (const auto& path : config_.styles_paths) {
      const auto folder = io::join_path(path, style);
      if (!io::is_folder(folder)) continue;
      found = true;
      TRY(load_style(style, folder));
    }
    if (!found) {
      return fail(ErrorKind::config, "prose.styles-missing", format("style '{}' does not exist on StylesPath", style),
                  named_at(style), "put the style's folder below StylesPath");
    }
  }
  for (const auto& name : config_.named_rules) {
    const auto style = style_of(name);
    if (loaded.count(style) != 0) {
      const bool built_in = style == "Vale" || style == "Chiron";
      if (!built_in && config_.named_at.count(name) != 0 && by_name_.count(name) == 0) missing_rules_.insert(name);
      continue;
    }
    auto below = text::replace_all(name.substr(style.size() + 1), ".", "/") + ".yml";
    bool found = config_.named_at.count(name) == 0;
    for (const auto& path : config_.styles_paths) {
      const auto file = io::join_path(path, style + "/" + below);
      if (!io::exists(file) || by_name_.count(name) != 0) continue;
      found = true;
      const auto source = TRY(io::read_file(file, chiron::limits::kConfigBytes));
      TRY(add(TRY(load_rule(source, file, name, context))));
    }
    if (!found && by_name_.count(name) == 0) {
      return fail(ErrorKind::config, "prose.rule-missing", format("rule '{}' does not exist on StylesPath", name),
                  named_at(name), format("put {} below StylesPath, or take the line out", style + "/" + below));
    }
  }
  return {};
}

Place Linter::named_at(std::string_view name) const {
  const auto place = config_.named_at.find(name);
  return place == config_.named_at.end() ? Place{} : place->second;
}

Result<void> Linter::load_style(const std::string& style, const std::string& folder) {
  const RuleContext context{config_, spellers_, tagger_};
  const auto hidden = [](std::string_view path) {
    const auto name = io::file_name(path);
    return name.starts_with('.') || name.starts_with('_');
  };
  const auto entries = TRY(io::walk(folder, [&](const io::Entry& entry) { return !hidden(entry.path); }));
  for (const auto& entry : entries) {
    if (!entry.path.ends_with(".yml") || entry.path.ends_with(".test.yml") || entry.path.ends_with("_test.yml"))
      continue;
    const auto name = style + "." + text::replace_all(entry.path.substr(0, entry.path.size() - 4), "/", ".");
    // Not compiled where nothing could ever switch it on.
    bool wanted = setting(config_.checks, name).value_or(true);
    for (const auto& section : config_.sections) wanted = wanted || setting(section.checks, name).value_or(false);
    if (!wanted) continue;
    const auto file = io::join_path(folder, entry.path);
    const auto source = TRY(io::read_file(file, chiron::limits::kConfigBytes));
    TRY(add(TRY(load_rule(source, file, name, context))));
  }
  return {};
}

Result<void> Linter::load_built_in() {
  const auto names_vale = [](const std::map<std::string, bool>& checks) {
    return std::any_of(checks.begin(), checks.end(), [](const auto& check) { return check.first.starts_with("Vale"); });
  };
  bool needed = std::find(config_.styles.begin(), config_.styles.end(), "Vale") != config_.styles.end() ||
                names_vale(config_.checks);
  for (const auto& section : config_.sections) needed = needed || names_vale(section.checks);
  if (!needed) return {};
  const RuleContext context{config_, spellers_, tagger_};
  const std::string file = "built-in";
  const auto base = [](const char* extends, const char* message) {
    doc::Value rule = doc::Value::object();
    rule.set("extends", doc::Value(extends)).set("message", doc::Value(message)).set("level", doc::Value("error"));
    return rule;
  };
  const auto action = [](const char* name, std::vector<std::string> params) {
    doc::Value value = doc::Value::object();
    doc::Value list = doc::Value::array();
    for (auto& param : params) list.push(doc::Value(std::move(param)));
    return value.set("name", doc::Value(name)).set("params", std::move(list));
  };
  const auto make = [&](const doc::Value& definition, const char* name) -> Result<void> {
    return add(TRY(make_rule(definition, file, {}, name, context)));
  };
  auto repetition = base("repetition", "'%s' is repeated!");
  repetition.set("ignorecase", doc::Value(true)).set("alpha", doc::Value(true));
  repetition.set("tokens", doc::Value::array({doc::Value("[^\\s.!?]+")}))
      .set("action", action("edit", {"truncate", " "}));
  TRY(make(repetition, "Vale.Repetition"));
  auto spelling = base("spelling", "Did you really mean '%s'?");
  spelling.set("action", action("suggest", {"spellings"}));
  TRY(make(spelling, "Vale.Spelling"));
  if (!config_.accepted.empty()) {
    auto terms = base("substitution", "Use '%s' instead of '%s'.");
    doc::Value swap = doc::Value::object();
    for (const auto& term : config_.accepted) swap.set(to_lower(term), doc::Value(term));
    terms.set("swap", std::move(swap)).set("ignorecase", doc::Value(true)).set("vocab", doc::Value(false));
    terms.set("action", action("replace", {}));
    TRY(make(terms, "Vale.Terms"));
  }
  if (!config_.rejected.empty()) {
    auto avoid = base("existence", "Avoid using '%s'.");
    doc::Value tokens = doc::Value::array();
    for (const auto& term : config_.rejected) tokens.push(doc::Value(term));
    avoid.set("tokens", std::move(tokens));
    TRY(make(avoid, "Vale.Avoid"));
  }
  return {};
}

Result<void> Linter::apply_filter() {
  if (options_.filter.empty()) return {};
  auto expression = options_.filter;
  auto file = io::exists(expression) && !io::is_folder(expression) ? expression : config_.find_anywhere(expression);
  if (!file.empty()) expression = TRY(io::read_file(file, chiron::limits::kConfigBytes));
  const auto filter = TRY(RuleFilter::compile(text::trim(expression)));
  std::vector<std::unique_ptr<Rule>> kept;
  by_name_.clear();
  for (auto& rule : rules_) {
    if (!filter.keeps(rule->head)) continue;
    if (filter.names_level()) config_.min_level = std::min(config_.min_level, rule->head.level);
    by_name_[rule->head.name] = kept.size();
    kept.push_back(std::move(rule));
  }
  rules_ = std::move(kept);
  return {};
}

bool Linter::concerns(const std::string& path) const {
  return !config_.base_styles.empty() || !config_.checks.empty() || !sections_for(path).empty();
}

std::vector<const Section*> Linter::sections_for(const std::string& path) const {
  std::vector<const Section*> sections;
  for (const auto& name : names_of(path, config_.formats)) {
    for (const auto& section : config_.sections) {
      if (section.glob.matches(name)) sections.push_back(&section);
    }
  }
  return sections;
}

bool Linter::switched_on(const std::string& path, const std::string& check) const {
  const auto* styles = &config_.base_styles;
  std::optional<bool> own;
  for (const auto* section : sections_for(path)) {
    if (section->base_styles) styles = &*section->base_styles;
    if (const auto set = setting(section->checks, check)) own = set;
  }
  if (!own) own = setting(config_.checks, check);
  return own.value_or(std::find(styles->begin(), styles->end(), style_of(check)) != styles->end());
}

std::vector<std::uint8_t> Linter::active_rules(const std::string& path) const {
  const auto* styles = &config_.base_styles;
  std::map<std::string, bool> checks;
  for (const auto* section : sections_for(path)) {
    if (section->base_styles) styles = &*section->base_styles;
    for (const auto& [name, on] : section->checks) checks[name] = on;
  }
  std::vector<std::uint8_t> active(rules_.size(), 0);
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const auto& head = rules_[i]->head;
    if (head.level < config_.min_level) continue;
    const auto own = setting(checks, head.name);
    const auto global = setting(config_.checks, head.name);
    if (own) {
      active[i] = *own ? 1 : 0;
    } else if (global) {
      active[i] = *global ? 1 : 0;
    } else {
      active[i] = std::find(styles->begin(), styles->end(), style_of(head.name)) != styles->end() ? 1 : 0;
    }
  }
  return active;
}

Result<ReadOptions> Linter::read_options(const std::string& path, std::string_view source) const {
  ReadOptions options;
  options.extension = std::string(io::extension(path));
  if (!config_.ignored_scopes.empty()) options.ignored_scopes = config_.ignored_scopes;
  if (!config_.skipped_scopes.empty()) options.skipped_scopes = config_.skipped_scopes;
  for (const auto& name : config_.ignored_classes) options.ignored_classes.push_back(name);
  options.inline_scopes = needs_inline_;
  for (const auto& delimiters : config_.comment_delimiters) {
    if (delimiters.glob.matches(path)) options.comment_delimiters = {delimiters.values[0], delimiters.values[1]};
  }
  const auto names = names_of(path, config_.formats);
  const auto find = [&](const std::vector<std::pair<Glob, std::vector<Pattern>>>& all, std::vector<Range>& ranges) {
    for (const auto& [glob, patterns] : all) {
      if (std::none_of(names.begin(), names.end(), [&](const auto& name) { return glob.matches(name); })) continue;
      for (const auto& pattern : patterns) {
        for (const auto& match : pattern.find_all(source)) {
          if (match.end() > match.begin()) {
            ranges.push_back({static_cast<std::uint32_t>(match.begin()), static_cast<std::uint32_t>(match.end())});
          }
        }
      }
    }
    std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
    // Overlapping ranges become one.
    std::size_t kept = 0;
    for (std::size_t i = 1; i < ranges.size(); ++i) {
      if (ranges[i].begin <= ranges[kept].end) {
        ranges[kept].end = std::max(ranges[kept].end, ranges[i].end);
      } else {
        ranges[++kept] = ranges[i];
      }
    }
    if (!ranges.empty()) ranges.resize(kept + 1);
  };
  find(token_ignores_, options.ignored_tokens);
  find(block_ignores_, options.ignored_blocks);
  return options;
}

namespace {

Result<Document> read_markup(const std::string& extension, std::string_view source, const ReadOptions& options) {
  if (extension == ".md") return read_markdown(source, options);
  if (extension == ".html") return read_html(source, options);
  if (extension == ".rst") return read_rst(source, options);
  if (extension == ".adoc") return read_asciidoc(source, options);
  if (extension == ".org") return read_org(source, options);
  if (extension == ".mdx") return read_mdx(source, options);
  if (extension == ".dita" || extension == ".xml") return read_xml_text(source, options);
  return fail(ErrorKind::unsupported, "prose.unsupported", format("no reader for {}", extension));
}

void add_document(Document& into, Document from, const MappedText& outer) {
  const auto first = into.blocks.size();
  for (auto& block : from.blocks) {
    block.content = remap(block.content, outer);
    into.blocks.push_back(std::move(block));
  }
  for (auto& control : from.controls) into.controls.push_back({first + control.before_block, std::move(control.text)});
  into.summary.append(remap(from.summary, outer));
  for (const auto& [name, count] : from.counts) into.counts[name] += count;
}

}  // namespace

Result<Document> Linter::read_source(const std::string& path, std::string_view source) const {
  auto options = TRY(read_options(path, source));
  const auto wanted = options_.extension.empty() || options_.extension == ".txt" ? path : "x" + options_.extension;
  const auto how = format_of(wanted, config_.formats);
  if (options_.ignore_syntax) return read_lines(source, options);
  if (how.family == "markup") return read_markup(how.extension, source, options);
  if (how.family == "text") return read_plain(source, options);
  // The last section that names a view for the file wins.
  const Labelled* view = nullptr;
  for (const auto& each : config_.views) view = each.glob.matches(path) ? &each : view;
  if (view != nullptr && (how.family == "code" || how.family == "fragment")) {
    return read_view(*view, path, source, options);
  }
  if (how.family == "data") {
    if (view != nullptr) return read_view(*view, path, source, options);
    return config_.views.empty() ? read_lines(source, options) : Result<Document>(Document{});
  }
  if (how.family != "code" && how.family != "fragment") return read_lines(source, options);

  // Source code: its comments, as plain text or as the markup that [formats] gives them.
  std::string language = std::string(io::extension(path));
  if (!options_.extension.empty() && options_.extension != ".txt") language = options_.extension;
  Document document;
  for (const auto& comment : TRY(read_comments(source, language))) {
    const std::string scope = comment.is_block ? "text.comment.block" : "text.comment.line";
    bool ignored = false;
    for (const auto& pattern : config_.ignored_scopes) {
      ignored = ignored || pattern == "comment" || pattern == scope || "text." + pattern == scope;
    }
    if (ignored) continue;
    const auto& text = comment.content.text();
    auto inner = options;
    inner.meta_scope = "." + scope;
    inner.control_marks = Marks::optional;
    auto ranges = TRY(read_options(path, text));
    inner.ignored_tokens = std::move(ranges.ignored_tokens);
    inner.ignored_blocks = std::move(ranges.ignored_blocks);
    if (how.family == "fragment") {
      // A control is a comment of its own there: markup has its own ways within.
      if (const auto control = control_of(text, Marks::optional); !control.empty()) {
        document.controls.push_back({document.blocks.size(), std::string(control)});
        continue;
      }
      add_document(document, TRY(read_markup(how.extension, text, inner)), comment.content);
      continue;
    }
    add_document(document, TRY(read_lines(text, inner)), comment.content);
  }
  return document;
}

Result<Document> Linter::read_view(const Labelled& named, const std::string& path, std::string_view source,
                                   const ReadOptions& options) const {
  const auto name = named.values.empty() ? std::string() : named.values[0];
  const auto file = config_.find_asset("config/views", name + ".yml");
  if (file.empty()) {
    return fail(ErrorKind::config, "prose.view", format("view '{}' not found", name), named.place,
                "put it below config/views of StylesPath");
  }
  const auto view = TRY(load_view(file));
  Document document;
  const auto add_text = [&](const ViewScope& scope, const MappedText& content,
                            const std::string& meta) -> Result<void> {
    auto inner = options;
    inner.meta_scope = meta + (scope.name.empty() ? "" : "." + scope.name);
    const auto ranges = TRY(read_options(path, content.text()));
    inner.ignored_tokens = ranges.ignored_tokens;
    inner.ignored_blocks = ranges.ignored_blocks;
    auto part = scope.type.empty() ? TRY(read_lines(content.text(), inner))
                                   : TRY(read_markup("." + scope.type, content.text(), inner));
    add_document(document, std::move(part), content);
    return {};
  };
  if (view.engine == "tree-sitter") {
    for (const auto& scope : view.scopes) {
      auto selected = select_nodes(source, io::extension(path), scope.query);
      if (!selected) {
        auto error = std::move(selected).error();
        error.place = Place{file};
        return std::unexpected(std::move(error));
      }
      for (const auto& node : *selected)
        TRY(add_text(scope, node.content, node.is_block ? ".text.comment.block" : ".text.comment.line"));
    }
    return document;
  }
  doc::ReadOptions reading;
  reading.file = path;
  reading.allow_duplicate_keys = true;
  const auto extension = io::extension(path);
  const auto parsed = extension == ".json"   ? doc::parse_json(source, reading)
                      : extension == ".toml" ? doc::parse_toml(source, reading)
                                             : doc::parse_yaml(source, reading);
  const auto& root = TRY(Result<doc::Value>(parsed));
  for (const auto& scope : view.scopes) {
    for (const auto* value : TRY(select(root, scope.query))) {
      TRY(add_text(scope, map_scalar(source, value->span, value->as_string()), ""));
    }
  }
  return document;
}

Result<Document> Linter::read(const std::string& path, std::string_view content) const {
  const auto source = normalise(content);
  return read_source(path, source.text);
}

Result<FileReport> Linter::lint(const std::string& path, std::string_view content) const {
  FileReport report;
  report.path = path;
  if (content.size() > limits::kSourceBytes) {
    return fail(ErrorKind::limit, "limit.size", format("the file of {} bytes is too large for prose", content.size()),
                Place{path});
  }
  const auto active = active_rules(path);
  if (std::find(active.begin(), active.end(), 1) == active.end()) return report;
  TRY(config_.refuse_transform(path));
  // Rules see valid UTF-8 only: a byte that belongs to none becomes one "?", so that places stay those of the file.
  std::string repaired;
  if (utf8::find_invalid(content) != std::string_view::npos) {
    repaired = content;
    for (std::size_t at = 0; at < repaired.size();) {
      const auto decoded = utf8::decode(repaired, at);
      if (decoded.point == 0xFFFD && decoded.length == 1) repaired[at] = '?';
      at += decoded.length;
    }
    content = repaired;
  }
  const auto source = normalise(content);
  auto document = TRY(read_source(path, source.text));
  const utf8::Placer placer(source.text);
  Task task{active, source.text, placer, report, {}, {}, {}, {}, {}, {}};
  task.found.resize(rules_.size());
  task.state.counts = &document.counts;
  std::size_t control = 0;
  const auto controls_until = [&](std::size_t block) {
    for (; control < document.controls.size() && document.controls[control].before_block <= block; ++control) {
      apply_control(task.comments, document.controls[control].text, path);
    }
  };
  for (std::size_t i = 0; i < document.blocks.size(); ++i) {
    controls_until(i);
    TRY(run_block(task, document.blocks[i]));
  }
  controls_until(document.blocks.size());
  // What looks at the whole document is switched off by `vale off` only.
  std::erase_if(task.comments, [](const auto& entry) { return entry.first != "off"; });
  const auto extension = std::string(io::extension(path));
  Block whole;
  whole.scope = whole.parent = "summary" + extension;
  whole.content = std::move(document.summary);
  TRY(run_block(task, whole));
  whole.scope = whole.parent = "raw" + extension;
  whole.content.clear();
  bool raw = false;
  for (std::size_t i = 0; i < rules_.size(); ++i)
    raw = raw || (active[i] != 0 && rules_[i]->scopes.matches(whole.scope, whole.parent));
  if (raw) {
    whole.content.append(source.text, 0, static_cast<std::uint32_t>(source.text.size()));
    TRY(run_block(task, whole));
  }
  for (auto& hit : report.hits) {
    hit.place.file = path;
    // By the last byte: what stands behind the match, the "\r" of a line end, is no part of it.
    const auto last = static_cast<std::uint32_t>(hit.place.offset + std::max<std::uint64_t>(1, hit.place.length) - 1);
    const auto end = hit.place.length == 0 ? source.original(last) : source.original(last) + 1;
    hit.place.offset = source.original(static_cast<std::uint32_t>(hit.place.offset));
    hit.place.length = end - hit.place.offset;
  }
  // Hits are large: their order is found first, and each is moved once.
  std::vector<std::uint32_t> order(report.hits.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t left, std::uint32_t right) {
    const auto& a = report.hits[left];
    const auto& b = report.hits[right];
    return std::tie(a.place.line, a.place.column, a.alert.check, left) <
           std::tie(b.place.line, b.place.column, b.alert.check, right);
  });
  std::vector<Hit> ordered;
  ordered.reserve(order.size());
  for (const auto index : order) ordered.push_back(std::move(report.hits[index]));
  report.hits = std::move(ordered);
  return report;
}

void Linter::apply_control(std::map<std::string, bool>& comments, const std::string& control,
                           const std::string& path) const {
  const auto rest = std::string_view(control).substr(5);
  if (rest == "off" || rest == "on") {
    comments["off"] = rest == "off";
    return;
  }
  const auto equals = rest.rfind(" = ");
  if (equals == std::string_view::npos) return;
  const auto subject = rest.substr(0, equals);
  const auto value = rest.substr(equals + 3);
  if (subject == "style" || subject == "styles") {
    const auto* styles = &config_.base_styles;
    for (const auto* section : sections_for(path)) {
      if (section->base_styles) styles = &*section->base_styles;
    }
    for (const auto& style : *styles) comments[style] = true;
    for (const auto style : text::split(value, ',')) comments[std::string(text::trim(style))] = false;
    return;
  }
  if (value != "YES" && value != "NO" && value != "on" && value != "off") return;
  const bool off = value == "NO" || value == "off";
  const auto bracket = subject.find('[');
  if (bracket == std::string_view::npos) {
    // What is said of a style holds for its rules, whatever was said of one of them before.
    if (subject.find('.') == std::string_view::npos) {
      const auto below = std::string(subject) + ".";
      std::erase_if(comments, [&](const auto& entry) {
        return entry.first.starts_with(below) && entry.first.find('[') == std::string::npos;
      });
    }
    comments[std::string(subject)] = off;
    return;
  }
  // Style.Rule["one", "another"]: only these matches.
  const auto name = std::string(subject.substr(0, bracket));
  auto list = subject.substr(bracket);
  for (auto open = list.find('"'); open != std::string_view::npos; open = list.find('"')) {
    const auto close = list.find('"', open + 1);
    if (close == std::string_view::npos) break;
    comments[name + "[" + std::string(list.substr(open + 1, close - open - 1)) + "]"] = off;
    list.remove_prefix(close + 1);
  }
}

Result<void> Linter::run_block(Task& task, const Block& block) const {
  if (const auto off = task.comments.find("off"); off != task.comments.end() && off->second) return {};
  const std::string_view text = block.content.text();
  std::fill(task.found.begin(), task.found.end(), std::uint8_t{0});
  if (!scanner_->scan(text, task.found) && beyond_literals_.found_in(text)) {
    std::fill(task.found.begin(), task.found.end(), std::uint8_t{1});
  }
  if (block.running && needs_paragraphs_) {
    std::size_t from = 0;
    const auto scope = "paragraph." + block.scope;
    while (from < text.size()) {
      auto at = text.find("\n\n", from);
      at = at == std::string_view::npos ? text.size() : at + 2;
      TRY(run_view(task, block, {text.substr(from, at - from), scope, scope, &block.content, from}, from));
      from = at;
    }
  }
  if (needs_sentences_ && block.running) {
    const auto scope = "sentence." + block.scope;
    for (const auto& sentence : split_sentences(text)) {
      TRY(run_view(
          task, block,
          {text.substr(sentence.begin, sentence.end - sentence.begin), scope, scope, &block.content, sentence.begin},
          sentence.begin));
    }
  }
  return run_view(task, block, {text, block.scope, block.parent, &block.content, 0}, 0);
}

Result<void> Linter::run_view(Task& task, const Block& block, const View& view, std::size_t offset) const {
  auto key = std::string(view.scope);
  if (view.parent != view.scope) key += "\n" + std::string(view.parent);
  auto known = task.rules_for.find(key);
  if (known == task.rules_for.end()) {
    std::vector<std::uint32_t> fitting;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (task.active[i] != 0 && rules_[i]->scopes.matches(view.scope, view.parent))
        fitting.push_back(static_cast<std::uint32_t>(i));
    }
    known = task.rules_for.emplace(std::move(key), std::move(fitting)).first;
  }
  const auto is_off = [&](const std::string& name) {
    if (task.comments.empty()) return false;
    const auto entry = task.comments.find(name);
    if (entry != task.comments.end()) return entry->second;
    const auto style = task.comments.find(style_of(name));
    return style != task.comments.end() && style->second;
  };
  std::vector<Alert> alerts;
  for (const auto index : known->second) {
    const auto& rule = *rules_[index];
    if (!rule.required.empty() && task.found[index] == 0) continue;
    if (is_off(rule.head.name)) continue;
    alerts.clear();
    auto ran = rule.run(view, task.state, alerts);
    if (!ran) {
      auto error = std::move(ran).error();
      error.notes.push_back(format("rule {} on {}", rule.head.name, task.report.path));
      return std::unexpected(std::move(error));
    }
    for (auto& alert : alerts) {
      if (!task.comments.empty()) {
        const auto entry = task.comments.find(rule.head.name + "[" + alert.match + "]");
        if (entry != task.comments.end() && entry->second) continue;
      }
      auto range = block.content.to_source(alert.begin + offset, alert.end + offset);
      Hit hit;
      if (alert.placeless) {
        const bool whole = view.scope.starts_with("summary") || view.scope.starts_with("raw");
        const auto line = whole ? 1 : task.placer.lines().line_of(range.begin);
        const auto start = static_cast<std::uint32_t>(task.placer.lines().line_start(line));
        range = {start, start};
      }
      hit.place = task.place_of(range);
      if (!task.seen.emplace(hit.place.line, hit.place.column, alert.check).second) continue;
      if (rule.head.limit > 0 && ++task.counted[alert.check] > rule.head.limit) continue;
      const auto stands = task.source.substr(range.begin, range.end - range.begin);
      hit.as_it_stands = stands == alert.match;
      hit.columns = utf8::count(task.source.substr(range.begin, range.end - range.begin));
      hit.extends = rule.head.extends;
      hit.alert = std::move(alert);
      task.report.hits.push_back(std::move(hit));
    }
  }
  return {};
}

Result<std::vector<std::string>> collect_files(const std::vector<std::string>& inputs, const Linter& linter,
                                               const std::string& glob) {
  const auto chosen = TRY(Glob::compile(glob.empty() ? "*" : glob, true));
  std::vector<std::string> files;
  const auto take = [&](const std::string& path) {
    const auto names = names_of(path, linter.config().formats);
    if (std::none_of(names.begin(), names.end(), [&](const auto& name) { return chosen.matches(name); })) return;
    if (linter.concerns(path)) files.push_back(path);
  };
  for (const auto& input : inputs) {
    if (!io::is_folder(input)) {
      take(input);
      continue;
    }
    const auto root = io::normalize_path(input);
    const auto entries = TRY(io::walk(input, [](const io::Entry& entry) {
      const auto name = io::file_name(entry.path);
      return name != "node_modules" && name != ".git";
    }));
    for (const auto& entry : entries) {
      auto path = root == "." || root.empty() ? entry.path : io::join_path(root, entry.path);
      if (entry.type == io::EntryType::file) {
        take(path);
      } else if (entry.type == io::EntryType::symlink && io::exists(path) && !io::is_folder(path)) {
        take(path);
      }
    }
  }
  return files;
}

}  // namespace chiron::prose
