// The container formats in the order they are tried. Magic numbers at fixed places first; zip is found by its end
// record and comes late; tar has only a checksum in its oldest dialect and comes last.
#include "engines/compare/container/container.h"

namespace chiron::compare {

std::span<const ContainerFormat> container_formats() {
  static constexpr ContainerFormat kFormats[] = {
      {"gzip stream", is_gzip, open_gzip},
      {"xz stream", is_xz, open_xz},
      {"zstd stream", is_zstd, open_zstd},
      {"bzip2 stream", is_bzip2, open_bzip2},
      {"lz4 stream", is_lz4, open_lz4},
      {"lzip stream", is_lzip, open_lzip},
      {"ar archive", is_ar, open_ar},
      {"cpio archive", is_cpio, open_cpio},
      {"squashfs image", is_squashfs, open_squashfs},
      {"ISO 9660 image", is_iso9660, open_iso9660},
      {"ext2/3/4 image", is_ext, open_ext},
      {"FAT image", is_fat, open_fat},
      {"zip archive", is_zip, open_zip},
      {"tar archive", is_tar, open_tar},
      {"lzma stream", is_lzma, open_lzma},
  };
  return kFormats;
}

}  // namespace chiron::compare
