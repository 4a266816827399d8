// The content comparers in the order they are tried: formats with a magic number first, then those known by their
// extension, so that a sniff by name never hides a sure one.
#include "engines/compare/content/formats.h"

namespace chiron::compare {
namespace {

constexpr Comparer kComparers[] = {
    {"ELF file", matches_elf, compare_elf},
    {"Python bytecode", matches_pyc, compare_pyc},
    {"Java class", matches_java_class, compare_java_class},
    {"PNG image", matches_png, compare_png},
    {"JPEG image", matches_jpeg, compare_jpeg},
    {"GIF image", matches_gif, compare_gif},
    {"WebAssembly module", matches_wasm, compare_wasm},
    {"Mach-O file", matches_macho, compare_macho},
    {"PE program", matches_pe, compare_pe},
    {"font", matches_font, compare_font},
    {"gettext catalogue", matches_message_catalog, compare_message_catalog},
    {"SQLite database", matches_sqlite, compare_sqlite},
    {"git index", matches_git_index, compare_git_index},
    {"certificates and keys", matches_certificate, compare_certificate},
    {"Debian control file", matches_control, compare_control},
    {"JSON document", matches_json, compare_json},
    {"YAML document", matches_yaml, compare_yaml},
    {"TOML document", matches_toml, compare_toml},
    {"HTML document", matches_html, compare_html},
    {"XML document", matches_xml, compare_xml},
};

}  // namespace

std::span<const Comparer> content_comparers() { return kComparers; }

}  // namespace chiron::compare
