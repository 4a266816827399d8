// XML by element and attribute, HTML by tag and text. Order of attributes and white space between elements are told
// apart from what changes the document.
#include <algorithm>
#include <unordered_map>

#include "engines/compare/content/formats.h"
#include "engines/compare/content/listing.h"
#include "engines/compare/hash.h"
#include "engines/compare/sequence_diff.h"
#include "engines/compare/text_diff.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/xml.h"

namespace chiron::compare {
namespace {

constexpr std::uint64_t kMaxMarkupBytes = 256 * limits::kMiB;
constexpr std::size_t kMaxDepth = 500;
constexpr std::size_t kToldDifferences = 10'000;

struct Element {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string text;  // all text directly inside, trimmed
  std::vector<Element> children;
  std::uint64_t offset = 0;
  std::uint64_t hash = 0;  // of everything, without the order of attributes
};

class Builder final : public doc::XmlSink {
 public:
  bool begin_element(std::string_view name, std::span<const doc::XmlAttribute> attributes,
                     std::uint64_t offset) override {
    if (open_.size() >= kMaxDepth) {
      too_deep = true;
      return false;
    }
    Element element;
    element.name = name;
    element.offset = offset;
    for (const auto& attribute : attributes) element.attributes.emplace_back(attribute.name, attribute.value);
    open_.push_back(std::move(element));
    return true;
  }
  bool end_element(std::string_view) override {
    if (open_.empty()) return false;
    Element element = std::move(open_.back());
    open_.pop_back();
    element.text = std::string(text::trim(element.text));
    auto h = hash_bytes(element.text, hash_bytes(element.name));
    for (const auto& [key, value] : element.attributes) h += hash_bytes(value, hash_bytes(key, 7));
    for (const auto& child : element.children) h = h * 0x9e3779b97f4a7c15ull + child.hash;
    element.hash = h;
    if (open_.empty()) {
      root = std::move(element);
    } else {
      open_.back().children.push_back(std::move(element));
    }
    return true;
  }
  bool text(std::string_view piece) override {
    if (!open_.empty()) open_.back().text += piece;
    return true;
  }

  Element root;
  bool too_deep = false;

 private:
  std::vector<Element> open_;
};

Result<Element> read(ByteView bytes) {
  Builder builder;
  doc::ReadOptions options;
  options.max_depth = kMaxDepth;
  options.max_bytes = kMaxMarkupBytes;
  auto result = doc::read_xml(bytes, builder, options);
  if (builder.too_deep) return fail(ErrorKind::limit, "compare.xml", "elements are nested more than 500 deep");
  if (!result) return std::unexpected(result.error());
  return std::move(builder.root);
}

// Depth is bounded by kMaxDepth.
void write_element(const Element& element, std::size_t indent, std::string& out) {
  out.append(indent * 2, ' ');
  out += "<" + printable(element.name);
  auto sorted = element.attributes;
  std::sort(sorted.begin(), sorted.end());
  for (const auto& [key, value] : sorted) out += " " + printable(key) + "=" + in_quotes(value);
  out += ">";
  if (!element.text.empty()) out += " " + printable(element.text);
  out += "\n";
  for (const auto& child : element.children) write_element(child, indent + 1, out);
}

class XmlComparer {
 public:
  XmlComparer(const Budget& budget, Difference& out) : budget_(budget), out_(out) {}

  void compare(const Element& a, const Element& b, const std::string& path) {
    compare_attributes(a, b, path);
    if (a.text != b.text) field(path + "/text()", a.text, b.text, a, b);
    if (a.hash == b.hash && same_spelling(a, b)) return;
    compare_children(a, b, path);
  }

  void finish() {
    if (left_off_ > 0) out_.comments.push_back(format("{} more differences are not told one by one", left_off_));
  }

 private:
  Difference* add(Kind kind, const std::string& path) {
    if (out_.children.size() >= kToldDifferences) {
      ++left_off_;
      return nullptr;
    }
    return &out_.add_child(kind, kind == Kind::only_in_b ? "" : path, kind == Kind::only_in_a ? "" : path);
  }

  void field(const std::string& path, const std::string& old_text, const std::string& new_text, const Element& a,
             const Element& b) {
    auto* node = add(Kind::content, path);
    if (node == nullptr) return;
    node->field = path;
    node->set_place({a.offset, 0}, {b.offset, 0});
    if (old_text.find('\n') != std::string::npos || new_text.find('\n') != std::string::npos) {
      diff_text(old_text, new_text, budget_, *node);
    } else {
      node->old_value = in_quotes(old_text);
      node->new_value = in_quotes(new_text);
    }
  }

