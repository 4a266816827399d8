// EXIF: the tags of a TIFF structure as items.
#pragma once
#include <string_view>

#include "engines/compare/content/listing.h"

namespace chiron::compare {

// `bytes` begin with the TIFF header, at `base` in the artifact. Damage ends the listing early.
[[nodiscard]] Item exif_items(std::string_view bytes, std::uint64_t base);

}  // namespace chiron::compare
