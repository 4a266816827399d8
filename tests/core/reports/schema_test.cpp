// The JSON forms against their schemas: SARIF's from OASIS (shared conformance data), ours from docs/reference.
#include <doctest/doctest.h>
#include <rapidjson/document.h>

#include <valijson/adapters/rapidjson_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "core/reporters/reporter.h"
#include "foundation/io/files.h"
#include "sample.h"
#include "support/support.h"

namespace chiron::test {

namespace {

// "" where `text` is valid, else what is wrong.
std::string validate(const std::string& schema_text, const std::string& text) {
  rapidjson::Document schema_document, document;
  schema_document.Parse(schema_text.c_str(), schema_text.size());
  document.Parse(text.c_str(), text.size());
  if (schema_document.HasParseError() || document.HasParseError()) return "not JSON";
  valijson::Schema schema;
  valijson::SchemaParser parser;
  valijson::adapters::RapidJsonAdapter schema_adapter(schema_document);
  parser.populateSchema(schema_adapter, schema);
  valijson::Validator validator;
  valijson::ValidationResults results;
  valijson::adapters::RapidJsonAdapter adapter(document);
  if (validator.validate(schema, adapter, &results)) return "";
  std::string problems = "invalid";
  valijson::ValidationResults::Error error;
  while (results.popError(error)) {
    problems += "\n";
    for (const auto& part : error.context) problems += part;
    problems += ": " + error.description;
  }
  return problems;
}

std::string print(ReportFormat format, const Report& report, const ReporterOptions& options) {
  std::string text;
  io::StringOutput output(text);
  const auto timeline = sample_timeline();
  REQUIRE(write_report(format, report, &timeline, output, options));
  REQUIRE(output.finish());
  return text;
}

}  // namespace

TEST_CASE("SARIF is valid by the OASIS schema") {
  const auto folder = conformance_folder("sarif");
  if (!folder) {
    MESSAGE("the shared conformance data is absent: SARIF schema not checked");
    return;
  }
  const auto schema = io::read_file(*folder + "/sarif-schema-2.1.0.json").value();
  const auto before = sample_before();
  ReporterOptions options;
  options.before = &before;
  CHECK(validate(schema, print(ReportFormat::sarif, sample_report(), {})) == "");
  CHECK(validate(schema, print(ReportFormat::sarif, sample_report(), options)) == "");
  CHECK(validate(schema, print(ReportFormat::sarif, Report{}, {})) == "");
  // The check can fail.
  CHECK(validate(schema, "{\"version\":\"2.1.0\",\"runs\":[{}]}") != "");
}

TEST_CASE("the canonical report is valid by its own schema") {
  const auto schema = io::read_file(source_folder() + "/docs/reference/report.schema.json").value();
  CHECK(validate(schema, print(ReportFormat::json, sample_report(), {})) == "");
  CHECK(validate(schema, print(ReportFormat::json, sample_before(), {})) == "");
  CHECK(validate(schema, print(ReportFormat::json, Report{}, {})) == "");
  CHECK(validate(schema, "{\"format\":\"chiron-report\",\"version\":1,\"findings\":[{}]}") != "");
}

}  // namespace chiron::test