  void compare_attributes(const Element& a, const Element& b, const std::string& path) {
    if (a.attributes == b.attributes) return;
    const auto value_in = [](const Element& element, const std::string& name) -> const std::string* {
      for (const auto& [key, value] : element.attributes) {
        if (key == name) return &value;
      }
      return nullptr;
    };
    bool told = false;
    for (const auto& [key, value] : a.attributes) {
      const auto* other = value_in(b, key);
      if (other != nullptr && *other == value) continue;
      told = true;
      if (other != nullptr) {
        field(path + "/@" + key, value, *other, a, b);
      } else if (auto* node = add(Kind::only_in_a, path + "/@" + key)) {
        diff_text(in_quotes(value) + "\n", "", budget_, *node);
        node->set_place({a.offset, 0}, {});
      }
    }
    for (const auto& [key, value] : b.attributes) {
      if (value_in(a, key) != nullptr) continue;
      told = true;
      if (auto* node = add(Kind::only_in_b, path + "/@" + key)) {
        diff_text("", in_quotes(value) + "\n", budget_, *node);
        node->set_place({}, {b.offset, 0});
      }
    }
    if (told) return;
    if (auto* node = add(Kind::order, path)) {
      node->field = "order of attributes";
      node->set_place({a.offset, 0}, {b.offset, 0});
      for (const auto& [key, value] : a.attributes) node->old_value += (node->old_value.empty() ? "" : ", ") + key;
      for (const auto& [key, value] : b.attributes) node->new_value += (node->new_value.empty() ? "" : ", ") + key;
      node->mark_noise("the order of attributes carries no meaning");
    }
  }

  static std::string step(const std::vector<Element>& siblings, std::size_t index) {
    std::size_t same = 0, before = 0;
    for (std::size_t i = 0; i < siblings.size(); ++i) {
      if (siblings[i].name != siblings[index].name) continue;
      ++same;
      if (i < index) ++before;
    }
    return "/" + printable(siblings[index].name, 200) + (same > 1 ? format("[{}]", before + 1) : "");
  }

  void one_sided(const Element& element, bool in_a, const std::string& path) {
    auto* node = add(in_a ? Kind::only_in_a : Kind::only_in_b, path);
    if (node == nullptr) return;
    node->has_place = true;
    (in_a ? node->place_a : node->place_b) = {element.offset, 0};
    std::string text;
    write_element(element, 0, text);
    diff_text(in_a ? text : "", in_a ? "" : text, budget_, *node);
  }

  void compare_children(const Element& a, const Element& b, const std::string& path) {
    std::unordered_map<std::uint64_t, std::uint32_t> numbers;
    std::vector<std::uint32_t> symbols_a, symbols_b;
    const auto intern = [&](std::uint64_t hash) {
      return numbers.emplace(hash, static_cast<std::uint32_t>(numbers.size())).first->second;
    };
    for (const auto& child : a.children) symbols_a.push_back(intern(child.hash));
    for (const auto& child : b.children) symbols_b.push_back(intern(child.hash));
    auto sorted_a = symbols_a, sorted_b = symbols_b;
    std::sort(sorted_a.begin(), sorted_a.end());
    std::sort(sorted_b.begin(), sorted_b.end());
    if (symbols_a != symbols_b && sorted_a == sorted_b) {
      auto* node = add(Kind::order, path);
      if (node == nullptr) return;
      node->field = "order of elements";
      node->set_place({a.offset, 0}, {b.offset, 0});
      std::string text_a, text_b;
      for (const auto& child : a.children) write_element(child, 0, text_a);
      for (const auto& child : b.children) write_element(child, 0, text_b);
      diff_text(text_a, text_b, budget_, *node);
      return;
    }
    std::size_t i = 0, j = 0;
    for (const auto& edit : diff_sequences(symbols_a, symbols_b, static_cast<std::uint32_t>(numbers.size()))) {
      for (; i < edit.a; ++i, ++j) compare_same(a.children[i], b.children[j], path, a.children, i);
      // Elements of one name are paired in order, the rest stands alone.
      std::vector<bool> used(edit.count_b, false);
      for (std::uint32_t k = 0; k < edit.count_a; ++k) {
        const auto& child = a.children[i + k];
        std::uint32_t partner = edit.count_b;
        for (std::uint32_t m = 0; m < edit.count_b && partner == edit.count_b && m < 1000; ++m) {
          if (!used[m] && b.children[j + m].name == child.name) partner = m;
        }
        if (partner == edit.count_b) {
          one_sided(child, true, path + step(a.children, i + k));
        } else {
          used[partner] = true;
          compare(child, b.children[j + partner], path + step(a.children, i + k));
        }
      }
      for (std::uint32_t m = 0; m < edit.count_b; ++m) {
        if (!used[m]) one_sided(b.children[j + m], false, path + step(b.children, j + m));
      }
      i += edit.count_a;
      j += edit.count_b;
    }
    for (; i < a.children.size() && j < b.children.size(); ++i, ++j)
      compare_same(a.children[i], b.children[j], path, a.children, i);
  }

