// SPDX 2 documents: JSON as it is, tag-value in the shape of the JSON form (SPDX 2.2 and 2.3, annexes B and C).
#include <algorithm>
#include <array>
#include <optional>

#include "engines/policy/inputs/formats.h"
#include "foundation/base/format.h"
#include "foundation/base/text.h"
#include "foundation/doc/json.h"

namespace chiron::policy::inputs {

namespace {

enum class Section { document, package, file, snippet, license };
enum class Shape { text, boolean, list, checksum, external_reference, verification_code, annotation, relationship };

struct Tag {
  std::string_view tag;
  Section section;
  std::string_view member;
  Shape shape = Shape::text;
};

constexpr std::array kTags = {
    Tag{"SPDXVersion", Section::document, "spdxVersion"},
    Tag{"DataLicense", Section::document, "dataLicense"},
    Tag{"DocumentName", Section::document, "name"},
    Tag{"DocumentNamespace", Section::document, "documentNamespace"},
    Tag{"DocumentComment", Section::document, "comment"},
    Tag{"PackageVersion", Section::package, "versionInfo"},
    Tag{"PackageFileName", Section::package, "packageFileName"},
    Tag{"PackageSupplier", Section::package, "supplier"},
    Tag{"PackageOriginator", Section::package, "originator"},
    Tag{"PackageDownloadLocation", Section::package, "downloadLocation"},
    Tag{"FilesAnalyzed", Section::package, "filesAnalyzed", Shape::boolean},
    Tag{"PackageVerificationCode", Section::package, "packageVerificationCode", Shape::verification_code},
    Tag{"PackageChecksum", Section::package, "checksums", Shape::checksum},
    Tag{"PackageHomePage", Section::package, "homepage"},
    Tag{"PackageSourceInfo", Section::package, "sourceInfo"},
    Tag{"PackageLicenseConcluded", Section::package, "licenseConcluded"},
    Tag{"PackageLicenseInfoFromFiles", Section::package, "licenseInfoFromFiles", Shape::list},
    Tag{"PackageLicenseDeclared", Section::package, "licenseDeclared"},
    Tag{"PackageLicenseComments", Section::package, "licenseComments"},
    Tag{"PackageCopyrightText", Section::package, "copyrightText"},
    Tag{"PackageSummary", Section::package, "summary"},
    Tag{"PackageDescription", Section::package, "description"},
    Tag{"PackageComment", Section::package, "comment"},
    Tag{"ExternalRef", Section::package, "externalRefs", Shape::external_reference},
    Tag{"PackageAttributionText", Section::package, "attributionTexts", Shape::list},
    Tag{"PrimaryPackagePurpose", Section::package, "primaryPackagePurpose"},
    Tag{"ReleaseDate", Section::package, "releaseDate"},
    Tag{"BuiltDate", Section::package, "builtDate"},
    Tag{"ValidUntilDate", Section::package, "validUntilDate"},
    Tag{"FileType", Section::file, "fileTypes", Shape::list},
    Tag{"FileChecksum", Section::file, "checksums", Shape::checksum},
    Tag{"LicenseConcluded", Section::file, "licenseConcluded"},
    Tag{"LicenseInfoInFile", Section::file, "licenseInfoInFiles", Shape::list},
    Tag{"LicenseComments", Section::file, "licenseComments"},
    Tag{"FileCopyrightText", Section::file, "copyrightText"},
    Tag{"FileComment", Section::file, "comment"},
    Tag{"FileNotice", Section::file, "noticeText"},
    Tag{"FileContributor", Section::file, "fileContributors", Shape::list},
    Tag{"FileAttributionText", Section::file, "attributionTexts", Shape::list},
    Tag{"SnippetFromFileSPDXID", Section::snippet, "snippetFromFile"},
    Tag{"SnippetByteRange", Section::snippet, "byteRange"},
    Tag{"SnippetLineRange", Section::snippet, "lineRange"},
    Tag{"SnippetLicenseConcluded", Section::snippet, "licenseConcluded"},
    Tag{"LicenseInfoInSnippet", Section::snippet, "licenseInfoInSnippets", Shape::list},
    Tag{"SnippetLicenseComments", Section::snippet, "licenseComments"},
    Tag{"SnippetCopyrightText", Section::snippet, "copyrightText"},
    Tag{"SnippetComment", Section::snippet, "comment"},
    Tag{"SnippetName", Section::snippet, "name"},
    Tag{"ExtractedText", Section::license, "extractedText"},
    Tag{"LicenseName", Section::license, "name"},
    Tag{"LicenseCrossReference", Section::license, "seeAlsos", Shape::list},
    Tag{"LicenseComment", Section::license, "comment"},
};

class Reader {
 public:
  Reader(std::string_view text, const ReadOptions& options) : text_(text), options_(options) {}

