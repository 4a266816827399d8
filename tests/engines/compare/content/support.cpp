#include "engines/compare/content/support.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <functional>

#include "foundation/io/files.h"
#include "foundation/task/pool.h"
#include "support/support.h"

namespace chiron::test {
namespace {

class LoneContext final : public compare::Context {
 public:
  compare::Budget& budget() override { return budget_; }
  task::Pool& pool() override { return pool_; }
  void compare_part(compare::ByteView a, compare::ByteView b, std::string_view name_a, std::string_view name_b,
                    compare::Range at_a, compare::Range at_b, compare::Difference& parent) override {
    if (a == b) return;
    parent.add_child(compare::Kind::content, name_a, name_b).set_place(at_a, at_b).comments.push_back("part");
  }

 private:
  compare::Budget budget_;
  task::Pool pool_{2};
};

}  // namespace

compare::Difference compare_content(std::string_view a, std::string_view b, std::string_view name) {
  LoneContext context;
  compare::Difference out;
  out.name_a = out.name_b = std::string(name);
  out.size_a = a.size();
  out.size_b = b.size();
  for (const auto& comparer : compare::content_comparers()) {
    if (!comparer.matches(a, b, name)) continue;
    out.format = comparer.name;
    if (auto result = comparer.compare(a, b, context, out); !result) {
      out.kind = compare::Kind::error;
      out.comments.push_back(to_string(result.error()));
    }
    break;
  }
  return out;
}

const compare::Difference* find(const compare::Difference& root, const std::vector<std::string>& path) {
  const auto* node = &root;
  for (const auto& part : path) {
    const compare::Difference* next = nullptr;
    for (const auto& child : node->children) {
      if (next == nullptr && (child.name_a == part || child.name_b == part)) next = &child;
    }
    if (next == nullptr) return nullptr;
    node = next;
  }
  return node;
}

std::string dump(const compare::Difference& root) {
  std::string out;
  const std::function<void(const compare::Difference&, std::size_t)> visit = [&](const compare::Difference& node,
                                                                                 std::size_t depth) {
    const std::string pad(depth * 2, ' ');
    out += pad + node.title() + " [" + std::string(to_string(node.kind)) + (node.semantic ? "]" : ", noise]");
    if (!node.old_value.empty() || !node.new_value.empty()) out += " " + node.old_value + " -> " + node.new_value;
    if (node.has_place) {
      out += " @" + std::to_string(node.place_a.offset) + "+" + std::to_string(node.place_a.length) + "|" +
             std::to_string(node.place_b.offset) + "+" + std::to_string(node.place_b.length);
    }
    out += "\n";
    for (const auto& comment : node.comments) out += pad + "  # " + comment + "\n";
    for (const auto& hunk : node.hunks) {
      for (const auto& line : hunk.lines) {
        out += pad + "  " +
               (line.mark == compare::LineMark::same      ? " "
                : line.mark == compare::LineMark::removed ? "-"
                                                          : "+") +
               line.text + "\n";
      }
    }
    for (const auto& child : node.children) visit(child, depth + 1);
  };
  visit(root, 0);
  return out;
}

bool all_noise(const compare::Difference& root) {
  if (!root.semantic) return true;
  if (root.children.empty()) return false;
  for (const auto& child : root.children) {
    if (!all_noise(child)) return false;
  }
  return true;
}

void run_in(const std::string& folder, const std::string& command) {
  const std::string line = "cd '" + folder + "' && ( " + command + " ) >/dev/null 2>&1";
  REQUIRE_MESSAGE(std::system(line.c_str()) == 0, command);
}

std::string read(const std::string& path) {
  auto text = io::read_file(path);
  REQUIRE_MESSAGE(text.has_value(), path);
  return std::move(*text);
}

void write(const std::string& path, std::string_view content) {
  std::ofstream out(path, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  REQUIRE(out.good());
}

std::string shared_file(std::string_view name) {
  const auto folder = conformance_folder("diffoscope");
  if (!folder) return {};
  return read(*folder + "/data/" + std::string(name));
}

}  // namespace chiron::test
