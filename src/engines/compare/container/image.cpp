// Container images: OCI image layouts and docker's "save" archives. Their blobs are named by digest, so by name every
// changed blob would be a new one; here they are named by their part in the image: manifest, configuration, layer N.
// Beside the layers stands the merged view: the file system they make together, whiteouts applied.
#include <map>

#include "engines/compare/container/container.h"
#include "foundation/base/format.h"
#include "foundation/doc/json.h"

namespace chiron::compare {

namespace {

constexpr std::size_t kMaxLayers = 1000;
constexpr std::uint64_t kMaxManifest = 16 * limits::kMiB;

// The layers' files by path, each read from the archive of its own layer.
class Merged final : public Container {
 public:
  Merged() : Container({}) {}
  [[nodiscard]] bool ordered() const override { return false; }

  void add_layer(std::unique_ptr<Container> tar, std::shared_ptr<const void> owner) {
    owners_.push_back(std::move(owner));
    const auto& members = tar->members();
    for (std::uint32_t i = 0; i < members.size(); ++i) {
      auto path = members[i].name;
      while (path.starts_with("./")) path.remove_prefix(2);
      while (path.ends_with('/')) path.remove_suffix(1);
      if (path.empty()) continue;
      const auto slash = path.rfind('/');
      const auto folder = slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
      const auto base = slash == std::string_view::npos ? path : path.substr(slash + 1);
      const auto below = [](std::string_view parent) { return std::string(parent) + (parent.empty() ? "" : "/"); };
      if (base == ".wh..wh..opq") {
        erase_lower(below(folder), static_cast<std::uint32_t>(layers_.size()));
      } else if (base.starts_with(".wh.")) {
        const auto gone = below(folder) + std::string(base.substr(4));
        tree_.erase(gone);
        erase_lower(gone + "/", static_cast<std::uint32_t>(layers_.size()));
      } else {
        tree_[std::string(path)] = {static_cast<std::uint32_t>(layers_.size()), i};
      }
    }
    layers_.push_back(std::move(tar));
  }

  void finish() {
    for (const auto& [path, source] : tree_) {
      auto member = layers_[source.layer]->members()[source.member];
      member.name = path;
      member.stored = false;
      member.header = member.entry = member.data = member.padding = {};
      members_.push_back(member);
      sources_.push_back(source);
    }
  }

  [[nodiscard]] Result<Content> open(std::size_t member, Context& context, std::string& damage) const override {
    return layers_[sources_[member].layer]->open(sources_[member].member, context, damage);
  }
  [[nodiscard]] bool same_stored(std::size_t member, const Container& other, std::size_t other_member) const override {
    const auto* merged = dynamic_cast<const Merged*>(&other);
    if (merged == nullptr) return false;
    const auto& mine = sources_[member];
    const auto& theirs = merged->sources_[other_member];
    return layers_[mine.layer]->same_stored(mine.member, *merged->layers_[theirs.layer], theirs.member);
  }
  [[nodiscard]] bool same_framing(std::size_t member, const Container& other, std::size_t other_member) const override {
    const auto* merged = dynamic_cast<const Merged*>(&other);
    if (merged == nullptr) return false;
    const auto& mine = sources_[member];
    const auto& theirs = merged->sources_[other_member];
    return layers_[mine.layer]->same_framing(mine.member, *merged->layers_[theirs.layer], theirs.member);
  }
  [[nodiscard]] std::vector<Field> member_fields(std::size_t member) const override {
    auto fields = layers_[sources_[member].layer]->member_fields(sources_[member].member);
    for (auto& field : fields) {
      field.place = {};
      // How the layer's archive writes it down is told at the layer.
      if (field.kind == Kind::header) field.silent = true;
    }
    fields.push_back(
        {"layer", std::to_string(sources_[member].layer + 1), {}, Kind::metadata, "which layer brings it"});
    return fields;
  }

