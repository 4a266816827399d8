// Syntax trees of source code, by tree-sitter: which bytes are comments, texts, functions. Engines that look into
// source code use this; a grammar is chosen by the file's extension.
//
// A tree is made for every input: where the source is wrong the parser goes on behind the mistake, and the nodes there
// say so (Node::is_error). A build without the grammars (cmake says so) knows no language.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "foundation/base/result.h"

namespace chiron::lang {

namespace limits {
inline constexpr std::size_t kSyntaxBytes = 2u << 20;             // a tree takes about ten times its source
inline constexpr std::size_t kOwnStackBytes = 16u << 10;          // what is longer is parsed on a stack of its own
inline constexpr std::size_t kStackPerByte = 256;                 // of that stack; reserved, used only where needed
inline constexpr std::uint64_t kSyntaxMicroseconds = 20'000'000;  // a parse that takes longer is given up
inline constexpr std::uint32_t kQueryMatches = 1'000'000;
}  // namespace limits

enum class Language : std::uint8_t { c, cpp, go, java, javascript, python, ruby, rust, typescript, tsx };

// By a file's extension with its dot (".py"), none where no grammar is for it.
[[nodiscard]] std::optional<Language> language_of(std::string_view extension);

// A node of a tree, valid as long as its tree. Offsets are bytes of the source.
class Node {
 public:
  // As the grammar names it: "comment", "function_definition", "(" …
  [[nodiscard]] std::string_view kind() const;
  [[nodiscard]] std::uint32_t begin() const;
  [[nodiscard]] std::uint32_t end() const;
  // Not a mere token of the grammar.
  [[nodiscard]] bool is_named() const;
  // What the parser could not make sense of, or put in where it was missing.
  [[nodiscard]] bool is_error() const;
  // Whether anything inside is an error.
  [[nodiscard]] bool has_error() const;
  [[nodiscard]] std::uint32_t child_count() const;
  [[nodiscard]] std::optional<Node> child(std::uint32_t index) const;
  // The child that the grammar gives this name: "body".
  [[nodiscard]] std::optional<Node> field(std::string_view name) const;
  [[nodiscard]] std::optional<Node> parent() const;
  bool operator==(const Node& other) const { return id_ == other.id_; }

 private:
  friend class SyntaxTree;
  friend struct Access;
  // The library's own value, spelled out so that its header stays out of this one.
  std::array<std::uint32_t, 4> context_{};
  const void* id_ = nullptr;
  const void* tree_ = nullptr;
};

class SyntaxTree {
 public:
  // Errors: "limit.size", "limit.time", "syntax.language" where the build has no such grammar. The source is not kept.
  [[nodiscard]] static Result<SyntaxTree> parse(std::string_view source, Language language);

  [[nodiscard]] Node root() const;
  // Every node in the order of the source, parents first. Where `enter` returns false its children are left out.
  void walk(const std::function<bool(const Node&)>& enter) const;
  // The nodes that a query of tree-sitter captures, `(call (identifier) @name)`, in the order of the source and each
  // once. Predicates (#eq? …) are refused. Errors: "syntax.query" with what is wrong and at which byte.
  [[nodiscard]] Result<std::vector<Node>> captures(std::string_view query) const;

  SyntaxTree(SyntaxTree&&) noexcept;
  SyntaxTree& operator=(SyntaxTree&&) noexcept;
  ~SyntaxTree();

 private:
  struct Impl;
  explicit SyntaxTree(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chiron::lang
