// A compressed stream as a container with one member: decoded when it is opened, since only the decoder knows where
// the stream ends and whether another follows.
#pragma once
#include "engines/compare/codec/codec.h"
#include "engines/compare/container/container.h"

namespace chiron::compare {

class Stream final : public Container {
 public:
  // `name` is what the content is called: the artifact's name without the format's suffix.
  Stream(ByteView bytes, std::string_view name, Budget& budget)
      : Container(bytes), store_(std::make_shared<Store>(budget)) {
    members_.push_back({names_.keep(name), MemberType::file, false, {}, {}, {0, bytes.size()}, {}, 0});
  }

  [[nodiscard]] bool is_stream() const override { return true; }
  [[nodiscard]] std::vector<Field> fields() const override { return fields_; }
  [[nodiscard]] Result<Content> open(std::size_t, Context&, std::string&) const override {
    return Content{store_->bytes(), store_};
  }
  [[nodiscard]] std::string producer(std::size_t, ByteView content) const override;

  // For the readers that build one.
  [[nodiscard]] Store& store() { return *store_; }
  // One more frame, member or skipped part, against the limits.
  [[nodiscard]] Result<void> count_part(Context& context) { return count_member(context); }
  // A field of the stream that is read as number `index` (later ones carry their number in the name).
  void add_field(std::size_t index, std::string_view name, std::string value, Range place, std::string_view noise,
                 bool derived = false);
  void add_region(std::string name, Range place) { regions_.push_back({std::move(name), place}); }
  // Keeps damage as a problem; limits and cancellation are errors of the whole.
  [[nodiscard]] Result<void> note(const Decoded& decoded, std::uint64_t base);
  void note_problem(std::uint64_t offset, std::string message) { add_problem(offset, std::move(message)); }
  void set_data(Range data, bool deflate) { members_[0].data = data, deflate_ = deflate; }
  void set_name(std::string_view name) { members_[0].name = names_.keep(name); }

 private:
  NameArena names_;
  std::shared_ptr<Store> store_;  // shared with the Content handed out, which may outlive the container
  std::vector<Field> fields_;
  bool deflate_ = false;  // one raw deflate stream, whose maker can be guessed
};

// The name of what a file of that name holds: "a/x.tar.gz" -> "x.tar", "x.tgz" -> "x.tar".
[[nodiscard]] std::string stream_content_name(std::string_view name, std::string_view suffix);

}  // namespace chiron::compare
