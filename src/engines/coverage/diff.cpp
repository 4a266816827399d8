#include "engines/coverage/diff.h"

#include <algorithm>
#include <optional>

#include "engines/coverage/limits.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"

namespace chiron::coverage {

namespace {

// FNV-1a with a final mix: only equality within one diff is asked of it.
std::uint64_t content_hash(std::string_view line) {
  line = text::trim(line);
  std::uint64_t hash = 1469598103934665603ULL;
  bool says_something = false;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    says_something |=
        (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte >= 0x80;
    hash = (hash ^ byte) * 1099511628211ULL;
  }
  if (!says_something) return 0;
  hash ^= hash >> 29;
  return hash == 0 ? 1 : hash;
}

// Takes a number from the front.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] >= '0' && text[length] <= '9') ++length;
  const auto value = text::parse_unsigned(text.substr(0, length));
  if (!value || *value > limits::kLineNumber) return std::nullopt;
  text.remove_prefix(length);
  return static_cast<std::uint32_t>(*value);
}

struct Range {
  std::uint32_t start = 0;
  std::uint32_t count = 1;
};

// "-12,3" or "+12"
std::optional<Range> take_range(std::string_view& text, char sign) {
  text = text.substr(std::min(text.find_first_not_of(' '), text.size()));
  if (!text.starts_with(sign)) return std::nullopt;
  text.remove_prefix(1);
  Range range;
  const auto start = take_number(text);
  if (!start) return std::nullopt;
  range.start = *start;
  if (text.starts_with(',')) {
    text.remove_prefix(1);
    const auto count = take_number(text);
    if (!count) return std::nullopt;
    range.count = *count;
  }
  return range;
}

// The first path of a header line: quoted to its closing quote, else everything up to `stop`.
std::size_t quoted_length(std::string_view text) {
  if (!text.starts_with('"')) return 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      return i + 1;
  }
  return 0;
}

// "b/src/x" -> "src/x" for git's prefixes (a b, and with diff.mnemonicPrefix c i w o).
std::string_view without_prefix(std::string_view path) {
  if (path.size() > 2 && path[1] == '/' && std::string_view("abciwo").find(path[0]) != std::string_view::npos)
    path.remove_prefix(2);
  return path;
}

// Path of a "---" or "+++" line: a tab and a time stamp may follow.
std::string side_path(std::string_view spelt) {
  if (const auto quoted = quoted_length(spelt); quoted != 0) return unquote_path(spelt.substr(0, quoted));
  return std::string(spelt.substr(0, spelt.find('\t')));
}

}  // namespace

std::string unquote_path(std::string_view spelt) {
  if (spelt.size() < 2 || !spelt.starts_with('"') || !spelt.ends_with('"')) return std::string(spelt);
  spelt = spelt.substr(1, spelt.size() - 2);
  std::string path;
  for (std::size_t i = 0; i < spelt.size(); ++i) {
    if (spelt[i] != '\\' || i + 1 == spelt.size()) {
      path += spelt[i];
      continue;
    }
    const char c = spelt[++i];
    if (c >= '0' && c <= '7') {
      unsigned value = 0;
      std::size_t digits = 0;
      while (digits < 3 && i < spelt.size() && spelt[i] >= '0' && spelt[i] <= '7') {
        value = value * 8 + static_cast<unsigned>(spelt[i] - '0');
        ++i, ++digits;
      }
      --i;
      path += static_cast<char>(value & 0xff);
      continue;
    }
    switch (c) {
      case 'a':
        path += '\a';
        break;
      case 'b':
        path += '\b';
        break;
      case 'f':
        path += '\f';
        break;
      case 'n':
        path += '\n';
        break;
      case 'r':
        path += '\r';
        break;
      case 't':
        path += '\t';
        break;
      case 'v':
        path += '\v';
        break;
      default:
        path += c;
    }
  }
  return path;
}

DiffReader::DiffReader(std::string name) : name_(std::move(name)) {}

std::unexpected<Error> DiffReader::wrong(std::string what) const {
  Place place{name_};
  place.line = static_cast<std::uint32_t>(std::min<std::uint64_t>(line_number_, 0xffffffff));
  return fail(ErrorKind::input, "diff.syntax", std::move(what), std::move(place),
              "give the output of `git diff`, or of `diff -u`");
}

