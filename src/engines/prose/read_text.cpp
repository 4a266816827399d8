// Plain text: paragraphs, and the whole file as one block; lines that are controls stand between blocks.
#include "engines/prose/reader.h"

namespace chiron::prose {

namespace {

// Text as it stands, with the ignored tokens masked and the ignored blocks left out.
MappedText take(std::string_view source, std::uint32_t begin, std::uint32_t end, const ReadOptions& options) {
  MappedText text;
  auto token = options.ignored_tokens.begin();
  auto block = options.ignored_blocks.begin();
  while (begin < end) {
    while (token != options.ignored_tokens.end() && token->end <= begin) ++token;
    while (block != options.ignored_blocks.end() && block->end <= begin) ++block;
    auto stop = end;
    if (block != options.ignored_blocks.end() && block->begin <= begin) {
      stop = std::min(end, block->end);
    } else if (token != options.ignored_tokens.end() && token->begin <= begin) {
      stop = std::min(end, token->end);
      text.append_masked(source, begin, stop, '*');
    } else {
      if (token != options.ignored_tokens.end()) stop = std::min(stop, token->begin);
      if (block != options.ignored_blocks.end()) stop = std::min(stop, block->begin);
      text.append(source, begin, stop);
    }
    begin = stop;
  }
  return text;
}

// Blocks between the lines that are controls; without any, one.
Document blocks_of(std::string_view source, const ReadOptions& options, bool running) {
  Document document;
  const auto add = [&](std::size_t begin, std::size_t end) {
    Block block;
    block.scope = "text" + options.meta_scope + options.extension;
    block.parent = block.scope;
    block.content = take(source, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), options);
    block.running = running;
    document.summary.append(block.content);
    document.blocks.push_back(std::move(block));
  };
  std::size_t begin = 0;
  for (auto at = source.find("vale "); at != std::string_view::npos; at = source.find("vale ", at)) {
    const auto line_begin = source.rfind('\n', at) + 1;  // npos + 1 is 0
    const auto line_end = std::min(source.find('\n', at), source.size());
    at = line_end;
    const auto control = control_of(source.substr(line_begin, line_end - line_begin), options.control_marks);
    if (control.empty()) continue;
    if (line_begin > begin) add(begin, line_begin);
    document.controls.push_back({document.blocks.size(), std::string(control)});
    begin = std::min(line_end + 1, source.size());
  }
  if (begin < source.size() || document.blocks.empty()) add(begin, source.size());
  return document;
}

}  // namespace

Result<Document> read_plain(std::string_view source, const ReadOptions& options) {
  return blocks_of(source, options, true);
}

Result<Document> read_lines(std::string_view source, const ReadOptions& options) {
  return blocks_of(source, options, false);
}

}  // namespace chiron::prose
