// The report for people at a terminal: what differs as a tree with counts and exact places, long diffs folded, and one
// line for a property that changed alike in many members.
#include <algorithm>
#include <map>

#include "engines/compare/report/shared.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/base/utf8.h"

namespace chiron::compare {

namespace {

constexpr std::size_t kFoldedLines = 16;  // of one finding's diff
constexpr std::size_t kFoldFields = 4;    // members with the same change before they become one line
constexpr std::size_t kFoldedNames = 3;
constexpr std::size_t kFoldedMembers = 40;  // children of one node

class Printer {
 public:
  Printer(const ReportOptions& options, BoundedText& out) : options_(options), out_(out) {}

  void print(const Difference& root) { children(root, ""); }

 private:
  [[nodiscard]] std::string paint(std::string_view code, std::string_view text) const {
    if (!options_.colour || text.empty()) return std::string(text);
    return format("\x1b[{}m{}\x1b[0m", code, text);
  }
  [[nodiscard]] std::size_t room_beside(std::size_t used) const {
    return options_.width > used + 20 ? options_.width - used : 20;
  }
  [[nodiscard]] std::string cut(std::string_view text, std::size_t used) const {
    const auto room = room_beside(used);
    if (options_.full || utf8::display_width(text) <= room) return std::string(text);
    return std::string(text.substr(0, character_start(text, room - 1))) + "…";
  }
  static std::size_t character_start(std::string_view text, std::size_t at) {
    at = std::min(text.size(), at);
    while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
    return at;
  }

  // The signature of a child that is one changed property, or "".
  static std::string only_change(const Difference& node) {
    if (node.children.size() != 1 || node.kind != Kind::group) return "";
    const auto& field = node.children[0];
    if (!is_field(field) || field.ignored || node.ignored) return "";
    return (field.field.empty() ? field.name_a : field.field) + '\0' + field.old_value + '\0' + field.new_value;
  }

  void children(const Difference& node, const std::string& indent) {
    std::map<std::string, std::vector<const Difference*>> alike;
    if (!options_.full) {
      for (const auto& child : node.children) {
        auto key = only_change(child);
        if (!key.empty()) alike[std::move(key)].push_back(&child);
      }
    }
    std::vector<const Difference*> listed;
    std::vector<const std::vector<const Difference*>*> folded;
    for (const auto& child : node.children) {
      const auto found = alike.find(only_change(child));
      if (found == alike.end() || found->second.size() < kFoldFields) {
        listed.push_back(&child);
      } else if (found->second.front() == &child) {
        folded.push_back(&found->second);
      }
    }
    std::size_t left = listed.size() + folded.size();
    std::size_t printed = 0;
    for (const auto* child : listed) {
      --left;
      if (!options_.full && printed == kFoldedMembers && listed.size() > kFoldedMembers + 5) {
        line(indent + (folded.empty() ? "└─ " : "├─ "),
             paint("2", format("… {} more (--full lists them)", listed.size() - printed)));
        left = folded.size();
        break;
      }
      ++printed;
      item(*child, indent, left == 0);
    }
    for (const auto* group : folded) {
      --left;
      const auto& field = group->front()->children[0];
      std::string names;
      for (std::size_t i = 0; i < std::min(group->size(), kFoldedNames); ++i) {
        names += (i > 0 ? ", " : "") + shown((*group)[i]->title());
      }
      if (group->size() > kFoldedNames) names += ", …";
      line(indent + (left == 0 ? "└─ " : "├─ "),
           format("{} {} → {} {}", paint("1", field.field.empty() ? shown(field.title()) : field.field),
                  paint("31", shown(field.old_value)), paint("32", shown(field.new_value)),
                  paint("2", format("in {} members: {}", group->size(), names))));
    }
  }

  void line(const std::string& lead, const std::string& text) { out_.add(paint("2", lead) + text + "\n"); }

  static std::string_view badge(const Difference& node) {
    switch (node.kind) {
      case Kind::only_in_a:
        return "− only in a";
      case Kind::only_in_b:
        return "+ only in b";
      case Kind::renamed:
        return "→ renamed";
      case Kind::order:
        return "order";
      case Kind::error:
        return "unreadable";
      default:
        return "";
    }
  }

