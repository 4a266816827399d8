// The patterns of every public rule, run rule by rule on every block of the shared pages: what the program finds is
// what PCRE2 finds when it is called directly, without anything before or behind it. Rules whose
// pattern PCRE2 refuses as it stands (look-behind of variable length) are counted, and so are searches beyond the
// steps.
#include <doctest/doctest.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <filesystem>
#include <memory>

#include "engines/prose/lint.h"
#include "foundation/io/files.h"
#include "support/support.h"

using namespace chiron;
using namespace chiron::prose;

namespace {

struct Free {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
using Code = std::unique_ptr<pcre2_code, Free>;
using Data = std::unique_ptr<pcre2_match_data, Free>;
using Found = std::vector<std::pair<std::size_t, std::size_t>>;

Code compile(const std::string& text) {
  int error = 0;
  PCRE2_SIZE at = 0;
  return Code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), PCRE2_UTF | PCRE2_UCP, &error, &at,
                            nullptr));
}

// The plain loop of PCRE2's documentation: after an empty match, an anchored search for one that is not, else a step.
Found find_all(const pcre2_code* code, pcre2_match_data* data, std::string_view text) {
  Found found;
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  for (std::size_t at = 0; at <= text.size();) {
    if (pcre2_match(code, subject, text.size(), at, 0, data, nullptr) < 0) break;
    const auto* bounds = pcre2_get_ovector_pointer(data);
    found.emplace_back(bounds[0], bounds[1]);
    at = bounds[1];
    if (bounds[1] > bounds[0]) continue;
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  }
  return found;
}

struct Styles {
  io::TemporaryFolder folder;
  std::unique_ptr<Linter> linter;
};

// All rules of all public styles, but those whose dictionaries are not part of the collection.
Styles load(const std::filesystem::path& shared) {
  auto folder = io::TemporaryFolder::create("prose-pcre2");
  REQUIRE(folder);
  std::string styles;
  std::string off;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(shared)) {
    if (entry.path().extension() != ".yml") continue;
    const auto content = io::read_file(entry.path().string(), 1 << 20);
    REQUIRE(content);
    if (content->find("extends:") == std::string::npos) continue;
    const auto style = entry.path().parent_path();
    const auto name = style.filename().string();
    if (!std::filesystem::exists(folder->path() + "/" + name)) {
      std::filesystem::create_directory_symlink(style, folder->path() + "/" + name);
      styles += (styles.empty() ? "" : ", ") + name;
    }
    if (content->find("dicpath:") != std::string::npos) off += name + "." + entry.path().stem().string() + " = NO\n";
  }
  REQUIRE(io::write_file_atomic(
      folder->path() + "/.vale.ini",
      "StylesPath = " + folder->path() + "\nMinAlertLevel = suggestion\n[*]\nBasedOnStyles = " + styles + "\n" + off));
  ConfigRequest request;
  request.path = folder->path() + "/.vale.ini";
  request.ignore_global = true;
  auto config = read_config(request);
  REQUIRE(config);
  auto linter = Linter::create(*std::move(config));
  INFO((linter ? "" : to_string(linter.error())));
  REQUIRE(linter);
  return {*std::move(folder), *std::move(linter)};
}

}  // namespace

TEST_CASE("every public rule matches what PCRE2 matches, rule by rule") {
  const auto given = test::conformance_folder("vale-styles");
  if (!given) return;
  const auto shared = std::filesystem::absolute(*given);
  const auto pages = shared.parent_path().parent_path() / "bench" / "prose";
  if (!std::filesystem::is_directory(pages)) return;
  const auto styles = load(shared);
  std::vector<std::string> texts;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(pages)) {
    if (entry.path().extension() != ".md") continue;
    const auto content = io::read_file(entry.path().string(), 1 << 24);
    REQUIRE(content);
    const auto document = styles.linter->read("page.md", *content);
    REQUIRE(document);
    for (const auto& block : document->blocks) texts.push_back(block.content.text());
  }
  CHECK(texts.size() > 5000);
  std::size_t compared = 0;
  std::size_t refused = 0;
  std::size_t matches = 0;
  for (const auto& rule : styles.linter->rules()) {
    const auto& kind = rule->head.extends;
    if (kind == "metric" || kind == "script" || rule->pattern_text().empty()) continue;
    const auto own = Pattern::compile(rule->pattern_text());
    INFO(rule->head.name);
    REQUIRE(own);
    const auto code = compile(rule->pattern_text());
    if (code == nullptr) {
      ++refused;
      continue;
    }
    const Data data(pcre2_match_data_create_from_pattern(code.get(), nullptr));
    pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);
    ++compared;
    std::size_t different = 0;
    for (const auto& text : texts) {
      const auto expected = find_all(code.get(), data.get(), text);
      Found found;
      own->each(text, [&](const Match& match) { found.emplace_back(match.begin(), match.end()); });
      matches += expected.size();
      if (found != expected && ++different == 1) {
        CAPTURE(text);
        CHECK(found == expected);
      }
    }
    CHECK(different == 0);
  }
  MESSAGE(compared << " rules compared, " << refused << " that PCRE2 refuses as they stand, " << matches << " matches");
  CHECK(compared > 200);
  CHECK(refused < 12);
  CHECK(matches > 10000);
}