  Result<Value> read() {
    root_ = Value::object();
    root_.span = {0, static_cast<std::uint32_t>(text_.size())};
    current_ = &root_;
    while (at_ < text_.size()) {
      const auto begin = at_;
      const auto end = std::min(text_.find('\n', begin), text_.size());
      auto line = text::trim(text_.substr(begin, end - begin));
      at_ = end + 1;
      if (line.empty() || line.front() == '#') continue;
      if (begin == 0 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
      const auto colon = line.find(':');
      const auto start = static_cast<std::size_t>(line.data() - text_.data());
      if (colon == std::string_view::npos)
        return syntax_error("spdx", text_, options_, start, "no colon found: a line is \"Tag: value\"");
      tag_ = text::trim(line.substr(0, colon));
      std::string_view value = text::trim(line.substr(colon + 1));
      tag_span_ = {static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(start + tag_.size())};
      std::size_t value_begin =
          value.empty() ? start + line.size() : static_cast<std::size_t>(value.data() - text_.data());
      if (value.starts_with("<text>")) {
        const auto close = text_.find("</text>", value_begin);
        if (close == std::string_view::npos)
          return syntax_error("spdx", text_, options_, value_begin, "<text> without </text>");
        value_begin += 6;
        value = text_.substr(value_begin, close - value_begin);
        at_ = std::max(at_, std::min(text_.find('\n', close), text_.size()) + 1);
      }
      span_ = {static_cast<std::uint32_t>(value_begin), static_cast<std::uint32_t>(value_begin + value.size())};
      relocate();
      TRY(take(value));
    }
    if (root_.find("spdxVersion") == nullptr)
      return syntax_error("spdx", text_, options_, 0, "no SPDXVersion tag: this is no SPDX tag-value document");
    return std::move(root_);
  }

 private:
  Value text_value(std::string_view text) const { return string_value(text, span_.begin, span_.end); }
  void set(Value& object, std::string_view name, Value value) const {
    set_member(object, name, tag_span_, std::move(value));
  }
  Value& member_array(Value& object, std::string_view name) const {
    if (object.find(name) == nullptr) {
      Value array = Value::array();
      array.span = tag_span_;
      set(object, name, std::move(array));
    }
    for (auto& member : object.members())
      if (member.name == name) return member.value;
    return object;  // not reached
  }
  Value fresh() const {
    Value object = Value::object();
    object.span = tag_span_;
    return object;
  }
  // Opens a new element of a list of the document.
  void open(std::string_view list, Section section, std::string_view name_member, std::string_view value) {
    auto& array = member_array(root_, list);
    array.items().push_back(fresh());
    current_ = &array.items().back();
    section_ = section;
    set(*current_, name_member, text_value(value));
  }
  Value& creation_info() {
    if (root_.find("creationInfo") == nullptr) set(root_, "creationInfo", fresh());
    for (auto& member : root_.members())
      if (member.name == "creationInfo") return member.value;
    return root_;  // not reached
  }

  Result<void> take(std::string_view value) {
    if (tag_ == "PackageName") return open("packages", Section::package, "name", value), Result<void>();
    if (tag_ == "FileName") return open("files", Section::file, "fileName", value), Result<void>();
    if (tag_ == "SnippetSPDXID") return open("snippets", Section::snippet, "SPDXID", value), Result<void>();
    if (tag_ == "LicenseID")
      return open("hasExtractedLicensingInfos", Section::license, "licenseId", value), Result<void>();
    if (tag_ == "SPDXID") return set(*current_, "SPDXID", text_value(value)), Result<void>();
    if (tag_ == "Created") return set(creation_info(), "created", text_value(value)), Result<void>();
    if (tag_ == "Creator")
      return member_array(creation_info(), "creators").items().push_back(text_value(value)), Result<void>();
    if (tag_ == "CreatorComment") return set(creation_info(), "comment", text_value(value)), Result<void>();
    if (tag_ == "LicenseListVersion")
      return set(creation_info(), "licenseListVersion", text_value(value)), Result<void>();
    if (tag_ == "ExternalDocumentRef") return external_document(value);
    if (tag_ == "Relationship") return relationship(value);
    if (tag_ == "RelationshipComment") return annotate_last("relationships", "comment", value);
    if (tag_ == "Annotator") {
      member_array(root_, "annotations").items().push_back(fresh());
      return annotate_last("annotations", "annotator", value);
    }
    if (tag_ == "AnnotationDate") return annotate_last("annotations", "annotationDate", value);
    if (tag_ == "AnnotationComment") return annotate_last("annotations", "comment", value);
    if (tag_ == "AnnotationType") return annotate_last("annotations", "annotationType", value);
    if (tag_ == "SPDXREF") return annotate_last("annotations", "spdxElementId", value);
    if (tag_ == "ExternalRefComment") return Result<void>();
    if (tag_ == "Reviewer" || tag_ == "ReviewDate" || tag_ == "ReviewComment") return Result<void>();
    const auto* known = std::ranges::find_if(kTags, [&](const Tag& tag) {
      return tag.tag == tag_ && (tag.section == section_ || tag.section == Section::document);
    });
    if (known == kTags.end()) {
      const bool elsewhere = std::ranges::any_of(kTags, [&](const Tag& tag) { return tag.tag == tag_; });
      return syntax_error("spdx", text_, options_, tag_span_.begin,
                          elsewhere ? format("the tag {} does not belong to this part of the document", tag_)
                                    : format("received unknown tag {}", tag_));
    }
    return take_shaped(*known, known->section == Section::document ? root_ : *current_, value);
  }

  Result<void> take_shaped(const Tag& tag, Value& object, std::string_view value) {
    switch (tag.shape) {
      case Shape::boolean: {
        Value flag(value == "true");
        flag.span = span_;
        set(object, tag.member, std::move(flag));
        break;
      }
      case Shape::list:
        member_array(object, tag.member).items().push_back(text_value(value));
        break;
      case Shape::checksum: {
        const auto colon = value.find(':');
        if (colon == std::string_view::npos)
          return syntax_error("spdx", text_, options_, span_.begin, "a checksum is \"ALGORITHM: value\"");
        Value checksum = fresh();
        set(checksum, "algorithm", text_value(text::trim(value.substr(0, colon))));
        set(checksum, "checksumValue", text_value(text::trim(value.substr(colon + 1))));
        member_array(object, tag.member).items().push_back(std::move(checksum));
        break;
      }
      case Shape::external_reference: {
        const auto words = split_words(value);
        if (words.size() < 3)
          return syntax_error("spdx", text_, options_, span_.begin,
                              "an external reference is \"CATEGORY type locator\"");
        Value reference = fresh();
        set(reference, "referenceCategory", text_value(words[0]));
        set(reference, "referenceType", text_value(words[1]));
        set(reference, "referenceLocator", text_value(words[2]));
        member_array(object, tag.member).items().push_back(std::move(reference));
        break;
      }
      case Shape::verification_code: {
        Value code = fresh();
        const auto open = value.find('(');
        set(code, "packageVerificationCodeValue", text_value(text::trim(value.substr(0, open))));
        if (open != std::string_view::npos) {
          auto excluded = value.substr(open + 1, value.rfind(')') - open - 1);
          if (excluded.starts_with("excludes:")) excluded.remove_prefix(9);
          Value files = Value::array();
          files.span = span_;
          for (auto file : text::split(excluded, ',')) files.items().push_back(text_value(text::trim(file)));
          set(code, "packageVerificationCodeExcludedFiles", std::move(files));
        }
        set(object, tag.member, std::move(code));
        break;
      }
      default:
        set(object, tag.member, text_value(value));
        break;
    }
    return {};
  }

  static std::vector<std::string_view> split_words(std::string_view text) {
    std::vector<std::string_view> words;
    for (auto word : text::split(text, ' '))
      if (!text::trim(word).empty()) words.push_back(text::trim(word));
    return words;
  }

  Result<void> external_document(std::string_view value) {
    const auto words = split_words(value);
    if (words.size() < 3)
      return syntax_error("spdx", text_, options_, span_.begin,
                          "an external document reference is \"DocumentRef-ID URI ALGORITHM: checksum\"");
    Value reference = fresh();
    set(reference, "externalDocumentId", text_value(words[0]));
    set(reference, "spdxDocument", text_value(words[1]));
    Value checksum = fresh();
    auto algorithm = words[2];
    std::string_view digest = words.size() > 3 ? words[3] : std::string_view();
    if (const auto colon = algorithm.find(':'); colon != std::string_view::npos) {
      if (digest.empty()) digest = algorithm.substr(colon + 1);
      algorithm = algorithm.substr(0, colon);
    }
    set(checksum, "algorithm", text_value(algorithm));
    set(checksum, "checksumValue", text_value(digest));
    set(reference, "checksum", std::move(checksum));
    member_array(root_, "externalDocumentRefs").items().push_back(std::move(reference));
    return {};
  }

  Result<void> relationship(std::string_view value) {
    const auto words = split_words(value);
    if (words.size() != 3)
      return syntax_error("spdx", text_, options_, span_.begin, "a relationship is \"SPDXRef-A TYPE SPDXRef-B\"");
    Value relation = fresh();
    set(relation, "spdxElementId", text_value(words[0]));
    set(relation, "relationshipType", text_value(words[1]));
    set(relation, "relatedSpdxElement", text_value(words[2]));
    member_array(root_, "relationships").items().push_back(std::move(relation));
    return {};
  }
  Result<void> annotate_last(std::string_view list, std::string_view name, std::string_view value) {
    auto& array = member_array(root_, list);
    if (array.items().empty())
      return syntax_error("spdx", text_, options_, tag_span_.begin, format("{} without what it speaks of", tag_));
    set(array.items().back(), name, text_value(value));
    return {};
  }
  // The document's member list may have grown and moved: the open element is found again.
  void relocate() {
    constexpr std::string_view kListOf[] = {"", "packages", "files", "snippets", "hasExtractedLicensingInfos"};
    if (section_ == Section::document) {
      current_ = &root_;
      return;
    }
    current_ = &member_array(root_, kListOf[static_cast<std::size_t>(section_)]).items().back();
  }

  std::string_view text_;
  const ReadOptions& options_;
  std::size_t at_ = 0;
  Value root_;
  Value* current_ = nullptr;
  Section section_ = Section::document;
  std::string_view tag_;
  Span tag_span_, span_;
};

}  // namespace

Result<Value> read_spdx(std::string_view text, const ReadOptions& options) {
  if (text::trim(text).starts_with('{')) return doc::parse_json(text, options);
  return Reader(text, options).read();
}

}  // namespace chiron::policy::inputs