 private:
  struct Source {
    std::uint32_t layer = 0, member = 0;
  };
  // An opaque folder hides what lower layers have in it, not what its own layer brings.
  void erase_lower(const std::string& prefix, std::uint32_t layer) {
    for (auto entry = tree_.lower_bound(prefix); entry != tree_.end() && entry->first.starts_with(prefix);) {
      entry = entry->second.layer < layer ? tree_.erase(entry) : std::next(entry);
    }
  }

  std::vector<std::shared_ptr<const void>> owners_;  // the decoded layers
  std::vector<std::unique_ptr<Container>> layers_;
  std::map<std::string, Source> tree_;
  std::vector<Source> sources_;
};

class Image final : public Container {
 public:
  explicit Image(std::unique_ptr<Container> archive) : Container(archive->bytes()), archive_(std::move(archive)) {
    for (std::uint32_t i = 0; i < archive_->members().size(); ++i) {
      auto name = archive_->members()[i].name;
      while (name.starts_with("./")) name.remove_prefix(2);
      by_name_.emplace(name, i);
    }
  }

  // False where this is no image that is understood; the archive can be taken back.
  bool read(Context& context) {
    const bool layout = by_name_.contains("oci-layout") && by_name_.contains("index.json");
    const bool docker = by_name_.contains("manifest.json");
    if (!layout && !docker) return false;
    if (docker) {
      const auto list = json(context, "manifest.json");
      if (!list || !list->is_array()) return layout && read_layout(context);
      for (const auto& image : list->items()) {
        const auto* layers = image.find("Layers");
        if (layers == nullptr || !layers->is_array() || !image.find("Config")) return false;
        take(std::string(image.string_or("Config", "")), part("configuration"));
        for (const auto& layer : layers->items()) {
          if (layer.is_string()) add_layer(layer.as_string());
        }
        ++images_;
      }
      if (images_ == 0) return false;
    } else if (!read_layout(context)) {
      return false;
    }
    add_rest();
    make_merged(context);
    return true;
  }

  [[nodiscard]] std::unique_ptr<Container> take_back() { return std::move(archive_); }
  [[nodiscard]] const Container* merged() const { return merged_.get(); }

  [[nodiscard]] Result<Content> open(std::size_t member, Context& context, std::string& damage) const override {
    return archive_->open(sources_[member], context, damage);
  }
  [[nodiscard]] bool same_stored(std::size_t member, const Container& other, std::size_t other_member) const override {
    const auto& image = static_cast<const Image&>(other);
    return archive_->same_stored(sources_[member], *image.archive_, image.sources_[other_member]);
  }
  [[nodiscard]] bool same_framing(std::size_t member, const Container& other, std::size_t other_member) const override {
    const auto& image = static_cast<const Image&>(other);
    return archive_->same_framing(sources_[member], *image.archive_, image.sources_[other_member]);
  }
  [[nodiscard]] std::vector<Field> member_fields(std::size_t member) const override {
    auto fields = archive_->member_fields(sources_[member]);
    // The blob's name in the archive is its digest, which the content explains.
    const auto& source = archive_->members()[sources_[member]];
    fields.push_back({"name in the archive", std::string(source.name), source.header, Kind::header, {}, false, true});
    return fields;
  }

 private:
  std::optional<doc::Value> json(Context& context, std::string_view name) {
    const auto entry = by_name_.find(name);
    if (entry == by_name_.end()) return std::nullopt;
    std::string damage;
    const auto content = archive_->open(entry->second, context, damage);
    if (!content || content->bytes.size() > kMaxManifest) return std::nullopt;
    auto value = doc::parse_json(content->bytes);
    if (!value) return std::nullopt;
    return *std::move(value);
  }

  // "sha256:abc…" -> "blobs/sha256/abc…"
  static std::string blob_path(std::string_view digest) {
    const auto colon = digest.find(':');
    if (colon == std::string_view::npos) return "";
    return format("blobs/{}/{}", digest.substr(0, colon), digest.substr(colon + 1));
  }

