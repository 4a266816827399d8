// What bytes are compared as: equal bytes as nothing at all, containers by member, known formats by meaning, the rest
// as text or bytes. Whatever happens above, the exact extents are recorded, and nothing that differs goes unreported.
#include "engines/compare/engine.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "engines/compare/byte_diff.h"
#include "engines/compare/container/folder.h"
#include "engines/compare/file_content.h"
#include "engines/compare/text_diff.h"
#include "foundation/base/format.h"
#include "foundation/io/files.h"

namespace chiron::compare {

namespace {

// Containers beyond this of unequal length get one extent between their common ends: their members say the rest, and
// compressed data have nothing in common that aligning could find.
constexpr std::uint64_t kAlignedContainer = 256 << 10;

std::string name_of(const Difference& node) { return node.name_a.empty() ? node.name_b : node.name_a; }

void span_extent(ByteView a, ByteView b, Difference& out) {
  const auto prefix = std::min({first_difference(a, b), a.size(), b.size()});
  const auto suffix = common_suffix(a, b, prefix);
  out.extents = {{{prefix, a.size() - prefix - suffix}, {prefix, b.size() - prefix - suffix}}};
  out.extent_count = 1;
  out.differing_bytes = std::max(out.extents[0].a.length, out.extents[0].b.length);
}

std::uint64_t table_bytes(const Comparer& comparer, ByteView bytes) {
  std::uint64_t marks = 0;
  for (const char mark : comparer.marks) {
    marks += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), mark));
  }
  return bytes.size() * comparer.bytes_a_byte + marks * comparer.bytes_a_mark;
}

}  // namespace

bool Scope::compare(ByteView a, ByteView b, Difference& out) {
  out.size_a = a.size();
  out.size_b = b.size();
  if (a.size() == b.size()) {
    // One pass settles equality and, where there is none, has every range that differs.
    if (a.data() == b.data()) return false;
    find_extents(a, b, &run_.pool, run_.budget, out, &run_.same);
    if (out.extent_count == 0) return false;
  }
  out.kind = out.kind == Kind::renamed ? Kind::renamed : Kind::content;
  if (run_.budget.stopped()) return true;
  const auto own_kind = out.kind;
  if (run_.filter.has_masks() && run_.filter.equal_masked(a, b)) {
    if (a.size() != b.size()) find_extents(a, b, &run_.pool, run_.budget, out);
    out.ignored = true;
    out.reason = "differs only where a mask matches";
    return true;
  }
  if (depth_ >= run_.budget.limits().depth) {
    out.comments.push_back(format("nested deeper than {}: compared as bytes", run_.budget.limits().depth));
    compare_leaf(a, b, out);
    return true;
  }
  if (compare_as_container(a, b, out)) {
    if (a.size() != b.size()) {
      if (std::max(a.size(), b.size()) <= kAlignedContainer) {
        find_extents(a, b, &run_.pool, run_.budget, out);
      } else {
        span_extent(a, b, out);
      }
    }
    if (out.children.empty()) {
      out.comments.push_back("no member differs; the bytes between or within the headers do");
      add_windows(a, b, out);
    } else if (own_kind != Kind::renamed) {
      out.kind = Kind::group;
    }
    return true;
  }
  if (compare_by_content(a, b, out)) {
    if (a.size() != b.size()) find_extents(a, b, &run_.pool, run_.budget, out);
    return true;
  }
  compare_leaf(a, b, out);
  return true;
}

// Text by lines, anything else by bytes.
void Scope::compare_leaf(ByteView a, ByteView b, Difference& out) {
  if (a.size() != b.size()) find_extents(a, b, &run_.pool, run_.budget, out);
  if (looks_like_text(a) && looks_like_text(b)) {
    if (out.format.empty()) out.format = "text";
    diff_text(a, b, run_.budget, out);
    if (!out.hunks.empty()) return;
  }
  if (out.format.empty()) out.format = "bytes";
  add_windows(a, b, out);
}