  void item(const Difference& node, const std::string& indent, bool last) {
    if (options_.max_bytes > 0 && out_.dropped() > 0) {
      out_.add(std::string(options_.max_bytes, ' '));  // counted as dropped
      return;
    }
    const auto lead = indent + (last ? "└─ " : "├─ ");
    const auto below = indent + (last ? "   " : "│  ");
    const auto place = place_text(node);
    if (is_field(node) && node.hunks.empty()) {
      const auto values =
          format("{} → {}", paint("31", cut(shown(node.old_value), 40)), paint("32", cut(shown(node.new_value), 40)));
      const auto note = node.ignored ? paint("2", format("  ignored: {}", node.reason)) : "";
      line(lead, format("{} {}{}{}", paint("1", shown(node.field.empty() ? node.title() : node.field)), values,
                        place.empty() ? "" : paint("2", "  at " + place), note));
    } else {
      std::string facts;
      const auto fact = [&](std::string_view text) {
        if (!text.empty()) facts += (facts.empty() ? "  " : " · ") + std::string(text);
      };
      fact(badge(node));
      fact(node.format);
      if (node.lines_added + node.lines_removed > 0)
        fact(format("+{} −{} lines", node.lines_added, node.lines_removed));
      if (node.kind != Kind::group) fact(extent_text(node));
      if (node.ignored) fact("ignored: " + node.reason);
      const auto colour = node.kind == Kind::only_in_a ? "31" : node.kind == Kind::only_in_b ? "32" : "1";
      line(lead, paint(colour, shown(node.title())) + paint("2", facts));
    }
    if (node.ignored) return;
    for (const auto& comment : node.comments) {
      if (node.kind == Kind::order && !options_.full && &comment - node.comments.data() >= 5) break;
      line(below + "  ", paint("33", shown(comment)));
    }
    const auto lines =
        is_field(node) && node.hunks.empty() && node.windows.empty() ? std::vector<DiffLine>{} : diff_lines(node);
    const auto first = is_field(node) ? std::size_t{2} : std::size_t{0};
    for (auto i = first; i < lines.size(); ++i) {
      if (!options_.full && i - first == kFoldedLines && lines.size() - i > 2) {
        line(below + "  ", paint("2", format("… {} more lines", lines.size() - i)));
        break;
      }
      diff_line(lines[i], below + "  ");
    }
    children(node, below);
  }

  // How much of a long line is left off at its beginning, so that the first word that changed is seen.
  [[nodiscard]] std::size_t left_off(const DiffLine& diff, std::size_t room) const {
    if (options_.full || diff.highlights == nullptr || utf8::display_width(diff.text) <= room) return 0;
    const std::size_t begin = diff.highlights->front().begin;
    if (diff.highlights->front().end + 1 < room) return 0;
    return character_start(diff.text, begin - std::min(begin, room / 3));
  }

  void diff_line(const DiffLine& diff, const std::string& lead) {
    const auto skipped = left_off(diff, room_beside(lead.size() + 1));
    const std::string_view start = skipped > 0 ? "…" : "";
    const auto text = cut(std::string_view(diff.text).substr(skipped), lead.size() + 1 + (skipped > 0 ? 1 : 0));
    if (diff.mark != '-' && diff.mark != '+') {
      line(lead, diff.mark == '@' ? paint("36", text) : " " + text);
      return;
    }
    const bool whole = std::string_view(diff.text).substr(skipped) == text;
    const auto seen = skipped + text.size() - (whole ? 0 : std::string_view("…").size());
    std::string marked;
    std::size_t at = 0;
    if (options_.colour && diff.highlights != nullptr) {
      for (const auto& mark : *diff.highlights) {
        const auto begin = std::clamp<std::size_t>(mark.begin, skipped, seen) - skipped;
        const auto end = std::clamp<std::size_t>(mark.end, skipped, seen) - skipped;
        if (begin >= end || begin < at) continue;
        marked += text.substr(at, begin - at) + "\x1b[7m" + text.substr(begin, end - begin) + "\x1b[27m";
        at = end;
      }
    }
    line(lead, paint(diff.mark == '-' ? "31" : "32",
                     std::string(1, diff.mark) + std::string(start) + marked + text.substr(at)));
  }

  const ReportOptions& options_;
  BoundedText& out_;
};

}  // namespace

std::string print_terminal(const Comparison& comparison, const ReportOptions& options) {
  const auto& root = comparison.root;
  const auto counts = count(root);
  const auto paint = [&](std::string_view code, std::string_view text) {
    return options.colour ? format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  };
  BoundedText out(options.max_bytes);
  std::string ending;
  if (comparison.excluded_count > 0) ending = format("{} members left out by --exclude\n", comparison.excluded_count);
  if (!comparison.differs && counts.ignored == 0 && root.empty()) {
    return paint("32", "no difference") + "\n" + ending;
  }
  out.add_always(paint("1", shown(root.name_a)) + paint("2", " ↔ ") + paint("1", shown(root.name_b)) + "\n");
  std::string facts = root.format;
  const auto place = extent_text(root);
  if (!place.empty()) facts += (facts.empty() ? "" : " · ") + place;
  if (!facts.empty()) out.add_always(paint("2", facts) + "\n");
  for (const auto& comment : root.comments) out.add_always(paint("33", shown(comment)) + "\n");
  if (root.ignored) out.add_always(paint("2", "ignored: " + root.reason) + "\n");
  Printer printer(options, out);
  if (!root.ignored) {
    const auto lines = diff_lines(root);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!options.full && i >= 200) {
        out.add(paint("2", format("… {} more lines (--full lists them)", lines.size() - i)) + "\n");
        break;
      }
      const auto& line = lines[i];
      const auto text = line.mark == '@' ? line.text : std::string(1, line.mark) + line.text;
      const auto colour = line.mark == '-' ? "31" : line.mark == '+' ? "32" : line.mark == '@' ? "36" : "0";
      out.add(paint(colour, text) + "\n");
    }
    printer.print(root);
  }
  if (out.dropped() > 0) {
    out.add_always(format("report cut at {} bytes: {} lines or more are not shown (raise --max-report)\n",
                          options.max_bytes, out.dropped()));
  }
  out.add_always(paint("1", counts_text(counts)) + "\n" + ending);
  return out.take();
}

}  // namespace chiron::compare