Result<void> DiffReader::feed(std::string_view piece) {
  while (!piece.empty()) {
    const auto end = piece.find('\n');
    if (end == std::string_view::npos) {
      if (partial_.size() + piece.size() > 64 * limits::kTextLineBytes) {
        ++line_number_;
        return fail(ErrorKind::limit, "limit.diff", "a line of the diff is too long", Place{name_});
      }
      partial_ += piece;
      return {};
    }
    if (partial_.empty()) {
      TRY(take_line(piece.substr(0, end)));
    } else {
      partial_ += piece.substr(0, end);
      TRY(take_line(partial_));
      partial_.clear();
    }
    piece.remove_prefix(end + 1);
  }
  return {};
}

Result<std::vector<DiffFile>> DiffReader::finish() {
  if (!partial_.empty()) TRY(take_line(partial_));
  partial_.clear();
  return std::move(files_);
}

Result<void> DiffReader::take_line(std::string_view line) {
  ++line_number_;
  saw_text_ = saw_text_ || !text::trim(line).empty();
  if (state_ == State::hunk) {
    const bool counted = old_left_ != 0 || new_left_ != 0;
    const char first = line.empty() ? ' ' : line[0];
    // What begins a hunk's line cannot begin a header; a "--- x" after the counted lines of a plain diff can.
    const bool inside = first == ' ' || first == '+' || first == '\\' || first == '\r' ||
                        (first == '-' && (counted || git_ || !line.starts_with("--- ")));
    if (inside) return take_hunk_line(line);
    state_ = State::header;
  }
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("diff --git ") || line.starts_with("diff --cc ") || line.starts_with("diff --combined "))
    return start_file(line);
  if (line.starts_with("@@")) return take_hunk_header(line);
  if (line.starts_with("--- ") && !git_) {
    plain_old_ = side_path(line.substr(4));
    return {};
  }
  if (line.starts_with("+++ ") && !git_) return start_plain_file(line);
  if (state_ == State::header && git_) take_header_line(line);
  return {};
}

Result<void> DiffReader::start_file(std::string_view header) {
  if (files_.size() >= limits::kFiles)
    return fail(ErrorKind::limit, "limit.diff", format("more than {} files in the diff", limits::kFiles), Place{name_});
  git_ = true;
  named_by_ = false;
  state_ = State::header;
  parents_ = 1;
  std::string old_path, new_path;
  if (!header.starts_with("diff --git ")) {
    const auto path = header.substr(header.find(' ', 5) + 1);
    old_path = new_path = quoted_length(path) != 0 ? unquote_path(path) : std::string(path);
  } else {
    auto paths = header.substr(11);
    if (const auto quoted = quoted_length(paths); quoted != 0) {
      old_path = unquote_path(paths.substr(0, quoted));
      paths.remove_prefix(std::min(quoted + 1, paths.size()));
      new_path = unquote_path(paths);
    } else if (paths.ends_with('"') && paths.find(" \"") != std::string_view::npos) {
      const auto gap = paths.find(" \"");
      old_path = paths.substr(0, gap);
      new_path = unquote_path(paths.substr(gap + 1));
    } else {
      // Unquoted names may hold spaces; unless the file was renamed (then other lines say so) both halves are alike.
      const auto middle = paths.size() / 2;
      const auto left = paths.substr(0, middle);
      const auto right = paths.substr(std::min(middle + 1, paths.size()));
      if (paths.size() % 2 == 1 && paths[middle] == ' ' && without_prefix(left) == without_prefix(right)) {
        old_path = left;
        new_path = right;
      } else {
        auto gap = paths.find(" b/");
        if (gap == std::string_view::npos) gap = paths.find(' ');
        if (gap == std::string_view::npos) return wrong("the header names no two paths");
        old_path = paths.substr(0, gap);
        new_path = paths.substr(gap + 1);
      }
    }
    old_path = without_prefix(old_path);
    new_path = without_prefix(new_path);
  }
  if (new_path.empty()) return wrong("the header names no path");
  if (new_path.size() > limits::kPathBytes || old_path.size() > limits::kPathBytes) return wrong("a path is too long");
  auto& added = files_.emplace_back();
  added.path = std::move(new_path);
  added.old_path = std::move(old_path);
  return {};
}

