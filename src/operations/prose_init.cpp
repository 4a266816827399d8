// chiron prose init: a configuration and a vocabulary to start from.
#include "foundation/base/format.h"
#include "foundation/io/files.h"
#include "operations/operations.h"

namespace chiron {

namespace {

struct ProseInitRequest {
  bool force = false;
};

constexpr std::string_view kConfiguration =
    R"(# Style rules for the texts of this repository. See docs/gates/prose.md of Chiron.
StylesPath = .styles
MinAlertLevel = warning
Vocab = Project

# Vale: spelling, repetition, and the vocabulary below .styles/config/vocabularies/Project.
# Chiron: links, paths, commands, flags and versions that pages name exist.
[*.md]
BasedOnStyles = Vale, Chiron
)";

Result<Response> run_init(const ProseInitRequest& request, Context& context) {
  struct File {
    std::string_view path;
    std::string_view content;
  };
  const File files[] = {
      {".vale.ini", kConfiguration},
      {".styles/config/vocabularies/Project/accept.txt",
       "# Words that are right here, one a line; regular expressions work.\nChiron\n"},
      {".styles/config/vocabularies/Project/reject.txt", "# Words that must not be used, one a line.\n"},
  };
  Response response;
  std::string written;
  for (const auto& file : files) {
    const auto path = context.workspace.absolute(file.path);
    if (io::exists(path) && !request.force) {
      response.notices.push_back(format("{} is there already and stays as it is", file.path));
      continue;
    }
    TRY(io::make_folders(std::string(io::parent_path(path))));
    TRY(io::write_file_atomic(path, file.content));
    written += format("wrote {}\n", file.path);
  }
  response.output = written;
  return response;
}

}  // namespace

Operation prose_init_operation() {
  auto made = operation<ProseInitRequest>(
      "prose init", "Write a starter configuration and vocabulary for prose",
      Fields<ProseInitRequest>()
          .add("force", &ProseInitRequest::force,
               {.help = "Write over files that are there", .scope = FieldScope::command_line})
          .take(),
      run_init);
  made.examples = {{"chiron prose init", "Makes .vale.ini and an empty vocabulary."}};
  return made;
}

}  // namespace chiron