  bool read_layout(Context& context) {
    const auto index = json(context, "index.json");
    if (!index) return false;
    // An index may name further indexes (one a platform); the queue is bounded, so a loop of them ends.
    std::vector<doc::Value> queue{*index};
    for (std::size_t at = 0; at < queue.size() && queue.size() < kMaxLayers; ++at) {
      const auto* manifests = queue[at].find("manifests");
      if (manifests == nullptr || !manifests->is_array()) continue;
      for (const auto& reference : std::vector<doc::Value>(manifests->items())) {
        const auto path = blob_path(reference.string_or("digest", ""));
        auto manifest = json(context, path);
        if (!manifest) continue;
        if (manifest->find("manifests") != nullptr) {
          take(path, part(format("index {}", queue.size())));
          queue.push_back(std::move(*manifest));
          continue;
        }
        const auto* layers = manifest->find("layers");
        const auto* configuration = manifest->find("config");
        if (layers == nullptr || !layers->is_array()) continue;
        take(path, part("manifest"));
        if (configuration != nullptr) take(blob_path(configuration->string_or("digest", "")), part("configuration"));
        for (const auto& layer : layers->items()) add_layer(blob_path(layer.string_or("digest", "")));
        ++images_;
        if (images_ >= kMaxLayers) return true;
      }
    }
    return images_ > 0;
  }

  // Parts of later images carry the image's number.
  std::string part(std::string_view name) const {
    return images_ == 0 ? std::string(name) : format("image {} {}", images_ + 1, name);
  }

  bool take(const std::string& path, const std::string& name) {
    const auto entry = by_name_.find(path);
    if (entry == by_name_.end()) return false;
    auto member = archive_->members()[entry->second];
    member.name = names_.keep(name);
    members_.push_back(member);
    sources_.push_back(entry->second);
    taken_.emplace(entry->second);
    return true;
  }

  void add_layer(const std::string& path) {
    if (layers_ >= kMaxLayers) return;
    ++layers_;
    if (take(path, part(format("layer {}", layers_))) && images_ == 0) layer_members_.push_back(sources_.back());
  }

  void add_rest() {
    for (std::uint32_t i = 0; i < archive_->members().size(); ++i) {
      if (taken_.contains(i)) continue;
      members_.push_back(archive_->members()[i]);
      sources_.push_back(i);
    }
  }

  void make_merged(Context& context) {
    auto merged = std::make_unique<Merged>();
    for (const auto layer : layer_members_) {
      std::string damage;
      auto content = archive_->open(layer, context, damage);
      if (!content) return;
      // A layer is a tar, plain or within one stream.
      auto bytes = content->bytes;
      std::shared_ptr<const void> owner = content->owner;
      const auto* found = find_container_format(bytes, "layer");
      if (found == nullptr) return;
      auto opened = found->open(bytes, "layer", context);
      if (!opened) return;
      if ((*opened)->is_stream()) {
        const auto decoded = (*opened)->open(0, context, damage);
        if (!decoded || !is_tar(decoded->bytes, "layer.tar")) return;
        owner = decoded->owner;
        opened = open_tar(decoded->bytes, "layer.tar", context);
        if (!opened) return;
      }
      merged->add_layer(*std::move(opened), std::move(owner));
    }
    merged->finish();
    merged_ = std::move(merged);
  }

  std::unique_ptr<Container> archive_;
  std::map<std::string, std::uint32_t, std::less<>> by_name_;
  std::vector<std::uint32_t> sources_;
  std::set<std::uint32_t> taken_;
  std::vector<std::uint32_t> layer_members_;
  std::unique_ptr<Merged> merged_;
  NameArena names_;
  std::size_t images_ = 0, layers_ = 0;
};

}  // namespace

std::unique_ptr<Container> open_image(std::unique_ptr<Container>& archive, Context& context) {
  if (archive->is_stream()) return nullptr;
  auto image = std::make_unique<Image>(std::move(archive));
  if (image->read(context)) return image;
  archive = image->take_back();
  return nullptr;
}

const Container* merged_view(const Container& image) {
  const auto* known = dynamic_cast<const Image*>(&image);
  return known == nullptr ? nullptr : known->merged();
}

}  // namespace chiron::compare
