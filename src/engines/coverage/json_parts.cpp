#include "engines/coverage/json_parts.h"

#include <optional>

#include "foundation/doc/json.h"

namespace chiron::coverage {

namespace {

class PartSink final : public doc::Sink {
 public:
  explicit PartSink(const std::vector<JsonPart>& parts) : parts_(parts) {}

  bool null(doc::Span span) override {
    return value([&](doc::Sink& sink) { return sink.null(span); });
  }
  bool boolean(bool b, doc::Span span) override {
    return value([&](doc::Sink& sink) { return sink.boolean(b, span); });
  }
  bool number(std::string_view text, doc::Span span) override {
    return value([&](doc::Sink& sink) { return sink.number(text, span); });
  }
  bool string(std::string_view text, doc::Span span) override {
    return value([&](doc::Sink& sink) { return sink.string(text, span); });
  }
  bool begin_array(doc::Span open) override {
    return begin([&](doc::Sink& sink) { return sink.begin_array(open); });
  }
  bool begin_object(doc::Span open) override {
    return begin([&](doc::Sink& sink) { return sink.begin_object(open); });
  }
  bool key(std::string_view name, doc::Span span) override {
    if (builder_) return builder_->key(name, span);
    keys_.back() = name;
    return true;
  }
  bool end_array(doc::Span close) override {
    return end([&](doc::Sink& sink) { return sink.end_array(close); });
  }
  bool end_object(doc::Span close) override {
    return end([&](doc::Sink& sink) { return sink.end_object(close); });
  }

 private:
  const JsonPart* match() const {
    for (const auto& part : parts_) {
      if (part.path.size() != keys_.size()) continue;
      bool same = true;
      for (std::size_t i = 0; same && i < keys_.size(); ++i) same = part.path[i] == "*" || part.path[i] == keys_[i];
      if (same) return &part;
    }
    return nullptr;
  }

  template <class Feed>
  bool value(Feed feed) {
    if (builder_) return feed(*builder_);
    const auto* part = match();
    if (part == nullptr) return true;
    doc::TreeBuilder single;
    return feed(single) && part->take(keys_.empty() ? std::string_view{} : keys_.back(), single.take());
  }

  template <class Feed>
  bool begin(Feed feed) {
    if (!builder_) {
      part_ = match();
      if (part_ == nullptr) {
        keys_.emplace_back();
        return true;
      }
      builder_.emplace();
      depth_ = 0;
    }
    ++depth_;
    return feed(*builder_);
  }

  template <class Feed>
  bool end(Feed feed) {
    if (!builder_) {
      keys_.pop_back();
      return true;
    }
    if (!feed(*builder_)) return false;
    if (--depth_ != 0) return true;
    auto tree = builder_->take();
    builder_.reset();
    return part_->take(keys_.empty() ? std::string_view{} : keys_.back(), std::move(tree));
  }

  const std::vector<JsonPart>& parts_;
  std::vector<std::string> keys_;  // of the open containers: the pending member's name, "" in arrays
  std::optional<doc::TreeBuilder> builder_;
  const JsonPart* part_ = nullptr;
  std::size_t depth_ = 0;
};

}  // namespace

Result<void> read_json_parts(std::string_view text, std::string_view file, const std::vector<JsonPart>& parts) {
  PartSink sink(parts);
  doc::ReadOptions options;
  options.file = std::string(file);
  return doc::read_json(text, sink, options);
}

}  // namespace chiron::coverage
