// From structure to blocks: which element starts a block, which scope it has, what is masked or left out.
#include <algorithm>
#include <iterator>

#include "engines/prose/reader.h"

namespace chiron::prose {

namespace {

struct Known {
  std::string_view name;
  bool inline_element;
  const char* scope;  // "text.…" of a block; a bare name makes an inline block
};

// Sorted by name.
constexpr Known kElements[] = {
    {"a", true, "link"},
    {"abbr", true, nullptr},
    {"acronym", true, nullptr},
    {"b", true, "strong"},
    {"big", true, nullptr},
    {"blockquote", false, "text.blockquote"},
    {"br", true, nullptr},
    {"caption", false, "text.table.caption"},
    {"cite", true, nullptr},
    {"code", true, "code"},
    {"del", true, nullptr},
    {"dfn", true, nullptr},
    {"div", false, nullptr},
    {"em", true, "emphasis"},
    {"figcaption", false, "text.figure.caption"},
    {"h1", false, "text.heading.h1"},
    {"h2", false, "text.heading.h2"},
    {"h3", false, "text.heading.h3"},
    {"h4", false, "text.heading.h4"},
    {"h5", false, "text.heading.h5"},
    {"h6", false, "text.heading.h6"},
    {"hr", false, nullptr},
    {"i", true, "emphasis"},
    {"img", true, nullptr},
    {"ins", true, nullptr},
    {"kbd", true, nullptr},
    {"li", false, "text.list"},
    {"mark", true, nullptr},
    {"ol", false, nullptr},
    {"p", false, nullptr},
    {"pre", false, nullptr},
    {"q", true, nullptr},
    {"s", true, nullptr},
    {"samp", true, nullptr},
    {"small", true, nullptr},
    {"span", true, nullptr},
    {"strike", true, nullptr},
    {"strong", true, "strong"},
    {"sub", true, nullptr},
    {"sup", true, nullptr},
    {"table", false, nullptr},
    {"td", false, "text.table.cell"},
    {"th", false, "text.table.header"},
    {"tr", false, nullptr},
    {"tt", true, nullptr},
    {"u", true, nullptr},
    {"ul", false, nullptr},
    {"var", true, nullptr},
    {"wbr", true, nullptr},
};

const Known* find_element(std::string_view name) {
  const auto at = std::lower_bound(std::begin(kElements), std::end(kElements), name,
                                   [](const Known& known, std::string_view wanted) { return known.name < wanted; });
  return at != std::end(kElements) && at->name == name ? &*at : nullptr;
}

bool is_void(std::string_view name) {
  constexpr std::string_view kVoid[] = {"area",  "base", "br",   "col",   "embed",  "hr",    "img",
                                        "input", "link", "meta", "param", "source", "track", "wbr"};
  return std::find(std::begin(kVoid), std::end(kVoid), name) != std::end(kVoid);
}

bool contains(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool any_class(const std::vector<std::string>& ignored, std::string_view classes) {
  while (!classes.empty()) {
    const auto space = classes.find(' ');
    if (contains(ignored, classes.substr(0, space))) return true;
    if (space == std::string_view::npos) break;
    classes.remove_prefix(space + 1);
  }
  return false;
}

constexpr std::size_t kNoText = static_cast<std::size_t>(-1);

}  // namespace

Walker::Walker(std::string_view source, const ReadOptions& options) : source_(source), options_(options) {}

void Walker::open(std::string_view tag, std::span<const Attribute> attributes) {
  const auto* known = find_element(tag);
  const bool is_inline = known != nullptr && known->inline_element;
  if (!is_inline) flush();
  std::string_view classes;
  std::string_view href;
  const Attribute* alt = nullptr;
  for (const auto& attribute : attributes) {
    if (attribute.name == "class") classes = attribute.value;
    if (attribute.name == "href") href = attribute.value;
    if (attribute.name == "alt") alt = &attribute;
  }
  if (tag == "img" && alt != nullptr) {
    MappedText content;
    if (alt->source.end - alt->source.begin == alt->value.size() &&
        source_.substr(alt->source.begin, alt->value.size()) == alt->value) {
      content.append(source_, alt->source.begin, alt->source.end);
    } else {
      content.append_replaced(alt->value, alt->source.begin, alt->source.end);
    }
    alternative(std::move(content));
  }
  if (tag == "br") {
    // Where markup breaks the line the source mostly does too; a reader that has the bytes tells them itself.
    if (skipped_depth_ == 0 && !current_.empty() && current_.text().back() != '\n') current_.append_generated("\n");
    return;
  }
  if (is_void(tag) || open_.size() >= limits::kElementDepth) return;

  Element element;
  element.name = known != nullptr ? known->name : std::string_view(names_.emplace_back(tag));
  element.inline_element = is_inline;
  const bool class_ignored = !classes.empty() && any_class(options_.ignored_classes, classes);
  element.skipped = contains(options_.skipped_scopes, tag) || (class_ignored && !is_inline);
  element.masked = is_inline && (class_ignored || contains(options_.ignored_scopes, tag));
  element.text_begin = kNoText;
  if (is_inline) {
    if (tag == "a") element.href = href;
    if (options_.inline_scopes && known->scope != nullptr) element.scope = known->scope;
    element.text_begin = current_.text().size();
    if (element.masked && masked_depth_++ == 0) raw_.clear();
  } else if (known != nullptr && known->scope != nullptr) {
    ++document_.counts[known->scope + std::string_view("text.").size()];
  }
  if (element.skipped) {
    if (skipped_depth_++ == 0) ++document_.counts[std::string(tag)];
  }
  open_.push_back(std::move(element));
}

void Walker::leave(Element& element) {
  if (element.skipped) --skipped_depth_;
  if (!element.inline_element) return;
  const auto begin = std::min(element.text_begin, current_.text().size());
  if (element.masked) --masked_depth_;
  if (element.name == "a" && !element.href.empty() && masked_depth_ == 0 &&
      std::string_view(current_.text()).substr(begin) == element.href) {
    // A bare address is no prose.
    const auto link = current_.slice(begin, current_.text().size());
    auto before = current_.slice(0, begin);
    for (const auto& piece : link.pieces()) {
      before.append_masked(source_, piece.source, piece.source + piece.source_length, '*');
    }
    current_ = std::move(before);
  }
  if (element.scope == nullptr || skipped_depth_ != 0) return;
  Block block;
  block.content = element.masked ? raw_ : current_.slice(begin, current_.text().size());
  block.content.trim();
  if (block.content.empty()) return;
  block.scope = element.scope + options_.extension;
  block.parent = block_scope() + "." + element.scope + options_.extension;
  inline_blocks_.push_back(std::move(block));
}

void Walker::close(std::string_view tag) {
  const auto* known = find_element(tag);
  if (known == nullptr || !known->inline_element) flush();
  const auto found = std::find_if(open_.rbegin(), open_.rend(), [&](const Element& e) { return e.name == tag; });
  if (found == open_.rend()) return;
  // An inline end tag does not close the blocks around it.
  if (known != nullptr && known->inline_element) {
    for (auto at = open_.rbegin(); at != found; ++at) {
      if (!at->inline_element) return;
    }
  }
  const auto keep = static_cast<std::size_t>(open_.rend() - found) - 1;
  while (open_.size() > keep) {
    leave(open_.back());
    open_.pop_back();
  }
}

void Walker::text(std::uint32_t begin, std::uint32_t end) {
  if (skipped_depth_ != 0 || begin >= end) return;
  const auto& ignored = options_.ignored_tokens;
  if (ignored.empty()) return emit(begin, end);
  if (ignored_next_ >= ignored.size() || (ignored_next_ > 0 && ignored[ignored_next_ - 1].end > begin)) {
    ignored_next_ = static_cast<std::size_t>(
        std::partition_point(ignored.begin(), ignored.end(), [&](const Range& r) { return r.end <= begin; }) -
        ignored.begin());
  }
  while (ignored_next_ < ignored.size() && ignored[ignored_next_].end <= begin) ++ignored_next_;
  for (auto at = ignored_next_; at < ignored.size() && ignored[at].begin < end; ++at) {
    const auto from = std::max(begin, ignored[at].begin);
    const auto to = std::min(end, ignored[at].end);
    emit(begin, from);
    current_.append_masked(source_, from, to, '*');
    begin = to;
  }
  emit(begin, end);
}

void Walker::emit(std::uint32_t begin, std::uint32_t end) {
  if (begin >= end) return;
  if (masked_depth_ == 0) {
    current_.append(source_, begin, end);
  } else {
    current_.append_masked(source_, begin, end, '*');
    raw_.append(source_, begin, end);
  }
}

void Walker::replaced(std::string_view shown, std::uint32_t begin, std::uint32_t end) {
  if (skipped_depth_ != 0) return;
  if (masked_depth_ == 0) {
    current_.append_replaced(shown, begin, end);
  } else {
    current_.append_replaced(shown == "\n" ? "\n" : "*", begin, end);
    raw_.append_replaced(shown, begin, end);
  }
}

void Walker::alternative(MappedText content) {
  if (content.empty() || skipped_depth_ != 0 || contains(options_.skipped_scopes, "alt")) return;
  Block block;
  block.scope = "text.attr.alt" + options_.meta_scope + options_.extension;
  block.parent = block.scope;
  block.content = std::move(content);
  document_.blocks.push_back(std::move(block));
}

void Walker::mask(std::uint32_t begin, std::uint32_t end) {
  if (skipped_depth_ != 0 || begin >= end) return;
  current_.append_masked(source_, begin, end, '*');
  if (masked_depth_ != 0) raw_.append(source_, begin, end);
}

void Walker::comment(std::string_view content) {
  const auto begin = content.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return;
  content = content.substr(begin, content.find_last_not_of(" \t\n") + 1 - begin);
  if (!content.starts_with("vale ")) return;
  // A control inside a paragraph holds for all of it: it takes effect with the block that is being gathered.
  document_.controls.push_back({document_.blocks.size(), std::string(content)});
}

void Walker::block(std::string scope, MappedText content) {
  flush();
  Block block;
  block.scope = std::move(scope);
  block.parent = block.scope;
  block.content = std::move(content);
  document_.blocks.push_back(std::move(block));
}

std::string Walker::block_scope() const {
  for (const auto& element : open_) {
    if (element.inline_element) continue;
    const auto* known = find_element(element.name);
    if (known != nullptr && known->scope != nullptr) return known->scope;
  }
  return "text";
}

void Walker::flush() {
  // The elements still open go on in the next block.
  for (auto& element : open_) {
    if (element.inline_element) element.text_begin = 0;
  }
  for (auto& block : inline_blocks_) document_.blocks.push_back(std::move(block));
  inline_blocks_.clear();
  current_.trim();
  if (current_.empty()) return;
  const auto base = block_scope();
  if (base == "text" || base == "text.list" || base == "text.blockquote") {
    document_.summary.append(current_);
    document_.summary.append_generated("\n\n");
  }
  Block block;
  block.running = base == "text";
  block.scope = base + options_.meta_scope + options_.extension;
  block.parent = block.scope;
  block.content = std::move(current_);
  current_ = MappedText();
  document_.blocks.push_back(std::move(block));
}

Document Walker::finish() {
  while (!open_.empty()) {
    if (!open_.back().inline_element) flush();
    leave(open_.back());
    open_.pop_back();
  }
  flush();
  return std::move(document_);
}

}  // namespace chiron::prose
