// Plain text: paragraphs, and the whole file as one block.
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

Document one_block(std::string_view source, const ReadOptions& options, bool running) {
  Document document;
  Block block;
  block.scope = "text" + options.meta_scope + options.extension;
  block.parent = block.scope;
  block.content = take(source, 0, static_cast<std::uint32_t>(source.size()), options);
  block.running = running;
  document.summary = block.content;
  document.blocks.push_back(std::move(block));
  return document;
}

}  // namespace

Result<Document> read_plain(std::string_view source, const ReadOptions& options) {
  return one_block(source, options, true);
}

Result<Document> read_lines(std::string_view source, const ReadOptions& options) {
  return one_block(source, options, false);
}

}  // namespace chiron::prose