// One side is a packed stream and the other is not: what is packed is compared with the other as it is. Another side
// that is no container has to have the stream's name without the suffix; bytes of one name are a damaged stream.
bool Scope::compare_unpacked(const ContainerFormat* format_a, const ContainerFormat* format_b, ByteView a, ByteView b,
                             Difference& out) {
  for (const bool packed_a : {true, false}) {
    const auto* stream = packed_a ? format_a : format_b;
    const auto* other = packed_a ? format_b : format_a;
    if (stream == nullptr) continue;
    const auto& name = packed_a || out.name_b.empty() ? out.name_a : out.name_b;
    const auto& plain_name = packed_a && !out.name_b.empty() ? out.name_b : out.name_a;
    auto opened = stream->open(packed_a ? a : b, name, *this);
    if (!opened || !(*opened)->is_stream()) continue;
    const std::string member((*opened)->members()[0].name);
    if (other == nullptr && io::file_name(member) != io::file_name(plain_name)) continue;
    std::string damage;
    const auto content = (*opened)->open(0, *this, damage);
    if (!content || content->bytes == (packed_a ? a : b)) continue;
    out.format = stream->name;
    const auto plain_format = other == nullptr ? std::string_view("not packed") : other->name;
    out.add_field(Kind::header, "format", packed_a ? stream->name : plain_format,
                  packed_a ? plain_format : stream->name)
        ->mark_noise("the way of packing");
    for (const auto& problem : (*opened)->problems()) {
      out.comments.push_back(format("{}: {}", packed_a ? "a" : "b", problem.message));
    }
    Difference child;
    child.name_a = packed_a ? member : plain_name;
    child.name_b = packed_a ? plain_name : member;
    Scope inner(run_, depth_ + 1, path_);
    if (inner.compare(packed_a ? content->bytes : a, packed_a ? b : content->bytes, child)) {
      out.children.push_back(std::move(child));
    }
    return true;
  }
  return false;
}

bool Scope::compare_as_container(ByteView a, ByteView b, Difference& out) {
  const auto* format_a = find_container_format(a, name_of(out));
  const auto* format_b = find_container_format(b, out.name_b.empty() ? out.name_a : out.name_b);
  if (format_a == nullptr || format_b == nullptr) return compare_unpacked(format_a, format_b, a, b, out);
  std::unique_ptr<Container> opened[2];
  std::optional<Error> errors[2];
  run_.pool.for_each(2, [&](std::size_t side) {
    const auto* chosen = side == 0 ? format_a : format_b;
    const auto& name = side == 0 ? out.name_a : out.name_b;
    auto result = chosen->open(side == 0 ? a : b, name.empty() ? name_of(out) : name, *this);
    if (result) {
      opened[side] = *std::move(result);
    } else {
      errors[side] = std::move(result).error();
    }
  });
  for (int side = 0; side < 2; ++side) {
    if (!errors[side]) continue;
    out.comments.push_back(format("{} cannot be read as {}: {}", side == 0 ? "a" : "b",
                                  (side == 0 ? format_a : format_b)->name, comment_of(*errors[side])));
  }
  if (errors[0] || errors[1]) return false;
  if (format_a != format_b) {
    // Two ways of packing one content are compared by the content; other mixtures have nothing in common.
    if (opened[0]->is_stream() != opened[1]->is_stream()) return compare_unpacked(format_a, format_b, a, b, out);
    if (!opened[0]->is_stream()) {
      out.comments.push_back(format("a is a {}, b is a {}", format_a->name, format_b->name));
      return false;
    }
    out.add_field(Kind::header, "format", format_a->name, format_b->name)->mark_noise("the way of packing");
  }
  out.format = format_a->name;
  auto image_a = open_image(opened[0], *this);
  auto image_b = image_a != nullptr ? open_image(opened[1], *this) : nullptr;
  if (image_a != nullptr && image_b != nullptr) {
    out.format = format("container image in a {}", format_a->name);
    compare_containers(*image_a, *image_b, out);
    return true;
  }
  if (image_a != nullptr) {
    out.comments.push_back("a is a container image, b is not");
    opened[0] = format_a->open(a, out.name_a, *this).value_or(nullptr);
    if (opened[0] == nullptr) return false;
  }
  // A stream that decodes to itself would nest for ever; the depth limit holds, but one line says it better.
  if (opened[0]->is_stream()) {
    std::string damage;
    const auto content = opened[0]->open(0, *this, damage);
    if (content && content->bytes == a) {
      out.comments.push_back("a contains itself: compared as bytes");
      return false;
    }
  }
  compare_containers(*opened[0], *opened[1], out, format_a == format_b);
  return true;
}

bool Scope::compare_by_content(ByteView a, ByteView b, Difference& out) {
  const auto name = out.name_b.empty() ? out.name_a : out.name_b;
  for (const auto& comparer : content_comparers()) {
    if (!comparer.matches(a, b, name)) continue;
    const auto tables = table_bytes(comparer, a) + table_bytes(comparer, b);
    const MemoryLease lease(run_.budget, tables);
    if (!lease.ok()) {
      out.comments.push_back(format("not read as {}: {}", comparer.name, comment_of(memory_error("that", tables))));
      return false;
    }
    out.format = comparer.name;
    const auto done = comparer.compare(a, b, *this, out);
    if (!done) {
      out.comments.push_back(format("cannot be read as {}: {}", comparer.name, comment_of(done.error())));
      out.children.clear();
      out.format.clear();
      return false;
    }
    if (out.children.empty() && out.hunks.empty() && out.windows.empty()) {
      if (out.comments.empty()) out.comments.push_back("the parts that are read are equal");
      compare_leaf(a, b, out);
    }
    return true;
  }
  return false;
}