Result<void> DiffReader::start_plain_file(std::string_view line) {
  if (files_.size() >= limits::kFiles)
    return fail(ErrorKind::limit, "limit.diff", format("more than {} files in the diff", limits::kFiles), Place{name_});
  state_ = State::header;
  parents_ = 1;
  auto path = side_path(line.substr(4));
  if (path.empty()) return wrong("the header names no path");
  auto& added = files_.emplace_back();
  added.added = plain_old_ == "/dev/null";
  added.deleted = path == "/dev/null";
  if (added.deleted) path = plain_old_;
  // Prefixes only where both sides have them: "a/x" may be a real folder.
  const bool prefixed = plain_old_.starts_with("a/") || added.added;
  if (path.starts_with(added.deleted ? "a/" : "b/") && prefixed) path.erase(0, 2);
  added.old_path = plain_old_.starts_with("a/") ? plain_old_.substr(2) : plain_old_;
  added.path = std::move(path);
  return {};
}

void DiffReader::take_header_line(std::string_view line) {
  if (files_.empty()) return;
  if (line.starts_with("new file mode"))
    file().added = true;
  else if (line.starts_with("deleted file mode"))
    file().deleted = true;
  else if (line.starts_with("Binary files ") || line.starts_with("GIT binary patch"))
    file().binary = true;
  else if (line.starts_with("rename to ") || line.starts_with("copy to ")) {
    file().path = unquote_path(line.substr(line.find(" to ") + 4));
    named_by_ = true;
  } else if (line.starts_with("rename from ") || line.starts_with("copy from ")) {
    file().old_path = unquote_path(line.substr(line.find(" from ") + 6));
  } else if (line.starts_with("+++ ") && !named_by_) {
    const auto path = side_path(line.substr(4));
    if (path != "/dev/null" && !path.empty() && path.size() <= limits::kPathBytes) {
      // Only where the two lines agree on a prefix is it one.
      if (path != file().path) file().path = without_prefix(path);
    } else {
      file().deleted = true;
    }
  }
}

Result<void> DiffReader::take_hunk_header(std::string_view line) {
  if (files_.empty()) return wrong("a hunk without a file");
  std::size_t ats = 0;
  while (ats < line.size() && line[ats] == '@') ++ats;
  parents_ = static_cast<unsigned>(std::min<std::size_t>(ats - 1, 64));
  auto rest = line.substr(ats);
  old_left_ = 0;
  std::optional<Range> old_range;
  for (unsigned i = 0; i < parents_; ++i) {
    const auto range = take_range(rest, '-');
    if (!range) return wrong("the hunk's old range cannot be read");
    if (!old_range) old_range = range;
    old_left_ = std::max<std::uint64_t>(old_left_, range->count);
  }
  const auto new_range = take_range(rest, '+');
  if (!new_range || !old_range) return wrong("the hunk's new range cannot be read");
  new_left_ = new_range->count;
  old_at_ = old_range->start;
  new_at_ = new_range->start;
  removed_at_ = new_range->start;
  state_ = State::hunk;
  return {};
}

Result<void> DiffReader::take_hunk_line(std::string_view line) {
  if (line.starts_with('\\')) return {};  // "\ No newline at end of file"
  bool added = false, removed = false;
  for (unsigned i = 0; i < parents_ && i < line.size(); ++i) {
    added |= line[i] == '+';
    removed |= line[i] == '-';
  }
  const auto content = line.substr(std::min<std::size_t>(parents_, line.size()));
  if ((added || removed) && ++lines_kept_ > limits::kDiffLines) {
    return fail(ErrorKind::limit, "limit.diff", format("more than {} changed lines", limits::kDiffLines), Place{name_});
  }
  if (new_at_ >= limits::kLineNumber || old_at_ >= limits::kLineNumber) return wrong("line numbers are too large");
  if (removed) {
    file().removed_lines.push_back({old_at_++, content_hash(content)});
    file().removed_at_new.push_back(removed_at_++);
    if (old_left_ != 0) --old_left_;
    return {};
  }
  if (added) {
    file().new_lines.push_back({new_at_++, content_hash(content)});
    if (new_left_ != 0) --new_left_;
    return {};
  }
  ++old_at_, ++new_at_, ++removed_at_;
  if (old_left_ != 0) --old_left_;
  if (new_left_ != 0) --new_left_;
  return {};
}

Result<std::vector<DiffFile>> read_diff(std::string_view text, std::string name) {
  DiffReader reader(std::move(name));
  TRY(reader.feed(text));
  return reader.finish();
}

}  // namespace chiron::coverage