  // Equal but for the order of attributes somewhere below.
  void compare_same(const Element& a, const Element& b, const std::string& path, const std::vector<Element>& siblings,
                    std::size_t index) {
    if (same_spelling(a, b)) return;
    compare(a, b, path + step(siblings, index));
  }

  static bool same_spelling(const Element& a, const Element& b) {
    if (a.attributes != b.attributes || a.children.size() != b.children.size()) return false;
    for (std::size_t i = 0; i < a.children.size(); ++i) {
      if (!same_spelling(a.children[i], b.children[i])) return false;
    }
    return true;
  }

  const Budget& budget_;
  Difference& out_;
  std::size_t left_off_ = 0;
};

void tell_layout(ByteView a, ByteView b, Context& context, std::string_view why, Difference& out) {
  if (!out.children.empty()) return;
  auto& child = out.add_child(Kind::content, "layout", "layout");
  child.size_a = a.size();
  child.size_b = b.size();
  diff_text(a, b, context.budget(), child);
  child.mark_noise(why);
  if (child.hunks.empty()) child.comments.push_back("the texts differ, the documents do not");
}

bool is_void(std::string_view tag) {
  constexpr std::string_view kVoid[] = {"area",  "base", "br",   "col",   "embed",  "hr",    "img",
                                        "input", "link", "meta", "param", "source", "track", "wbr"};
  return std::find(std::begin(kVoid), std::end(kVoid), tag) != std::end(kVoid);
}

// One tag or piece of text a line, attributes in order of their names, white space folded. No tree is built: what a
// browser would make of unclosed tags does not matter to a comparison, and the listing stays linear in the input.
class HtmlListing {
 public:
  explicit HtmlListing(ByteView bytes) : bytes_(bytes) {}

  std::string tags, visible;

  void run() {
    std::size_t at = 0;
    while (at < bytes_.size()) {
      const auto open = bytes_.find('<', at);
      add_text(bytes_.substr(at, (open == std::string_view::npos ? bytes_.size() : open) - at));
      if (open == std::string_view::npos) break;
      at = open;
      if (bytes_.substr(at, 4) == "<!--") {
        auto end = bytes_.find("-->", at + 4);
        end = end == std::string_view::npos ? bytes_.size() : end + 3;
        if (!raw_.empty())
          add_text(bytes_.substr(at, end - at));
        else
          line(printable(bytes_.substr(at, end - at), 65536));
        at = end;
        continue;
      }
      const char next = at + 1 < bytes_.size() ? bytes_[at + 1] : ' ';
      const bool is_tag =
          next == '/' || next == '!' || next == '?' || (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
      if (!is_tag || (!raw_.empty() && !closes_raw(at))) {
        add_text("<");
        ++at;
        continue;
      }
      at = tag(at);
    }
    flush();
  }

 private:
  bool closes_raw(std::size_t at) const {
    return text::to_lower_ascii(bytes_.substr(at, raw_.size() + 2)) == "</" + raw_;
  }

  void line(std::string_view text) {
    flush();
    tags.append(std::min<std::size_t>(depth_, 100) * 2, ' ');
    tags += text;
    tags += '\n';
  }

  void add_text(std::string_view piece) { pending_ += piece; }

  void flush() {
    if (pending_.empty()) return;
    const std::string pending = std::exchange(pending_, {});
    for (const auto row : text::split_lines(pending)) {
      const auto trimmed = text::trim(row);
      if (trimmed.empty()) continue;
      tags.append(std::min<std::size_t>(depth_, 100) * 2, ' ');
      tags += printable(trimmed, 65536);
      tags += '\n';
      if (raw_.empty() && !in_head_) {
        visible += printable(trimmed, 65536);
        visible += '\n';
      }
    }
  }

  // Writes the tag at `at`; returns the offset behind it.
  std::size_t tag(std::size_t at) {
    flush();
    const bool closing = bytes_[at + 1] == '/';
    std::size_t i = at + (closing ? 2 : 1);
    const std::size_t name_at = i;
    while (i < bytes_.size() && bytes_[i] != '>' && bytes_[i] != '/' && !is_blank(bytes_[i])) ++i;
    const std::string name = text::to_lower_ascii(bytes_.substr(name_at, i - name_at));
    std::vector<std::string> attributes;
    while (i < bytes_.size() && bytes_[i] != '>') {
      while (i < bytes_.size() && (is_blank(bytes_[i]) || bytes_[i] == '/')) ++i;
      const std::size_t key_at = i;
      while (i < bytes_.size() && bytes_[i] != '>' && bytes_[i] != '=' && bytes_[i] != '/' && !is_blank(bytes_[i])) ++i;
      if (i == key_at) {
        if (i < bytes_.size() && bytes_[i] == '=') ++i;
        continue;
      }
      std::string attribute = text::to_lower_ascii(printable(bytes_.substr(key_at, i - key_at)));
      if (i < bytes_.size() && bytes_[i] == '=') {
        ++i;
        std::size_t value_at = i, end = i;
        if (i < bytes_.size() && (bytes_[i] == '"' || bytes_[i] == '\'')) {
          value_at = i + 1;
          end = std::min(bytes_.find(bytes_[i], value_at), bytes_.size());
          i = std::min(end + 1, bytes_.size());
        } else {
          while (i < bytes_.size() && bytes_[i] != '>' && !is_blank(bytes_[i])) ++i;
          end = i;
        }
        attribute += "=" + in_quotes(bytes_.substr(value_at, end - value_at), 65536);
      }
      attributes.push_back(std::move(attribute));
    }
    i = std::min(i + 1, bytes_.size());
    std::sort(attributes.begin(), attributes.end());
    std::string out = (closing ? "</" : "<") + printable(name);
    for (const auto& attribute : attributes) out += " " + attribute;
    out += ">";
    if (closing && depth_ > 0) --depth_;
    line(out);
    if (name == "head") in_head_ = !closing;
    if (closing) {
      raw_.clear();
    } else if (name[0] != '!' && name[0] != '?' && !is_void(name)) {
      ++depth_;
      if (name == "script" || name == "style" || name == "textarea" || name == "title") raw_ = name;
    }
    return i;
  }

  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

  ByteView bytes_;
  std::string pending_, raw_;
  std::size_t depth_ = 0;
  bool in_head_ = false;
};

bool is_text(ByteView bytes) {
  return bytes.size() <= kMaxMarkupBytes && bytes.substr(0, 4096).find('\0') == std::string_view::npos;
}

bool is_html(ByteView bytes) {
  const auto head = text::to_lower_ascii(text::trim(bytes.substr(0, 512)));
  return head.starts_with("<!doctype html") || head.starts_with("<html") || head.find("<html") != std::string::npos;
}

bool has_ending(std::string_view path, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return path.ends_with(ending); });
}

}  // namespace

