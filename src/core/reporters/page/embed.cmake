# Writes the page's sources into one C++ file as string literals: cmake -DFOLDER=… -DOUTPUT=… -P embed.cmake
set(text "// Made from the files in page/ by embed.cmake.\n#include \"core/reporters/page/page.h\"\n\nnamespace chiron::page {\n\n")
foreach(part html css js)
  file(READ "${FOLDER}/page.${part}" content)
  string(APPEND text "const std::string_view k_${part} = R\"chiron_page(${content})chiron_page\";\n")
endforeach()
string(APPEND text "\n}  // namespace chiron::page\n")
file(WRITE "${OUTPUT}" "${text}")
