#include "foundation/lang/syntax.h"

#include <pthread.h>
#include <tree_sitter/api.h>

#include <algorithm>

#include "foundation/base/format.h"

#ifdef CHIRON_HAS_GRAMMARS
extern "C" {
const TSLanguage* tree_sitter_c();
const TSLanguage* tree_sitter_cpp();
const TSLanguage* tree_sitter_go();
const TSLanguage* tree_sitter_java();
const TSLanguage* tree_sitter_javascript();
const TSLanguage* tree_sitter_python();
const TSLanguage* tree_sitter_ruby();
const TSLanguage* tree_sitter_rust();
const TSLanguage* tree_sitter_typescript();
const TSLanguage* tree_sitter_tsx();
}
#endif

namespace chiron::lang {

namespace {

struct Known {
  Language language;
  std::string_view extensions;  // between spaces
};

constexpr Known kLanguages[] = {
    {Language::c, " .c "},
    {Language::cpp, " .h .cc .cpp .cp .cxx .c++ .hh .hpp .hxx .h++ "},
    {Language::go, " .go "},
    {Language::java, " .java .bsh "},
    {Language::javascript, " .js .jsx .mjs .cjs "},
    {Language::python, " .py .py3 .pyw .pyi .rpy .cpy .rpyw "},
    {Language::ruby, " .rb .gemspec "},
    {Language::rust, " .rs "},
    {Language::typescript, " .ts .mts .cts "},
    {Language::tsx, " .tsx "},
};

const TSLanguage* grammar_of([[maybe_unused]] Language language) {
#ifdef CHIRON_HAS_GRAMMARS
  switch (language) {
    case Language::c:
      return tree_sitter_c();
    case Language::cpp:
      return tree_sitter_cpp();
    case Language::go:
      return tree_sitter_go();
    case Language::java:
      return tree_sitter_java();
    case Language::javascript:
      return tree_sitter_javascript();
    case Language::python:
      return tree_sitter_python();
    case Language::ruby:
      return tree_sitter_ruby();
    case Language::rust:
      return tree_sitter_rust();
    case Language::typescript:
      return tree_sitter_typescript();
    case Language::tsx:
      return tree_sitter_tsx();
  }
#endif
  return nullptr;
}

template <auto release>
struct Release {
  template <class T>
  void operator()(T* value) const {
    release(value);
  }
};
using Parser = std::unique_ptr<TSParser, Release<ts_parser_delete>>;
using Tree = std::unique_ptr<TSTree, Release<ts_tree_delete>>;
using Query = std::unique_ptr<TSQuery, Release<ts_query_delete>>;
using QueryCursor = std::unique_ptr<TSQueryCursor, Release<ts_query_cursor_delete>>;

struct Job {
  TSParser* parser;
  std::string_view source;
  TSTree* tree = nullptr;
};

void* run_job(void* data) {
  auto& job = *static_cast<Job*>(data);
  job.tree =
      ts_parser_parse_string(job.parser, nullptr, job.source.data(), static_cast<std::uint32_t>(job.source.size()));
  return nullptr;
}

// The library compares trees by recursion, as deep as a list in the source is long: a source of some length gets a
// thread with a stack for it.
TSTree* parse_on_stack(TSParser* parser, std::string_view source) {
  Job job{parser, source};
  if (source.size() <= limits::kOwnStackBytes) {
    run_job(&job);
    return job.tree;
  }
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return nullptr;
  pthread_t thread{};
  const bool started = pthread_attr_setstacksize(&attributes, limits::kSyntaxBytes * limits::kStackPerByte) == 0 &&
                       pthread_create(&thread, &attributes, run_job, &job) == 0;
  pthread_attr_destroy(&attributes);
  if (started) pthread_join(thread, nullptr);
  return job.tree;
}

}  // namespace

// Between the library's nodes and ours.
struct Access {
  static TSNode raw(const Node& node) {
    return {{node.context_[0], node.context_[1], node.context_[2], node.context_[3]},
            node.id_,
            static_cast<const TSTree*>(node.tree_)};
  }
  static Node wrap(const TSNode& raw) {
    Node node;
    std::copy(std::begin(raw.context), std::end(raw.context), node.context_.begin());
    node.id_ = raw.id;
    node.tree_ = raw.tree;
    return node;
  }
  static std::optional<Node> wrap_present(const TSNode& raw) {
    return ts_node_is_null(raw) ? std::nullopt : std::optional<Node>(wrap(raw));
  }
};

std::optional<Language> language_of(std::string_view extension) {
  if (extension.size() < 2) return std::nullopt;
  const auto padded = " " + std::string(extension) + " ";
  for (const auto& known : kLanguages) {
    if (known.extensions.find(padded) == std::string_view::npos) continue;
    return grammar_of(known.language) == nullptr ? std::nullopt : std::optional<Language>(known.language);
  }
  return std::nullopt;
}

std::string_view Node::kind() const { return ts_node_type(Access::raw(*this)); }
std::uint32_t Node::begin() const { return ts_node_start_byte(Access::raw(*this)); }
std::uint32_t Node::end() const { return ts_node_end_byte(Access::raw(*this)); }
bool Node::is_named() const { return ts_node_is_named(Access::raw(*this)); }
bool Node::is_error() const {
  const auto raw = Access::raw(*this);
  return ts_node_is_missing(raw) || ts_node_symbol(raw) == static_cast<TSSymbol>(-1);
}
bool Node::has_error() const { return ts_node_has_error(Access::raw(*this)); }
std::uint32_t Node::child_count() const { return ts_node_child_count(Access::raw(*this)); }
std::optional<Node> Node::child(std::uint32_t index) const {
  return Access::wrap_present(ts_node_child(Access::raw(*this), index));
}
std::optional<Node> Node::field(std::string_view name) const {
  return Access::wrap_present(
      ts_node_child_by_field_name(Access::raw(*this), name.data(), static_cast<std::uint32_t>(name.size())));
}
std::optional<Node> Node::parent() const { return Access::wrap_present(ts_node_parent(Access::raw(*this))); }

struct SyntaxTree::Impl {
  Tree tree;
  const TSLanguage* grammar = nullptr;
};

SyntaxTree::SyntaxTree(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SyntaxTree::SyntaxTree(SyntaxTree&&) noexcept = default;
SyntaxTree& SyntaxTree::operator=(SyntaxTree&&) noexcept = default;
SyntaxTree::~SyntaxTree() = default;

Result<SyntaxTree> SyntaxTree::parse(std::string_view source, Language language) {
  const auto* grammar = grammar_of(language);
  if (grammar == nullptr) {
    return fail(ErrorKind::unsupported, "syntax.language", "this build has no grammar for the language");
  }
  if (source.size() > limits::kSyntaxBytes) {
    return fail(ErrorKind::limit, "limit.size",
                format("source code of {} bytes is too large for a tree", source.size()));
  }
  const Parser parser(ts_parser_new());
  if (!ts_parser_set_language(parser.get(), grammar)) {
    return fail(ErrorKind::internal, "syntax.language", "the grammar is of another version than the parser");
  }
  ts_parser_set_timeout_micros(parser.get(), limits::kSyntaxMicroseconds);
  auto impl = std::make_unique<Impl>();
  impl->grammar = grammar;
  impl->tree.reset(parse_on_stack(parser.get(), source));
  if (impl->tree == nullptr) {
    return fail(ErrorKind::limit, "limit.time", "source code whose syntax tree takes too long to make");
  }
  return SyntaxTree(std::move(impl));
}

Node SyntaxTree::root() const { return Access::wrap(ts_tree_root_node(impl_->tree.get())); }

void SyntaxTree::walk(const std::function<bool(const Node&)>& enter) const {
  auto cursor = ts_tree_cursor_new(ts_tree_root_node(impl_->tree.get()));
  bool more = true;
  while (more) {
    if (enter(Access::wrap(ts_tree_cursor_current_node(&cursor))) && ts_tree_cursor_goto_first_child(&cursor)) continue;
    while (!ts_tree_cursor_goto_next_sibling(&cursor)) {
      if (!ts_tree_cursor_goto_parent(&cursor)) {
        more = false;
        break;
      }
    }
  }
  ts_tree_cursor_delete(&cursor);
}

Result<std::vector<Node>> SyntaxTree::captures(std::string_view text) const {
  std::uint32_t at = 0;
  TSQueryError wrong = TSQueryErrorNone;
  const Query query(ts_query_new(impl_->grammar, text.data(), static_cast<std::uint32_t>(text.size()), &at, &wrong));
  if (query == nullptr) {
    constexpr const char* kWhat[] = {"",
                                     "its syntax is wrong",
                                     "no such node",
                                     "no such field",
                                     "no such capture",
                                     "it can match nothing",
                                     "no such grammar"};
    return fail(ErrorKind::config, "syntax.query",
                format("the query '{}' cannot be read at byte {}: {}", text, at, kWhat[wrong]));
  }
  for (std::uint32_t i = 0; i < ts_query_pattern_count(query.get()); ++i) {
    std::uint32_t steps = 0;
    ts_query_predicates_for_pattern(query.get(), i, &steps);
    if (steps != 0) {
      return fail(ErrorKind::unsupported, "syntax.query", format("the query '{}' has a predicate", text));
    }
  }
  const QueryCursor cursor(ts_query_cursor_new());
  ts_query_cursor_exec(cursor.get(), query.get(), ts_tree_root_node(impl_->tree.get()));
  std::vector<Node> found;
  TSQueryMatch match{};
  for (std::uint32_t count = 0; ts_query_cursor_next_match(cursor.get(), &match); ++count) {
    if (count >= limits::kQueryMatches) {
      return fail(ErrorKind::limit, "limit.count", format("the query '{}' matches too often", text));
    }
    for (std::uint16_t i = 0; i < match.capture_count; ++i) found.push_back(Access::wrap(match.captures[i].node));
  }
  std::stable_sort(found.begin(), found.end(), [](const Node& a, const Node& b) {
    return a.begin() != b.begin() ? a.begin() < b.begin() : a.end() > b.end();
  });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace chiron::lang
