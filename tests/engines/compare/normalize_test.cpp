// Normalising: two builds become equal, a second time changes nothing, contents survive, refusals are clear.
#include "engines/compare/normalize/normalize.h"

#include <doctest/doctest.h>

#include "engines/compare/build.h"
#include "engines/compare/compare.h"
#include "engines/compare/report/report.h"
#include "foundation/base/format.h"
#include "foundation/crypto/digest.h"

namespace chiron::compare {

using test::Item;

namespace {

Normalized normal(std::string_view bytes, std::string_view name, std::int64_t time = 0) {
  Budget budget;
  NormalizeOptions options;
  options.time = time;
  auto result = normalize(bytes, name, options, budget);
  if (!result) FAIL(to_string(result.error()));
  return *std::move(result);
}

std::vector<Item> items(std::uint32_t mtime) {
  return {{"b/second", "two\n", 0755, mtime}, {"a/first", "one\n", 0640, mtime}};
}

}  // namespace

TEST_CASE("two builds that differ by noise become one, and stay") {
  const auto late = items(1'700'000'000), early = items(1'600'000'000);
  struct Case {
    std::string a, b;
    std::string_view name;
  };
  for (const auto& each :
       {Case{test::make_tar(late), test::make_tar(early), "x.tar"},
        Case{test::make_zip(late, 6), test::make_zip(early, 6), "x.whl"},
        Case{test::make_ar(late), test::make_ar(early), "x.a"},
        Case{test::make_cpio(late), test::make_cpio(early), "x.cpio"},
        Case{test::make_gzip(test::make_tar(late), 7), test::make_gzip(test::make_tar(early), 9), "x.tar.gz"}}) {
    CAPTURE(each.name);
    const auto a = normal(each.a, each.name), b = normal(each.b, each.name);
    CHECK(a.bytes == b.bytes);
    CHECK(a.bytes != each.a);
    CHECK_FALSE(a.changes.empty());
    const auto again = normal(a.bytes, each.name);
    CHECK(again.bytes == a.bytes);
    CHECK(again.changes.empty());
    // Nothing of the meaning changed but modes: the contents are the same, member by member.
    const auto compared = compare_bytes(each.a, a.bytes, each.name, each.name, {});
    REQUIRE(compared.has_value());
    CHECK(count(compared->root).content == 0);
    CHECK(count(compared->root).only_in_a == 0);
    CHECK(count(compared->root).only_in_b == 0);
  }
}

TEST_CASE("refusals name the member and the reason") {
  Budget budget;
  const auto unsafe = normalize(test::make_tar({{"../outside", "x"}}), "x.tar", {}, budget);
  REQUIRE_FALSE(unsafe.has_value());
  CHECK(unsafe.error().code == "normalize.unsafe");
  const auto cut = normalize(test::make_tar(items(0)).substr(0, 600), "x.tar", {}, budget);
  REQUIRE_FALSE(cut.has_value());
  CHECK(cut.error().code == "normalize.damaged");
  CHECK(normal("just text", "x.txt").bytes == "just text");
}

TEST_CASE("names of one file in a cpio share a number, and the last carries the content") {
  auto archive = test::make_cpio({{"z", ""}, {"a", "shared\n"}, {"m", "alone\n"}});
  // The first two become one file: equal inodes (all are 1), two links.
  for (const auto* name : {"z", "a"}) {
    const auto at = archive.find(std::string(name) + '\0', 0) - 110;
    archive.replace(at + 38, 8, "00000002");
  }
  const auto made = normal(archive, "x.cpio");
  CHECK(normal(made.bytes, "x.cpio").bytes == made.bytes);
  const auto header = [&](std::string_view name) {
    return made.bytes.substr(made.bytes.find(std::string(name) + '\0') - 110, 110);
  };
  CHECK(header("a").substr(6, 8) == header("z").substr(6, 8));
  CHECK(header("a").substr(54, 8) == "00000000");
  CHECK(header("z").substr(54, 8) == "00000007");
  CHECK(header("z").substr(38, 8) == "00000002");
  CHECK(header("m").substr(6, 8) != header("z").substr(6, 8));
}

TEST_CASE("bytecode, catalogues and pictures") {
  const std::string pyc = std::string("\xa7\x0d\x0d\x0a\0\0\0\0\x01\x02\x03\x04\x05\0\0\0code", 20);
  const auto bytecode = normal(pyc, "m.pyc");
  CHECK(bytecode.bytes.substr(8, 4) == std::string(4, '\0'));
  CHECK(bytecode.bytes.substr(12) == pyc.substr(12));
  const auto catalogue = normal("msgid \"\"\nmsgstr \"POT-Creation-Date: 2026-11-22 10:00+0100\\n\"\n", "x.po");
  CHECK(catalogue.bytes == "msgid \"\"\nmsgstr \"POT-Creation-Date: 1970-01-01 00:00+0000\\n\"\n");
  const std::string png = std::string("\x89PNG\r\n\x1a\n", 8) + std::string("\0\0\0\7tIME", 8) + "1234567" + "crc4" +
                          std::string("\0\0\0\0IEND\xae\x42\x60\x82", 12);
  const auto picture = normal(png, "x.png");
  CHECK(picture.bytes == png.substr(0, 8) + png.substr(png.size() - 12));
  REQUIRE(picture.changes.size() == 1);
}

TEST_CASE("container images are compared by layer and merged") {
  const auto image = [](std::string_view message, bool hides) {
    const auto base = test::make_tar({{"etc/motd", "hello\n"}, {"etc/other", "stays\n"}});
    std::vector<Item> top{{"app/run", std::string(message)}};
    if (hides) top.push_back({"etc/.wh.motd", ""});
    std::vector<Item> blobs;
    const auto blob = [&](const std::string& bytes) {
      const auto digest = crypto::sha256_hex(bytes);
      blobs.push_back({"blobs/sha256/" + digest, bytes});
      return "sha256:" + digest;
    };
    const auto layer1 = blob(test::make_gzip(base)), layer2 = blob(test::make_gzip(test::make_tar(top)));
    const auto configuration = blob(R"({"architecture":"amd64"})");
    const auto manifest =
        blob(format(R"({{"config":{{"digest":"{}"}},"layers":[{{"digest":"{}"}},{{"digest":"{}"}}]}})", configuration,
                    layer1, layer2));
    blobs.push_back({"oci-layout", R"({"imageLayoutVersion":"1.0.0"})"});
    blobs.push_back({"index.json", format(R"({{"manifests":[{{"digest":"{}"}}]}})", manifest)});
    return test::make_tar(blobs);
  };
  const auto compared = compare_bytes(image("run 1\n", false), image("run 2\n", true), "a.tar", "b.tar", {});
  REQUIRE(compared.has_value());
  const auto text = print_text(*compared, {});
  CAPTURE(text);
  CHECK(text.find("├── layer 2") != std::string::npos);
  CHECK(text.find("├── layer 1") == std::string::npos);
  CHECK(text.find("├── merged view") != std::string::npos);
  CHECK(text.find("etc/motd") != std::string::npos);
  CHECK(text.find("etc/other") == std::string::npos);
  CHECK(text.find("renamed") == std::string::npos);
}

}  // namespace chiron::compare