void Scope::compare_part(ByteView a, ByteView b, std::string_view name_a, std::string_view name_b, Range at_a,
                         Range at_b, Difference& parent) {
  Difference child;
  child.name_a = name_a;
  child.name_b = name_b;
  child.set_place(at_a, at_b);
  Scope inner(run_, depth_ + 1, path_ + "/" + std::string(name_a.empty() ? name_b : name_a));
  if (inner.compare(a, b, child)) parent.children.push_back(std::move(child));
}

namespace {

Comparison finish(Run& run, Difference root) {
  Comparison comparison;
  comparison.root = std::move(root);
  comparison.differs = run.filter.mark(comparison.root);
  comparison.excluded = std::move(run.excluded);
  comparison.excluded_count = run.excluded_count;
  comparison.compared_members = run.members;
  comparison.memory_peak = run.budget.memory_peak();
  return comparison;
}

constexpr std::string_view kNothing = "/dev/null";

// What is no file, no folder and not the null device, which stands for a file that is not there. Never opened: a pipe
// would wait for ever.
std::string special_file(const std::string& path) {
  struct stat facts{};
  if (path == kNothing || is_inherited_pipe(path) || ::stat(path.c_str(), &facts) != 0) return "";
  if (S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode)) return "";
  if (S_ISFIFO(facts.st_mode)) return "fifo";
  if (S_ISSOCK(facts.st_mode)) return "socket";
  return format("{} device {}, {}", S_ISCHR(facts.st_mode) ? "character" : "block", major(facts.st_rdev),
                minor(facts.st_rdev));
}

Result<Comparison> compare_views(Run& run, ByteView a, ByteView b, std::string_view name_a, std::string_view name_b) {
  Difference root;
  root.name_a = name_a;
  root.name_b = name_b;
  Scope scope(run, 0, "");
  if (!scope.compare(a, b, root)) root.kind = Kind::group;
  if (run.budget.stopped()) return std::unexpected(run.budget.stop_error());
  return finish(run, std::move(root));
}

}  // namespace

Result<Comparison> compare_bytes(ByteView a, ByteView b, std::string_view name_a, std::string_view name_b,
                                 const Options& options, const task::CancelToken* cancel) {
  Run run(options, TRY(Filter::create(options)), cancel);
  return compare_views(run, a, b, name_a, name_b);
}

Result<Comparison> compare_paths(const std::string& path_a, const std::string& path_b, const Options& options,
                                 const task::CancelToken* cancel) {
  for (const auto* path : {&path_a, &path_b}) {
    if (!io::exists(*path)) return std::unexpected(io::errno_error("open", *path, ENOENT));
  }
  Run run(options, TRY(Filter::create(options)), cancel);
  const bool folder_a = io::is_folder(path_a), folder_b = io::is_folder(path_b);
  const auto special_a = special_file(path_a), special_b = special_file(path_b);
  if (!folder_a && !folder_b && special_a.empty() && special_b.empty()) {
    const auto a = path_a == kNothing ? Content{} : TRY(open_file(path_a, run.budget));
    const auto b = path_b == kNothing ? Content{} : TRY(open_file(path_b, run.budget));
    run.same.learn(path_a, path_b, a.bytes, b.bytes, run.pool, run.budget);
    return compare_views(run, a.bytes, b.bytes, path_a, path_b);
  }
  Difference root;
  root.name_a = path_a;
  root.name_b = path_b;
  if (folder_a != folder_b || !special_a.empty() || !special_b.empty()) {
    const auto type = [](bool folder, const std::string& special) {
      return folder ? std::string("folder") : special.empty() ? std::string("file") : special;
    };
    root.add_field(Kind::metadata, "type", type(folder_a, special_a), type(folder_b, special_b));
    return finish(run, std::move(root));
  }
  root.format = "folder";
  Scope scope(run, 0, "");
  auto opened_a = TRY(open_folder(path_a, options.folder_times, scope));
  auto opened_b = TRY(open_folder(path_b, options.folder_times, scope));
  auto image_a = open_image(opened_a, scope);
  auto image_b = image_a != nullptr ? open_image(opened_b, scope) : nullptr;
  if (image_a != nullptr && image_b != nullptr) {
    root.format = "container image in a folder";
    scope.compare_containers(*image_a, *image_b, root);
  } else {
    if (image_a != nullptr) opened_a = TRY(open_folder(path_a, options.folder_times, scope));
    scope.compare_containers(*opened_a, *opened_b, root);
  }
  if (run.budget.stopped()) return std::unexpected(run.budget.stop_error());
  return finish(run, std::move(root));
}

}  // namespace chiron::compare