bool matches_html(ByteView a, ByteView b, std::string_view path) {
  if (!is_text(a) || !is_text(b)) return false;
  if (has_ending(path, {".xhtml", ".xml", ".svg"})) return false;
  return has_ending(path, {".html", ".htm"}) || (is_html(a) && is_html(b) && !a.starts_with("<?xml"));
}

Result<void> compare_html(ByteView a, ByteView b, Context& context, Difference& out) {
  HtmlListing left(a), right(b);
  left.run();
  right.run();
  diff_listing("tags", "HTML", left.tags, right.tags, context.budget(), out);
  diff_listing("text", "visible text", left.visible, right.visible, context.budget(), out);
  tell_layout(a, b, context, "white space, letter case of tags or order of attributes", out);
  return {};
}

bool matches_xml(ByteView a, ByteView b, std::string_view path) {
  if (!is_text(a) || !is_text(b)) return false;
  const auto declared = [](ByteView bytes) {
    return bytes.starts_with("<?xml") || bytes.starts_with("\xef\xbb\xbf<?xml");
  };
  if (declared(a) && declared(b)) return true;
  const auto starts = [](ByteView bytes) {
    const auto first = bytes.substr(0, 4096).find_first_not_of(" \t\r\n\xef\xbb\xbf");
    return first != std::string_view::npos && bytes[first] == '<';
  };
  return has_ending(path, {".xml", ".svg", ".xhtml", ".xsd", ".xsl", ".xslt", ".pom", ".plist", ".csproj", ".opf",
                           ".ncx", ".rels", ".wsdl"}) &&
         starts(a) && starts(b);
}

Result<void> compare_xml(ByteView a, ByteView b, Context& context, Difference& out) {
  const auto left = TRY(read(a));
  const auto right = TRY(read(b));
  XmlComparer comparer(context.budget(), out);
  if (left.name == right.name) {
    comparer.compare(left, right, "/" + left.name);
  } else {
    out.add_field(Kind::content, "/", left.name, right.name, {left.offset, 0}, {right.offset, 0});
  }
  comparer.finish();
  tell_layout(a, b, context, "white space, comments or processing instructions", out);
  return {};
}

}  // namespace chiron::compare
