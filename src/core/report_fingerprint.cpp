// Fingerprints and excerpts: both need the source of a finding, so each file is read once for both.
#include <unordered_map>

#include "core/report.h"
#include "foundation/base/utf8.h"
#include "foundation/crypto/digest.h"

namespace chiron {

namespace {

// 75 bits in 15 characters: short enough that a string keeps it without an allocation (a million findings), long enough
// that a million of them collide with a probability below 1e-10.
constexpr std::size_t kFingerprintLength = 15;

std::string to_base32(std::string_view digest) {
  constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string out;
  unsigned bits = 0;
  unsigned held = 0;
  for (std::size_t i = 0; out.size() < kFingerprintLength; ++i) {
    held = (held << 8) | static_cast<unsigned char>(digest[i]);
    bits += 8;
    while (bits >= 5 && out.size() < kFingerprintLength) {
      bits -= 5;
      out += kDigits[(held >> bits) & 31];
    }
    held &= (1U << bits) - 1;
  }
  return out;
}

std::string without_space(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != '\f' && c != '\v') out += c;
  return out;
}

std::string_view cut_line(std::string_view line) {
  if (line.size() <= kExcerptLineBytes) return line;
  std::size_t end = kExcerptLineBytes;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end);
}

std::string excerpt_of(const Place& place, const utf8::LineIndex& lines) {
  std::string out;
  auto last = place.end_line > place.line ? place.end_line : place.line;
  // A range that ends before the first character of a line does not show that line.
  if (last > place.line && place.end_column == 1) --last;
  last = std::min(last, place.line + kExcerptLines - 1);
  for (auto line = place.line; line <= last && line <= lines.line_count(); ++line) {
    if (line != place.line) out += '\n';
    out += cut_line(lines.line_text(line));
  }
  return out;
}

// The findings of one file, in report order within each gate.
class FilePass {
 public:
  FilePass(const SourceReader& sources, const std::string& file) : text_(sources ? read(sources, file) : std::nullopt) {
    if (text_) lines_.emplace(*text_);
  }

  void fill(Finding& finding) {
    const bool has_line = lines_ && finding.place.line != 0 && finding.place.line <= lines_->line_count();
    if (finding.excerpt.empty() && has_line) finding.excerpt = excerpt_of(finding.place, *lines_);
    if (!finding.fingerprint.empty()) return;
    const auto line = has_line ? without_space(lines_->line_text(finding.place.line)) : std::string();
    crypto::Hasher hasher;
    hasher.field(finding.gate);
    hasher.field(finding.rule);
    hasher.field(finding.place.file);
    hasher.field(has_line ? "line" : "message");
    hasher.field(has_line ? std::string_view(line) : std::string_view(finding.message));
    auto key = hasher.finish();
    const auto ordinal = seen_[key]++;
    if (ordinal != 0) {
      crypto::Hasher again;
      again.field(key);
      again.field(std::to_string(ordinal));
      key = again.finish();
    }
    finding.fingerprint = to_base32(key);
  }

 private:
  static std::optional<std::string> read(const SourceReader& sources, const std::string& file) {
    return file.empty() ? std::nullopt : sources(file);
  }
  std::optional<std::string> text_;
  std::optional<utf8::LineIndex> lines_;
  std::unordered_map<std::string, std::uint32_t> seen_;
};

}  // namespace

void assign_fingerprints(Report& report, const SourceReader& sources) {
  // Findings are ordered by gate and then file; several gates may speak of one file, which is still read once.
  std::vector<std::uint32_t> order;
  for (std::size_t i = 0; i < report.findings.size(); ++i) {
    const auto& finding = report.findings[i];
    if (finding.fingerprint.empty() || finding.excerpt.empty()) order.push_back(static_cast<std::uint32_t>(i));
  }
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return report.findings[a].place.file < report.findings[b].place.file;
  });
  std::optional<FilePass> pass;
  const std::string* file = nullptr;
  for (const auto i : order) {
    auto& finding = report.findings[i];
    if (file == nullptr || *file != finding.place.file) {
      pass.emplace(sources, finding.place.file);
      file = &finding.place.file;
    }
    pass->fill(finding);
  }
}

}  // namespace chiron
