// The content comparers in the order they are tried: formats with a magic number first, then those known by their
// extension, so that a sniff by name never hides a sure one.
#include "engines/compare/content/formats.h"

namespace chiron::compare {
namespace {

constexpr Comparer kComparers[] = {
    {"ELF file", matches_elf, compare_elf, 4},
    {"Python bytecode", matches_pyc, compare_pyc, 30},
    {"Java class", matches_java_class, compare_java_class, 20},
    {"PNG image", matches_png, compare_png, 2},
    {"JPEG image", matches_jpeg, compare_jpeg, 2},
    {"GIF image", matches_gif, compare_gif, 2},
    {"WebAssembly module", matches_wasm, compare_wasm, 8},
    {"Mach-O file", matches_macho, compare_macho, 4},
    {"PE program", matches_pe, compare_pe, 2},
    {"font", matches_font, compare_font, 2},
    {"RPM package", matches_rpm, compare_rpm, 16},
    {"gettext catalogue", matches_message_catalog, compare_message_catalog, 10},
    {"SQLite database", matches_sqlite, compare_sqlite},
    {"git index", matches_git_index, compare_git_index, 8},
    {"certificates and keys", matches_certificate, compare_certificate, 8},
    {"OpenSSH public keys", matches_ssh_key, compare_ssh_key, 8},
    {"Debian control file", matches_control, compare_control, 2, 200, "\n"},
    {"JSON document", matches_json, compare_json, 1, 100, ",:[{"},
    {"YAML document", matches_yaml, compare_yaml, 1, 144, "\n,:[{"},
    {"TOML document", matches_toml, compare_toml, 2, 160, "\n,="},
    {"HTML document", matches_html, compare_html, 2, 300, "<"},
    {"XML document", matches_xml, compare_xml, 2, 300, "<"},
};

}  // namespace

std::span<const Comparer> content_comparers() { return kComparers; }

}  // namespace chiron::compare
