// What the compiler makes and the machine runs: the tree of documents below `data`, and a register bytecode per rule.
//
// Code is a list of operations in which everything behind a generating operation (a scan) is run once for each of its
// results; an operation that does not hold goes back to the last generator. So a body is a straight line, and the
// machine recurses only where the source nests loops. A compiled program never changes: threads share it.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engines/policy/ast.h"
#include "engines/policy/builtin.h"
#include "engines/policy/value.h"

namespace chiron::policy {

// A register (>= 0) or a constant of the code block (< 0: constants[~operand]).
using Operand = std::int32_t;

enum class Opcode : std::uint8_t {
  move,           // a <- b
  load_input,     // a <- input
  load_base,      // a <- data at the constant path `list`, base documents only
  load_extent,    // a <- the documents below tree node `target`, not yet evaluated
  materialise,    // a <- a, evaluated where it is an extent
  call_rule,      // a <- the document of leaf `target`
  call_function,  // a <- leaf `target` applied to `list`
  builtin,        // a <- built-in `target` applied to `list`
  dot,            // a <- b[c]
  dot_name,       // a <- b[c] with c a constant string, cached at `cache`
  scan,           // for every key a and value b of c; `extra` - 1 is its join, where it has one
  scan_eager,     // as scan, over members whose value's path leads somewhere: never used for plain values
  equal,          // holds where a == b
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,  // hold where they do
  truth,          // holds where a is defined and not false
  compare,        // a <- b OP c, `extra` an Opcode of the six above
  check_array,    // holds where a is an array of `extra` elements
  check_object,   // holds where a is an object of `extra` members
  make_array,
  make_set,
  make_object,  // a <- from `list`
  member,       // a <- b in c; member_key: a <- (key `extra` operand, b) in c
  member_key,
  member_test,  // holds where b in c
  negation,     // holds where the code up to `end` has no result
  every,        // for every key a, value b of c the code up to `end` has a result
  collect_array,
  collect_set,
  collect_object,  // a <- results of the code up to `end`
  yield_element,   // a into the innermost collection
  yield_pair,      // a: b into the innermost collection
  succeed,         // one result is enough: back to negation, every …
  with_enter,      // replace documents (`list`: pairs of target and value) until with_exit
  with_exit,
  walk,             // for every path a and value b below c
  template_string,  // a <- parts `list`: strings, and sets of no or one value
  print,            // parts `list` as template_string
  yield_value,      // the rule's value is a; `extra` 1: it cannot be another
  yield_member,     // a into the partial set
  yield_entry,      // path `list`, value a (`extra` 1: into the set there) into the partial object
  yield_row,        // query: one answer, registers `list`
  metadata          // a test's case, path `list`, was tried
};

struct TreeNode;
struct Leaf;

struct Op {
  Opcode code;
  std::uint8_t extra8 = 0;
  std::uint16_t count = 0;  // entries in `list`
  Operand a = 0, b = 0, c = 0;
  std::uint32_t list = 0;  // offset in Code::lists
  std::uint32_t end = 0;   // position behind a nested block
  std::uint32_t extra = 0;
  std::uint32_t cache = 0;  // inline cache, or call cache
  std::uint32_t place = 0;  // offset in the module's text
  const void* target = nullptr;
};

// A scan that an equality behind it narrows (join.h): the value at `path` in the element is compared with `other`,
// which the operations `before` (positions in Code::ops, behind the scan) give without the element.
struct Join {
  std::vector<Value> path;
  Operand other = 0;
  std::vector<std::uint32_t> before;
};

struct Code {
  std::vector<Op> ops;
  std::vector<Operand> lists;
  std::vector<Value> constants;
  std::vector<Join> joins;
  std::uint32_t registers = 0;

  void clear() {
    ops.clear();
    lists.clear();
    constants.clear();
    joins.clear();
    registers = 0;
  }
};

// `with` targets, resolved.
struct WithTarget {
  enum class Kind : std::uint8_t { input, data, builtin, function } kind = Kind::input;
  std::vector<Value> path;  // below input or data
  const Builtin* builtin = nullptr;
  const Leaf* function = nullptr;
  // What replaces a function: another function, or (both null) the value computed.
  const Builtin* by_builtin = nullptr;
  const Leaf* by_function = nullptr;
};

struct RuleCode {
  const ast::Rule* rule = nullptr;
  Code code;
  bool constant_value = false;                       // the head's value is a constant
  Value value;                                       // that constant
  std::vector<std::unique_ptr<RuleCode>> otherwise;  // the else chain, in order (only on the first)
  const ast::Module* module = nullptr;
};

enum class LeafKind : std::uint8_t { complete, function, partial_set, partial_object };

struct RuleIndex;

// A virtual document: all the rules of one path.
struct Leaf {
  Leaf();
  ~Leaf();
  LeafKind kind = LeafKind::complete;
  std::uint32_t number = 0;  // position in Program::leaves: the slot in a result cache
  std::uint32_t arity = 0;   // functions
  const TreeNode* node = nullptr;
  std::vector<std::unique_ptr<RuleCode>> rules;
  std::unique_ptr<RuleCode> fallback;  // the default rule
  bool one_value = false;              // every rule has the same constant value: the first result ends the search
  std::unique_ptr<RuleIndex> index;
  std::vector<const ast::Rule*> sources;  // all rules, defaults too
};

struct TreeNode {
  Value key;
  TreeNode* parent = nullptr;
  std::vector<Value> path;  // below data
  std::unordered_map<Value, std::unique_ptr<TreeNode>, Hash> children;
  std::vector<TreeNode*> ordered;  // children in the order of their keys
  std::unique_ptr<Leaf> leaf;
  std::vector<const ast::Rule*> rules;  // while compiling
  [[nodiscard]] TreeNode* child(Value at) const {
    const auto found = children.find(at);
    return found == children.end() ? nullptr : found->second.get();
  }
};

// What a rule or a query reads, kept where the compiler is asked to.
struct References {
  struct Reference {
    bool root_input = false, is_call = false;
    std::vector<Value> path;          // up to the first variable
    std::vector<const Leaf*> leaves;  // the documents it may reach
  };
  std::vector<Reference> list;
};

struct Program {
  Store store;  // constants and tree keys
  TreeNode root;
  std::vector<Leaf*> leaves;
  std::vector<std::unique_ptr<WithTarget>> with_targets;
  std::unordered_map<const Leaf*, References> references;
  std::uint32_t inline_caches = 0;
  std::uint32_t call_caches = 0;
  std::vector<const ast::Module*> modules;
};

}  // namespace chiron::policy
