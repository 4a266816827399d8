// References to actions, workflows and images, and whether they are pinned.
#include <algorithm>

#include "engines/repository/workflows.h"
#include "foundation/base/text.h"

namespace chiron::repository {

namespace {

constexpr std::string_view kDigest = "sha256:";

bool is_hexadecimal(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_digest(std::string_view text) {
  return text.starts_with(kDigest) && text.size() == kDigest.size() + 64 && is_hexadecimal(text.substr(kDigest.size()));
}

doc::Value text_or_null(std::string_view text) { return text.empty() ? doc::Value() : doc::Value(text); }

}  // namespace

bool is_commit(std::string_view text) { return (text.size() == 40 || text.size() == 64) && is_hexadecimal(text); }

doc::Value describe_uses(const File& file, const doc::Value& uses) {
  const std::string text(text::trim(text_of(&uses)));
  std::string_view rest = text;
  std::string_view kind = "action", name, path, ref;
  bool pinned = false;
  if (rest.starts_with("docker://")) {
    kind = "docker";
    rest.remove_prefix(9);
    const auto mark = rest.find('@');
    name = rest.substr(0, mark);
    ref = mark == std::string_view::npos ? std::string_view() : rest.substr(mark + 1);
    pinned = is_digest(ref);
  } else if (rest.starts_with("./") || rest.starts_with("../")) {
    kind = "local";
    path = rest;
    while (path.starts_with("./")) path.remove_prefix(2);
    pinned = true;  // it is what this commit holds
  } else {
    const auto mark = rest.rfind('@');
    ref = mark == std::string_view::npos ? std::string_view() : rest.substr(mark + 1);
    rest = rest.substr(0, mark);
    const auto slash = rest.find('/');
    const auto second = slash == std::string_view::npos ? slash : rest.find('/', slash + 1);
    name = rest.substr(0, second);
    path = second == std::string_view::npos ? std::string_view() : rest.substr(second + 1);
    if (path.starts_with(".github/workflows/") && (path.ends_with(".yml") || path.ends_with(".yaml")))
      kind = "workflow";
    pinned = is_commit(ref);
  }
  const auto line = file.rest_of_line(uses.span);
  const auto comment = line.find('#');
  doc::Value out = doc::Value::object();
  out.set("text", doc::Value(text));
  out.set("kind", doc::Value(kind));
  out.set("name", text_or_null(name));
  out.set("path", text_or_null(path));
  out.set("ref", text_or_null(ref));
  out.set("pinned", doc::Value(pinned));
  out.set("comment",
          comment == std::string_view::npos ? doc::Value() : doc::Value(text::trim(line.substr(comment + 1))));
  out.set("place", file.place(uses.span));
  return out;
}

doc::Value describe_image(const File& file, const doc::Value& image) {
  const doc::Value* named = &image;
  if (image.is_object()) {
    named = image.find("image");
    if (named == nullptr) named = image.find("name");
  }
  const auto text = text_of(named);
  if (text.empty()) return {};
  std::string_view rest = text, digest, tag;
  if (const auto mark = rest.find('@'); mark != std::string_view::npos) {
    digest = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  // A colon before the last slash is a registry's port.
  const auto colon = rest.rfind(':');
  const auto slash = rest.rfind('/');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
  }
  doc::Value out = doc::Value::object();
  out.set("text", doc::Value(text));
  out.set("name", doc::Value(rest));
  out.set("tag", text_or_null(tag));
  out.set("digest", text_or_null(digest));
  out.set("pinned", doc::Value(is_digest(digest)));
  out.set("place", file.place(named->span));
  return out;
}

}  // namespace chiron::repository
